"""What single runtimes fold, pad, fuse, turn, and what their training steps consist of."""

from __future__ import annotations

import pytest

from convcost import runtime, zoo
from convcost.count import Workload, count
from convcost.errors import UsageError
from convcost.network.builder import BATCH, Builder
from convcost.network.tensor import Tensor
from convcost.ops.activation import Activation
from convcost.ops.conv import Conv
from convcost.ops.dense import Dense
from convcost.ops.input import Input
from convcost.ops.norm import BatchNorm
from convcost.ops.pad import ZeroPadding
from convcost.ops.reshape import Flatten
from convcost.ops.window import window

BATCH_SIZE = 32


def kernels(network, name, mode="inference"):
    bound = network.bind({str(BATCH): BATCH_SIZE})
    return runtime.lower(bound, runtime.load(name), "cpu", mode)


def chain(*ops, channels=16):
    """The ops one after the other, on an image with the channels first."""
    b = Builder("chain")
    size = {"channel": channels, "height": 8, "width": 8}
    x = b.add(Input(Tensor.of(batch=BATCH, **size)), name="image")
    for place, op in enumerate(ops):
        x = b.add(op, x, name=f"{op.kind}{place}")
    return b.build()


def test_a_folded_normalisation_leaves_nothing():
    conv = Conv(filters=16, windows=window(1))
    plain = kernels(chain(conv), "onnxruntime")
    folded = kernels(chain(conv, BatchNorm()), "onnxruntime")
    assert [k.cost for k in folded] == [k.cost for k in plain]
    assert folded[1].layers == ("conv0", "batch_norm1")


def test_a_change_of_the_layout_reads_and_writes_the_tensor_for_the_kernel_it_serves():
    image, result = (BATCH_SIZE * 64 * channels * 4 for channels in (16, 20))
    into, conv, out = kernels(chain(Conv(filters=20, windows=window(1))), "onnxruntime")
    assert {k.layers for k in (into, conv, out)} == {("conv0",)}
    assert (into.kind, out.kind) == ("copy", "copy")
    assert (into.cost.read_bytes, into.cost.write_bytes) == (image, image)
    # 20 channels are two blocks of 16
    assert (out.cost.read_bytes, out.cost.write_bytes) == (result // 20 * 32, result)


def test_a_first_convolution_of_few_channels_reads_the_image_as_it_is():
    found = kernels(chain(Conv(filters=16, windows=window(1)), channels=3), "onnxruntime")
    assert [k.name for k in found] == ["conv0", "conv0/reorder"]


@pytest.mark.parametrize("name", ["onnxruntime", "keras-tensorflow"])
def test_padding_that_a_convolution_does_itself_is_neither_written_nor_read(name):
    padding = ZeroPadding((("height", 1, 1), ("width", 1, 1)))
    found = kernels(chain(padding, Conv(filters=16, windows=window(3))), name)
    (conv,) = (k for k in found if k.kind == "product")
    assert conv.layers == ("zero_padding0", "conv1")
    assert conv.cost.read_bytes - conv.cost.weight_bytes == BATCH_SIZE * 8 * 8 * 16 * 4
    assert not any(k.name == "zero_padding0" for k in found)
    training = [k.name for k in kernels(chain(padding, Conv(filters=16, windows=window(3))),
                                        "keras-tensorflow", mode="training")]  # fmt: skip
    assert training == ["zero_padding0", "conv1"]


def test_tensorflow_fuses_nothing_into_a_product_without_a_bias():
    for bias, expected in ((True, [("conv0", "activation1")]),
                           (False, [("conv0",), ("activation1",)])):  # fmt: skip
        net = chain(Conv(filters=16, windows=window(1), bias=bias), Activation("relu"))
        assert [k.layers for k in kernels(net, "keras-tensorflow")] == expected


def test_a_source_runs_on_another_framework_where_its_own_cannot():
    assert runtime.default_for("onnx", training=True).name == "torch"
    assert runtime.default_for("onnx", device_kind="gpu").name == "torch"
    with pytest.raises(UsageError, match="'onnxruntime' does not train"):
        runtime.lower_step(
            zoo.load("seed000"), Workload(training=True), runtime.load("onnxruntime"), "cpu"
        )


def test_the_backward_pass_costs_what_the_ledger_says():
    workload = Workload(batch=BATCH_SIZE, training=True)
    network = zoo.load("seed001-cnn")
    total = count(network, workload).total
    for name in ("torch", "keras-tensorflow"):
        found = runtime.lower_step(network, workload, runtime.load(name), "cpu")
        backward = [k for k in found if k.phase == "backward"]
        assert sum(k.cost.macs for k in backward) == (
            total.backward_data.macs + total.backward_weights.macs
        )
        assert sum(k.cost.bytes for k in backward) == (
            total.backward_data.bytes + total.backward_weights.bytes
        )
        assert {k.layers for k in backward if k.kind == "product"} == {
            ("conv2d_36",), ("conv2d_37",), ("dense_40",)
        }  # fmt: skip
        assert all(k.phase == "forward" for k in found if k not in backward)


def test_frozen_layers_have_no_backward_kernels():
    workload = Workload(training=True, freeze=("conv*",))
    found = runtime.lower_step(zoo.load("seed001-cnn"), workload, runtime.load("torch"), "cpu")
    assert {k.layers for k in found if k.phase == "backward"} == {("dense_40",)}


def test_a_loss_takes_what_the_last_softmax_is_computed_of():
    net = chain(Flatten(), Dense(units=5), Activation("softmax"))

    def found(name, loss):
        step = Workload(training=True, loss=loss)
        return {k.layers for k in runtime.lower_step(net, step, runtime.load(name), "cpu")}

    assert ("activation2",) not in found("keras-tensorflow", "cross-entropy")
    assert ("activation2",) in found("keras-tensorflow", "mse")
    assert ("activation2",) in found("torch", "cross-entropy")
