"""Networks side by side."""

import pytest

from convcost import read, zoo
from convcost.compare import compare, differing
from convcost.count import Workload, count
from convcost.device import load as device
from convcost.errors import UsageError
from convcost.network.dataclass import replace
from convcost.predict import predict
from convcost.read import read_source
from convcost.runtime import load as runtime
from convcost.runtime.memory import memory
from convcost.verbs import compare as verb
from convcost.zoo import load

GPU = device("a100")


@pytest.mark.parametrize("training", [False, True])
def test_each_row_is_the_network_by_itself(training):
    workload = Workload(batch=8, training=training, optimizer="sgd" if training else None)
    networks = [load(name) for name in ("seed000", "resnet18", "mobilenet")]
    by = runtime("torch")
    found = compare(networks, workload, device=GPU, runtime=by)
    for network, row in zip(networks, found.rows, strict=True):
        total = count(network, workload).total
        assert row.parameters == total.parameters
        assert row.macs == (total.step if training else total.forward).macs
        assert row.activation_bytes == total.forward.write_bytes
        assert row.memory_bytes == memory(network, workload, runtime=by).peak
        assert row.seconds == predict(network, workload, device=GPU, runtime=by).seconds
        assert row.complete


def test_published_accuracy_is_of_the_zoos_own_network_only():
    own, other = load("resnet18"), replace(load("seed000"), name="resnet18")
    found = compare([own, other, load("alexnet?classes=10")], device=GPU)
    assert found.rows[0].top1 == zoo.entry("resnet18").top1
    assert found.rows[1].top1 is None
    assert found.rows[2].top1 is None


def test_what_is_not_known_is_told():
    table = """
    Layer (type)       Output Shape       Param #
    conv2d (Conv2D)    (None, 26, 26, 32) 320
    odd (MyLayer)      (None, 26, 26, 32) 77
    """
    partly = read(table)
    found = compare([load("seed000"), partly], device=GPU)
    assert not found.rows[1].complete
    assert found.rows[1].memory_bytes is None
    assert found.to_dict()["networks"][1]["complete"] is False


def test_a_network_of_which_no_time_is_known():
    found = compare([load("seed000"), load("seed004")], device=GPU)
    assert found.rows[1].seconds is None
    assert "no layer" in found.rows[1].why
    assert (found.rows[1].macs, found.rows[1].complete) == (0, False)


def test_one_network_is_no_comparison():
    with pytest.raises(UsageError, match="nothing to compare"):
        verb(load("seed000"))
    with pytest.raises(UsageError, match="of two networks"):
        verb(load("seed000"), load("resnet18"), load("alexnet"), diff=True)


def test_a_layer_that_only_one_has():
    found = differing(load("seed000"), load("seed000?batch_norm=no"), workload=Workload())
    (row,) = found
    assert (row.a, row.b, row.op) == ("batch_normalization_1", None, "batch_norm")
    assert (row.parameters, row.macs) == (-64, 0)


def test_attributes_that_differ():
    a, b = load("seed003?kernel=3&padding=valid"), load("seed003?kernel=5&padding=same")
    found = differing(a, b, workload=Workload())
    first = found[0]
    assert first.op == "conv"
    assert "kernel along height: 3 -> 5" in first.changes
    assert "padding along width: valid -> same" in first.changes
    assert "(N, 26, 26, 32) -> (N, 28, 28, 32)" in first.changes
    assert first.parameters == 32 * (25 - 9)
    assert first.macs == 28 * 28 * 25 * 32 - 26 * 26 * 9 * 32
    whole = [count(network).total for network in (a, b)]
    assert sum(row.macs for row in found) == whole[1].forward.macs - whole[0].forward.macs
    assert sum(row.parameters for row in found) == whole[1].parameters - whole[0].parameters


def test_equal_networks_have_no_difference():
    assert differing(load("resnet18"), load("resnet18"), workload=Workload()) == ()


def test_several_of_the_zoo():
    found = zoo.matching("resnet*")
    assert {"resnet18", "resnet50"} <= set(found)
    assert all(name.startswith("resnet") for name in found)
    assert [network.name for network in read_source("zoo:resnet*")] == list(found)
    with pytest.raises(UsageError, match="network of the zoo"):
        zoo.matching("nothing*")
