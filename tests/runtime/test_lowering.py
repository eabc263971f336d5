"""Layers become the kernels that each runtime is known to execute."""

from __future__ import annotations

import pytest

from convcost import runtime, zoo
from convcost.count import Workload, count
from convcost.errors import UsageError
from convcost.network.builder import BATCH, Builder
from convcost.network.tensor import Tensor
from convcost.ops.activation import Activation
from convcost.ops.conv import Conv
from convcost.ops.depthwise import SeparableConv
from convcost.ops.input import Input
from convcost.ops.merge import Merge
from convcost.ops.norm import BatchNorm
from convcost.ops.pool import GlobalPool, Pool
from convcost.ops.regularization import Dropout
from convcost.ops.reshape import Flatten
from convcost.ops.unknown import Unknown
from convcost.ops.window import window

BATCH_SIZE = 32
#: conv2d_1's output in seed 000: 32 images x 32 x 32 x 32 channels x 4 bytes
TENSOR = 32 * 32 * 32 * 32 * 4


def kernels(network, name, kind="cpu", mode="inference"):
    bound = network.bind({str(BATCH): BATCH_SIZE})
    return runtime.lower(bound, runtime.load(name), kind, mode)


def image():
    return Input(Tensor.of(batch=BATCH, height=8, width=8, channel=16))


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        (
            "keras-tf1",
            "cpu",
            [
                "conv2d_1",
                "conv2d_1/bias",
                "conv2d_1/relu",
                "batch_normalization_1/multiply",
                "batch_normalization_1/add",
                "dense_1",
                "dense_1/bias",
                "dense_1/softmax",
            ],
        ),
        (
            "keras-tensorflow",
            "cpu",
            [
                "conv2d_1",
                "batch_normalization_1/multiply",
                "batch_normalization_1/add",
                "dense_1",
                "dense_1/softmax",
            ],
        ),
        (
            "torch",
            "gpu",
            ["conv2d_1", "conv2d_1/relu", "batch_normalization_1", "dense_1", "dense_1/softmax"],
        ),
        ("torch-compile", "gpu", ["conv2d_1", "dense_1", "dense_1/softmax"]),
        (
            "onnxruntime",
            "cpu",
            [
                "conv2d_1/transpose",
                "conv2d_1",
                "batch_normalization_1",
                "flatten_1/reorder",
                "dense_1",
                "dense_1/softmax",
            ],
        ),
    ],
)
def test_seed_000_becomes_these_kernels(name, kind, expected):
    assert [k.name for k in kernels(zoo.load("seed000"), name, kind)] == expected


def test_each_batch_norm_pass_reads_and_writes_the_whole_tensor():
    passes = [k for k in kernels(zoo.load("seed000"), "keras-tf1") if "normalization" in k.name]
    weights = 4 * 32 * 4  # gamma, beta, mean, variance
    assert [k.cost.read_bytes - k.cost.weight_bytes for k in passes] == [TENSOR, TENSOR]
    assert [k.cost.write_bytes for k in passes] == [TENSOR, TENSOR]
    assert sum(k.cost.weight_bytes for k in passes) == weights


def test_fused_layers_are_named_and_add_only_their_parameters():
    fused = kernels(zoo.load("seed000"), "torch-compile")[0]
    plain = kernels(zoo.load("seed000?batch_norm=no"), "torch-compile")[0]
    assert fused.layers == ("conv2d_1", "batch_normalization_1")
    assert fused.cost.bytes - plain.cost.bytes == 4 * 32 * 4
    assert fused.cost.elementwise - plain.cost.elementwise == 2 * TENSOR // 4


def test_macs_and_elementwise_operations_are_those_of_the_ledger():
    """Lowering moves work between kernels; it neither loses nor invents any."""
    for name in ("seed000", "seed001-cnn", "alexnet"):
        network = zoo.load(name)
        forward = count(network, Workload(batch=BATCH_SIZE)).total.forward
        for run in runtime.runtimes():
            found = kernels(network, run)
            assert sum(k.cost.macs for k in found) == forward.macs
            assert sum(k.cost.elementwise for k in found) == forward.elementwise


def test_a_residual_addition_is_fused_into_the_kernel_that_is_written_last():
    b = Builder("residual")
    x = b.add(image())
    shortcut = b.add(Conv(filters=16, windows=window(1)), x, name="shortcut")
    y = b.add(Conv(filters=16, windows=window(3, padding="same")), x, name="conv")
    b.add(Activation("relu"), b.add(Merge("add"), shortcut, y, name="add"), name="relu")
    first, second = kernels(b.build(), "torch-compile")
    assert first.layers == ("shortcut",)
    assert second.layers == ("conv", "add", "relu")
    assert (
        second.cost.read_bytes - first.cost.read_bytes == (9 - 1) * 16 * 16 * 4 + 32 * 64 * 16 * 4
    )


