"""Figures that others derived: their tools' own tests, and a literal loop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from convcost.count import LayerCount, Workload, count
from convcost.network.builder import Builder
from convcost.network.tensor import Tensor
from convcost.ops.activation import Activation
from convcost.ops.conv import Conv
from convcost.ops.dense import Dense
from convcost.ops.depthwise import DepthwiseConv
from convcost.ops.input import Input
from convcost.ops.pool import Pool
from convcost.ops.reshape import Flatten
from convcost.ops.window import window

if TYPE_CHECKING:
    from convcost.network.network import Network
    from convcost.network.op import Op


def one_layer(op: Op, tensor: Tensor) -> LayerCount:
    b = Builder("one layer")
    b.add(op, b.add(Input(tensor)))
    return count(b.build()).layers[-1]


def image(channels: int, size: int, batch: int = 1) -> Tensor:
    return Tensor.of(batch=batch, channel=channels, height=size, width=size)


# (what and where from, op, input, MACs)
MACS = [
    (
        "literal loop: 3->8 k3 p1 on 16x16",
        Conv(filters=8, windows=window(3, padding=(1, 1))),
        image(3, 16),
        55_296,
    ),
    (
        "thop test_conv2d: Conv2d(3,12,5,p1) on 32x32",
        Conv(filters=12, windows=window(5, padding=(1, 1))),
        image(3, 32),
        810_000,
    ),
    (
        "thop test_conv2d, no bias",
        Conv(filters=12, windows=window(5, padding=(1, 1)), bias=False),
        image(3, 32),
        810_000,
    ),
    (
        "torchprofile test_ops: depthwise 16 channels k3 on 8x8",
        DepthwiseConv(windows=window(3, padding=(1, 1)), bias=False),
        image(16, 8),
        9_216,
    ),
    (
        "the same as a grouped convolution",
        Conv(filters=16, windows=window(3, padding=(1, 1)), groups=16, bias=False),
        image(16, 8),
        9_216,
    ),
    (
        "torch test_flop_counter: conv2d (2,3,6,6)*(6,3,4,4) p1, 28,800 FLOPs",
        Conv(filters=6, windows=window(4, padding=(1, 1)), bias=False),
        image(3, 6, batch=2),
        14_400,
    ),
    (
        "torch test_flop_counter: conv1d (2,3,6)*(6,3,4) p1, 1,440 FLOPs",
        Conv(filters=6, windows=window((4,), padding=(1, 1)), bias=False),
        Tensor.of(batch=2, channel=3, time=6),
        720,
    ),
    (
        "torch test_flop_counter: mm 4x5x6, 240 FLOPs",
        Dense(units=6, bias=False),
        Tensor.of(batch=4, feature=5),
        120,
    ),
    (
        "ptflops common_test: Conv2d(3,2,3) on 224",
        Conv(filters=2, windows=window(3)),
        image(3, 224),
        2_661_336,
    ),
    (
        "torch test_flop_counter: ResNet-18 layer1, one of four, 924,844,032 FLOPs in all",
        Conv(filters=64, windows=window(3, padding=(1, 1)), bias=False),
        image(64, 56),
        924_844_032 // 4 // 2,
    ),
]


@pytest.mark.parametrize(("op", "tensor", "macs"), [c[1:] for c in MACS], ids=[c[0] for c in MACS])
def test_macs(op: Op, tensor: Tensor, macs: int) -> None:
    row = one_layer(op, tensor)
    assert row.forward is not None
    assert row.forward.macs == macs


def test_products_with_padding_zeros() -> None:
    row = one_layer(Conv(filters=8, windows=window(3, padding=(1, 1))), image(3, 16))
    assert row.padding_macs == 55_296 - 50_784


# (what and where from, op, input, MACs, element-wise)
SPLIT = [
    (
        "ptflops: Conv2d(3,2,3,bias) on 224: 2,759,904",
        Conv(filters=2, windows=window(3)),
        image(3, 224),
        2_661_336,
        98_568,
    ),
    (
        "ptflops: Linear(3,2) on (4,5,3): 160",
        Dense(units=2),
        Tensor.of(batch=4, time=5, feature=3),
        120,
        40,
    ),
    (
        "keras-flops: softmax 8: 40",
        Activation("softmax"),
        Tensor.of(batch=1, feature=8),
        0,
        40,
    ),
]


@pytest.mark.parametrize(
    ("op", "tensor", "macs", "elementwise"), [c[1:] for c in SPLIT], ids=[c[0] for c in SPLIT]
)
def test_bias_and_activation(op: Op, tensor: Tensor, macs: int, elementwise: int) -> None:
    row = one_layer(op, tensor)
    assert row.forward is not None
    assert (row.forward.macs, row.forward.elementwise) == (macs, elementwise)


# (what, op, input, FLOPs): tokusumi/keras-flops tests/test_flops.py, two per MAC and the bias
FLOPS = [
    ("Conv2D(32,3,same)", Conv(filters=32, windows=window(3, padding="same")), 1_802_240),
    ("DepthwiseConv2D(3,same)", DepthwiseConv(windows=window(3, padding="same")), 58_368),
]


@pytest.mark.parametrize(("op", "flops"), [c[1:] for c in FLOPS], ids=[c[0] for c in FLOPS])
def test_keras_flops(op: Op, flops: int) -> None:
    row = one_layer(op, image(3, 32))
    assert row.forward is not None
    assert row.forward.flops == flops


@pytest.mark.parametrize(("bias", "flops"), [(True, 51), (False, 48)])
def test_keras_flops_of_a_dense_layer(bias: bool, flops: int) -> None:
    row = one_layer(Dense(units=3, bias=bias), Tensor.of(batch=1, feature=8))
    assert row.forward is not None
    assert row.forward.flops == flops


def lenet5() -> Network:
    b = Builder("LeNet-5")
    x = b.add(Input(image(1, 32, batch=1024)))
    for filters in (6, 16):
        x = b.add(Conv(filters=filters, windows=window(5), activation="tanh"), x)
        x = b.add(Pool(function="average", windows=window(2, 2)), x)
    x = b.add(Conv(filters=120, windows=window(5), activation="tanh"), x)
    x = b.add(Flatten(), x)
    x = b.add(Dense(units=84, activation="tanh"), x)
    b.add(Dense(units=10), x)
    return b.build()


def test_deepspeeds_lenet_5() -> None:
    result = count(lenet5())
    assert result.total.parameters == 61_706
    assert result.total.forward.macs == 426_516_480
    rows = [row for row in result.layers if row.op == "pool"]
    assert sum(row.forward.elementwise for row in rows if row.forward) == 1024 * 6_304
    outputs = [row.outputs[0] for row in result.layers if row.op == "conv"]
    assert sum(c * h * w for _, c, h, w in outputs) == 6_424  # bias operations per sample


def test_torchinfos_single_input() -> None:
    b = Builder("single_input_all_cols")
    x = b.add(Input(image(1, 28, batch=7)))
    x = b.add(Conv(filters=10, windows=window(5)), x)
    x = b.add(Pool(function="max", windows=window(2, 2)), x)
    x = b.add(Conv(filters=20, windows=window(5)), x)
    x = b.add(Pool(function="max", windows=window(2, 2)), x)
    x = b.add(Dense(units=50), b.add(Flatten(), x))
    b.add(Dense(units=10), x)
    result = count(b.build(), Workload())
    assert result.total.parameters == 21_840
    macs_and_bias = [
        row.forward.macs + row.forward.elementwise
        for row in result.layers
        if row.forward and row.op in {"conv", "dense"}
    ]
    assert macs_and_bias == [1_048_320, 2_248_960, 112_350, 3_570]
