"""Networks without some layers: who reads what then, and what is refused."""

import pytest

from convcost import read_all, zoo
from convcost.count import Workload, count
from convcost.errors import NetworkError
from convcost.network.builder import BATCH, Builder
from convcost.network.dataclass import replace
from convcost.network.edit import changed, edited, without_layers
from convcost.network.network import Measured, Note, Ref
from convcost.network.tensor import Tensor
from convcost.ops.activation import Activation
from convcost.ops.conv import Conv
from convcost.ops.input import Input
from convcost.ops.merge import Merge
from convcost.ops.norm import BatchNorm
from convcost.ops.permute import Permute
from convcost.ops.window import window
from convcost.read.exchange.document import networks_of
from convcost.write.exchange import to_text
from support.files import ROOT


def image(side=8, channels=4):
    builder = Builder("made")
    shape = Tensor.of(batch=BATCH, height=side, width=side, channel=channels)
    return builder, builder.add(Input(shape), name="image")


def norms(network):
    return [layer.name for layer in network.layers if isinstance(layer.op, BatchNorm)]


@pytest.mark.parametrize("training", [False, True])
def test_it_counts_as_the_network_that_was_built_without(training):
    whole, built = zoo.load("seed000"), zoo.load("seed000?batch_norm=no")
    workload = Workload(batch=32, training=training)
    cut = count(without_layers(whole, norms(whole)), workload)
    assert cut.total == count(built, workload).total
    assert [row.forward for row in cut.layers] == [
        row.forward for row in count(built, workload).layers
    ]


def test_what_stays_is_the_same_and_values_with_it():
    network = zoo.load("resnet18")
    cut = without_layers(network, norms(network))
    assert norms(cut) == []
    assert len(cut.layers) == len(network.layers) - len(norms(network))
    for id_, parameter in cut.table.items():
        assert parameter is network.table[id_]
    assert not any("bn" in id_ for id_ in cut.table)
    for layer in cut.layers:
        assert layer.op is network.layer(layer.name).op
        assert layer.outputs is network.layer(layer.name).outputs


def test_layers_in_a_row_and_a_result_go():
    builder, ref = image()
    ref = builder.add(Conv(filters=4, windows=window(3)), ref, name="conv")
    for name in ("one", "two", "three"):
        ref = builder.add(Activation("relu"), ref, name=name)
    network = builder.build()
    assert network.outputs == (Ref("three"),)
    cut = without_layers(network, {"three", "one", "two"})
    assert cut.outputs == (Ref("conv"),)
    kept = without_layers(network, {"one", "three"})
    assert kept.layer("two").inputs == (Ref("conv"),)
    assert kept.outputs == (Ref("two"),)


def test_a_later_call_becomes_the_first_of_its_parameters():
    builder, ref = image()
    ref = builder.add(BatchNorm(), ref, name="norm")
    for name in ("second", "third"):
        ref = builder.add(BatchNorm(), ref, name=name, shared_with="norm")
    network = builder.build()
    cut = without_layers(network, ["norm"])
    assert [cut.layer(name).shared_with for name in ("second", "third")] == [None, "second"]
    assert count(cut).total.parameters == count(network).total.parameters == 2 * 4
    assert networks_of(to_text(cut).encode()) == (cut,)
    assert without_layers(network, ["norm", "second", "third"]).table == {}
    assert without_layers(network, ["third"]).table == network.table


def test_times_and_notes_of_what_was_do_not_stay():
    network = replace(
        zoo.load("seed000"),
        measured=(Measured(seconds=4.6),),
        notes=(Note("assumed", "x", "batch_normalization_1"), Note("assumed", "y", "conv2d_1")),
    )
    cut = without_layers(network, ["batch_normalization_1"])
    assert cut.measured == ()
    assert [note.text for note in cut.notes] == ["y"]


@pytest.mark.parametrize("change", ["without", "edited"])
def test_the_source_s_modules_hold_no_parameter_that_is_gone(change):
    first, _ = read_all(str(ROOT / "examples" / "batchnorm.txt"))
    (whole,) = (module for module in first.modules if module.parameters)
    assert set(whole.parameters) < set(first.table)  # Keras's weights, without the statistics
    if change == "without":
        cut = without_layers(first, norms(first))
        kept = {id_ for id_ in first.table if "batch_norm" not in id_}
    else:
        cut = edited(first, {x: changed(first.layer(x).op, scale=False) for x in norms(first)})
        kept = {id_ for id_ in first.table if "gamma" not in id_}
    assert set(cut.table) == kept
    held = {id_ for module in cut.modules for id_ in module.parameters}
    assert held == set(whole.parameters) & kept
    (again,) = networks_of(to_text(cut).encode())
    assert set(again.table) == kept


def test_ops_by_name_are_those_that_a_function_gives():
    network = zoo.load("seed000")
    wider = changed(network.layer("conv2d_1").op, filters=48)
    by_name = edited(network, {"conv2d_1": wider})
    assert by_name == edited(network, lambda x: wider if x.name == "conv2d_1" else x.op)
    assert by_name.layer("conv2d_1").outputs[0].size("channel") == 48
    assert network.layer("conv2d_1").outputs[0].size("channel") == 32


def test_nothing_taken_out_is_the_same_network():
    network = zoo.load("resnet18")
    assert without_layers(network, []) == replace(network, measured=())


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["conv"], r"'conv', which is to be taken out, makes .*=2\) of .*=4\), and is needed"),
        (["turned"], "makes .*channel=4, width=8.* of .*width=8, channel=4.*, and is needed"),
        (["image"], "'image' cannot be taken out: it has 0 inputs and 1 results"),
        (["sum"], "'sum' cannot be taken out: it has 2 inputs"),
        (["relu", "no such"], "has no layer 'no such'"),
    ],
)
def test_what_is_refused(names, message):
    builder, ref = image()
    relu = builder.add(Activation("relu"), ref, name="relu")
    total = builder.add(Merge("add"), ref, relu, name="sum")
    builder.add(Permute((0, 1, 3, 2)), total, name="turned")
    builder.add(Conv(filters=2, windows=window(3)), total, name="conv")
    with pytest.raises(NetworkError, match=message):
        without_layers(builder.build(), names)
