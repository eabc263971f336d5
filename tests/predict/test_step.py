"""What is found with the batch left open, against networks that are bound to their batch."""

import pickle

import pytest

from convcost.count import Workload
from convcost.device import load as device
from convcost.errors import NetworkError
from convcost.network.builder import BATCH, Builder
from convcost.network.dims import symbol
from convcost.network.tensor import Tensor
from convcost.ops.conv import Conv
from convcost.ops.input import Input
from convcost.ops.window import window
from convcost.predict import predict
from convcost.predict.step import Step
from convcost.runtime import load as runtime
from convcost.zoo import load
from support.profiles import profile

CPU = device("laptop-cpu")
STEP = Workload(training=True, optimizer="adam")
KNOWS_NOTHING = profile([])


def one_convolution(**axes):
    b = Builder("one convolution")
    image = b.add(Input(Tensor.of(**({"batch": BATCH, "height": 16, "width": 16} | axes))))
    b.add(Conv(filters=32, windows=window(3)), image)
    return b.build()


@pytest.mark.parametrize(
    ("name", "by", "workload"),
    [
        ("seed000", "keras-tensorflow", Workload()),
        ("seed000", "keras-tf1", Workload()),
        ("resnet18?image=64", "onnxruntime", Workload()),
        ("resnet50-keras?image=64", "onnxruntime", Workload()),
        ("mobilenet?image=64", "torch", STEP),
        ("googlenet", "torch-compile", STEP),
    ],
)
@pytest.mark.parametrize("batch", [1, 7])
def test_a_batch_that_is_put_in_is_one_that_was_bound(name, by, workload, batch):
    network, by = load(name), runtime(by)
    for whole in (True, False):
        left_open = Step(network, workload, by, "cpu", whole=whole)
        bound = Step(network.bind({"N": batch}), workload, by, "cpu", whole=whole)
        assert left_open.at(batch) == bound.parts
        assert left_open.at(batch) != left_open.parts
        assert (left_open.unknown, left_open.dtype) == (bound.unknown, bound.dtype)


@pytest.mark.parametrize("by", [None, KNOWS_NOTHING])
def test_asked_again_it_says_the_same(by):
    network = load("resnet18?image=64")
    asked = [Workload(batch=batch) for batch in (3, 1, 3, 8, 3)]
    asked += [Workload(batch=3, training=True)] * 3 + [Workload(batch=3, dtype="float16")] * 3
    for name in ("torch", "onnxruntime"):
        for workload in asked:
            if workload.training and not runtime(name).trains:
                continue
            options = {"device": CPU, "runtime": runtime(name), "profile": by}
            found = predict(network, workload, **options)
            assert found == predict(load("resnet18?image=64"), workload, **options)


def test_a_layer_of_open_size_stays_unknown():
    network = one_convolution(height=symbol("H"), channel=3)
    with pytest.raises(NetworkError, match="no layer of"):
        predict(network, device=CPU)
    b = Builder("two inputs")
    for height in (symbol("H"), 16):
        image = b.add(Input(Tensor.of(batch=BATCH, height=height, width=16, channel=3)))
        b.add(Conv(filters=32, windows=window(3)), image)
    network = b.build()
    for batch in (1, 2, 3):
        found = predict(network, Workload(batch=batch), device=CPU, profile=KNOWS_NOTHING)
        assert [(part.layer, part.why) for part in found.unknown] == [
            ("conv_1", "the source does not give H")
        ]


def test_a_batch_that_is_too_small_is_refused_each_time():
    network = one_convolution(height=BATCH // 4 + 2, channel=3)
    for batch in (4, 8, 4):
        assert predict(network, Workload(batch=batch), device=CPU).complete
        with pytest.raises(NetworkError, match="its input is smaller than its window"):
            predict(network, Workload(batch=3), device=CPU)


def test_kernels_may_depend_on_the_batch():
    """Channels decide how ONNX Runtime lays an image out: they cannot be left open."""
    ort = runtime("onnxruntime")
    with pytest.raises(NetworkError, match="channels is not known"):
        Step(one_convolution(channel=4 * BATCH), Workload(), ort, "cpu", whole=True)
    network = one_convolution(channel=4 * BATCH)
    for batch in (1, 4, 1, 4):
        options = {"device": CPU, "runtime": ort, "profile": KNOWS_NOTHING}
        found = predict(network, Workload(batch=batch), **options)
        fresh = one_convolution(channel=4 * batch)
        times = [predict(fresh, Workload(batch=batch), **options).seconds, found.seconds]
        assert times[0] == times[1]


def test_what_was_found_is_no_part_of_the_network():
    network, other = load("seed001-cnn"), load("seed001-cnn")
    for _ in range(3):
        predict(network, device=CPU)
    assert network.memo
    assert network == other
    assert not pickle.loads(pickle.dumps(network)).memo  # noqa: S301 - of our own
    assert not network.bind({"N": 2}).memo