def test_a_tensor_that_two_layers_take_is_not_fused_away():
    b = Builder("two readers")
    x = b.add(Conv(filters=16, windows=window(3)), b.add(image()), name="conv")
    b.add(Activation("relu"), x, name="relu")
    b.add(Activation("tanh"), x, name="tanh")
    assert [k.name for k in kernels(b.build(), "torch-compile")] == ["conv", "relu", "tanh"]


def test_the_tensor_between_the_halves_of_a_separable_convolution_is_written_and_read():
    b = Builder("separable")
    b.add(SeparableConv(filters=4, windows=window(3, padding="same")), b.add(image()), name="s")
    depthwise, pointwise = kernels(b.build(), "torch")
    between = BATCH_SIZE * 8 * 8 * 16 * 4
    assert depthwise.cost.write_bytes == between
    assert pointwise.cost.read_bytes == between + 16 * 4 * 4 + 4 * 4
    assert (depthwise.channels, pointwise.channels) == (16, 4)


def test_batch_norm_reads_its_input_twice_in_training():
    b = Builder("norm")
    b.add(BatchNorm(), b.add(image()), name="bn")
    (training,) = kernels(b.build(), "keras-tf1", mode="training")
    (inference,) = kernels(b.build(), "torch")
    tensor = BATCH_SIZE * 8 * 8 * 16 * 4
    assert training.cost.read_bytes - inference.cost.read_bytes == tensor


def test_dropout_runs_in_training_only():
    b = Builder("dropout")
    b.add(Dropout(0.5), b.add(image()), name="d")
    assert kernels(b.build(), "torch") == ()
    assert [k.name for k in kernels(b.build(), "torch", mode="training")] == ["d"]


def test_an_unknown_layer_becomes_no_kernel():
    b = Builder("unknown")
    x = b.add(image())
    b.add(Unknown(name="Lambda", results=(Tensor.of(batch=BATCH, feature=3),)), x)
    assert kernels(b.build(), "torch") == ()


def test_a_missing_kind_of_device_is_refused_by_name():
    with pytest.raises(UsageError, match="runs on cpu, gpu"):
        runtime.lower(zoo.load("seed000"), runtime.load("torch"), "tpu")


def test_every_runtime_cites_its_constants():
    for name, run in runtime.runtimes().items():
        assert run.name == name
        assert run.rules
        for rules in run.rules.values():
            assert len(rules.source) > 20
            for constant in (rules.launch_seconds, rules.loop_seconds):
                assert constant.value >= 0
                assert len(constant.source) > 20
            assert rules.launch_seconds.value > 0


def test_sources_run_on_their_own_framework():
    assert runtime.default_for("keras").name == "keras-tensorflow"
    assert runtime.default_for("torch").name == "torch"
    assert runtime.default_for("onnx").name == "onnxruntime"
    assert runtime.default_for(None).name == "torch"


def test_an_unknown_runtime_gives_the_nearest_name():
    with pytest.raises(UsageError, match="unknown runtime 'torhc'") as caught:
        runtime.load("torhc")
    assert "did you mean torch?" in (caught.value.hint or "")


def test_a_broadcast_product_is_not_fused_into_its_small_input():
    b = Builder("squeeze and excite")
    x = b.add(Conv(filters=16, windows=window(1)), b.add(image()), name="conv")
    pooled = GlobalPool(function="average", axes=("height", "width"), keep_axes=True)
    gate = Conv(filters=16, windows=window(1), activation="sigmoid")
    gate_ref = b.add(gate, b.add(pooled, x, name="gap"), name="gate")
    b.add(Merge("multiply"), x, gate_ref, name="scale")
    last = kernels(b.build(), "torch-compile")[-1]
    assert last.layers == ("scale",)
    assert last.cost.write_bytes == BATCH_SIZE * 8 * 8 * 16 * 4


def test_a_view_does_not_hide_the_other_readers_of_a_tensor():
    b = Builder("view")
    x = b.add(Conv(filters=16, windows=window(1)), b.add(image()), name="conv")
    b.add(Activation("relu"), b.add(Flatten(), x, name="flat"), name="relu")
    b.add(Pool(function="max", windows=window(2, 2)), x, name="pool")
    assert [k.name for k in kernels(b.build(), "torch-compile")] == ["conv", "relu", "pool"]


def test_a_tensor_that_the_network_returns_is_written():
    b = Builder("returned")
    x = b.add(Conv(filters=16, windows=window(1)), b.add(image()), name="conv")
    y = b.add(Activation("relu"), x, name="relu")
    assert [k.name for k in kernels(b.build([x, y]), "torch-compile")] == ["conv", "relu"]
