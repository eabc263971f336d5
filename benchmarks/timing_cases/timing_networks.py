"""The networks of the cases, built from what the reports say of them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import convcost
from convcost.network.builder import BATCH, Builder
from convcost.network.dataclass import replace
from convcost.network.tensor import Tensor
from convcost.ops.activation import Activation
from convcost.ops.cell import Cell
from convcost.ops.conv import Conv
from convcost.ops.dense import Dense
from convcost.ops.input import Input
from convcost.ops.merge import Concatenate, Merge
from convcost.ops.norm import BatchNorm
from convcost.ops.pool import GlobalPool, Pool
from convcost.ops.prelu import PRelu
from convcost.ops.recurrent import Recurrent
from convcost.ops.regularization import Dropout
from convcost.ops.reshape import Flatten
from convcost.ops.resize import Upsample
from convcost.ops.window import window
from convcost.zoo.chain import chain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from convcost.network.network import Network, Ref
    from convcost.network.op import Op

ROOT = Path(__file__).resolve().parents[2]
#: Data that belongs to others and is not in the repository.
SHARED = Path(os.environ.get("CONVCOST_SHARED", ROOT.parent / "shared")) / "data"


def pasted(file: str, name: str) -> Network:
    """A table as it was pasted, from the folder beside the repository, under a name."""
    return replace(convcost.read(SHARED / "questions" / f"{file}.txt"), name=name)


def image(side: int, channels: int, *, first: bool = True) -> Op:
    """Square images, channels first as Theano has them, or last."""
    sizes = {"height": side, "width": side}
    shape = {"channel": channels, **sizes} if first else {**sizes, "channel": channels}
    return Input(Tensor.of(batch=BATCH, **shape))


def sequential(name: str, ops: Iterable[Op]) -> Network:
    """A Keras model without branches; layers are numbered by their kind."""
    numbers: dict[str, int] = {}
    layers = []
    for op in ops:
        numbers[op.kind] = number = numbers.get(op.kind, 0) + 1
        layers.append((f"{op.kind}_{number}", op))
    return chain(name, layers, framework="keras")


def without_norms(name: str, ops: Iterable[Op]) -> Network:
    """The same model without BatchNorm."""
    return sequential(name, [op for op in ops if not isinstance(op, BatchNorm)])


def both(ops: list[Op]) -> tuple[Network, Network]:
    """Without BatchNorm, and with it."""
    return without_norms("the one without", ops), sequential("the one with it", ops)


def alexnet_like() -> list[Op]:
    """T04: keras-team/keras#1309, with PReLU; the last layer is cut off there."""
    return [
        image(227, 3),
        Conv(filters=32, windows=window(11, 4)), PRelu(), BatchNorm(),
        Conv(filters=64, windows=window(5, 2)), PRelu(), BatchNorm(),
        Conv(filters=64, windows=window(3)), PRelu(),
        Pool(function="max", windows=window(2, 2)), Flatten(), BatchNorm(axis="feature"),
        Dense(units=400), PRelu(), BatchNorm(axis="feature"), Dropout(0.25),
        Dense(units=400), PRelu(), BatchNorm(axis="feature"), Dropout(0.25),
        Dense(units=10, activation="softmax"),
    ]  # fmt: skip


def mnist_cnn(side: int) -> list[Op]:
    """T06: Keras's example of 2017 on larger digits, BatchNorm behind its three hidden layers."""
    return [
        image(side, 1),
        Conv(filters=32, windows=window(3), activation="relu"), BatchNorm(),
        Conv(filters=64, windows=window(3), activation="relu"), BatchNorm(),
        Pool(function="max", windows=window(2, 2)), Dropout(0.25), Flatten(),
        Dense(units=128, activation="relu"), BatchNorm(axis="feature"), Dropout(0.5),
        Dense(units=10, activation="softmax"),
    ]  # fmt: skip


def four_convolutions() -> list[Op]:
    """T07: keras-team/keras#11967; BatchNorm along the last axis, which is the width there."""

    def block(filters: int, padding: tuple[int, int]) -> list[Op]:
        return [
            Conv(filters=filters, windows=window(3, padding=padding)), BatchNorm(axis="width"),
            Activation("relu"),
            Conv(filters=filters, windows=window(3)), BatchNorm(axis="width"), Activation("relu"),
            Pool(function="max", windows=window(2, 2)), Dropout(0.25),
        ]  # fmt: skip

    return [
        image(100, 3), *block(32, (2, 2)), *block(64, (0, 0)), Flatten(), Dense(units=256),
        Activation("relu"), Dropout(0.5), Dense(units=10),
    ]  # fmt: skip


def one_norm() -> list[Op]:
    """T08: keras-team/keras#4023."""
    return [image(128, 64), BatchNorm(), Flatten(), Dense(units=1, activation="sigmoid")]


def densenet(kernel: int) -> Network:
    """T10: DenseNet-40 with growth 12 as ikhlestov/vision_networks builds it, with that kernel."""
    builder = Builder(f"densenet {kernel}x{kernel}", framework="keras")

    def composite(ref: Ref, filters: int, side: int) -> Ref:
        ref = builder.add(Activation("relu"), builder.add(BatchNorm(), ref))
        ref = builder.add(Conv(filters=filters, windows=window(side, padding="same"), bias=False),
                          ref)  # fmt: skip
        return builder.add(Dropout(0.2), ref)

    ref = builder.add(image(32, 3, first=False), name="image")
    ref = builder.add(Conv(filters=24, windows=window(3, padding="same"), bias=False), ref)
    for block in range(3):
        for _ in range(12):
            ref = builder.add(Concatenate("channel"), ref, composite(ref, 12, kernel))
        if block < 2:
            ref = composite(ref, int(builder.tensor(ref).size("channel")), 1)
            ref = builder.add(Pool(function="average", windows=window(2, 2)), ref)
    ref = builder.add(Activation("relu"), builder.add(BatchNorm(), ref))
    ref = builder.add(GlobalPool(function="average", axes=("height", "width")), ref)
    builder.add(Dense(units=10, activation="softmax"), ref)
    return builder.build()


def sequence() -> Network:
    """T20: keras-team/keras#5242, one sequence of 50,000 steps."""
    cells = (Cell(function="lstm", units=20),)
    return sequential("lstm", [
        Input(Tensor.of(batch=BATCH, time=50_000, channel=3)),
        Recurrent(cells=cells, return_sequences=True),
        Dense(units=2, activation="softmax"),
    ])  # fmt: skip


def one_convolution() -> tuple[Network, Network]:
    """T28: conv2 of a unit in ResNet-101's third block on 600 x 800 pixels, and its BatchNorm."""
    tensor = Input(Tensor.of(batch=BATCH, height=38, width=50, channel=256))
    conv = Conv(filters=256, windows=window(3, padding="same"), bias=False)
    return sequential("conv2", [tensor, conv]), sequential("its BatchNorm", [tensor, BatchNorm()])


class _Yolo:
    """YOLOv3 by its configuration file: Darknet-53 and three heads."""

    def __init__(self, classes: int, side: int) -> None:
        self.builder = Builder("yolov3", framework="keras")
        self.ref = self.builder.add(image(side, 3), name="image")
        self.outputs = 3 * (classes + 5)

    def conv(self, filters: int, side: int, stride: int = 1) -> Ref:
        """Convolution, BatchNorm, leaky ReLU."""
        padding = (side // 2, side // 2)
        op = Conv(filters=filters, windows=window(side, stride, padding=padding), bias=False)
        self.ref = self.builder.add(BatchNorm(), self.builder.add(op, self.ref))
        self.ref = self.builder.add(Activation("leaky_relu"), self.ref)
        return self.ref

    def stage(self, filters: int, blocks: int) -> Ref:
        """Half the size, then residual blocks."""
        self.conv(filters, 3, 2)
        for _ in range(blocks):
            before = self.ref
            self.conv(filters // 2, 1)
            self.conv(filters, 3)
            self.ref = self.builder.add(Merge("add"), before, self.ref)
        return self.ref

    def head(self, filters: int) -> Ref:
        """Six convolutions and one that detects; what the next head goes on with."""
        for _ in range(2):
            self.conv(filters, 1)
            self.conv(2 * filters, 3)
        kept = self.conv(filters, 1)
        self.conv(2 * filters, 3)
        self.builder.add(Conv(filters=self.outputs, windows=window(1)), self.ref)
        self.ref = kept
        return kept

    def up(self, filters: int, other: Ref) -> None:
        """Twice the size, beside an earlier result."""
        self.conv(filters, 1)
        twice = self.builder.add(Upsample(factors=(("height", 2), ("width", 2))), self.ref)
        self.ref = self.builder.add(Concatenate("channel"), twice, other)


def yolov3(classes: int = 20, side: int = 416) -> Network:
    """T32: pjreddie/darknet#1401 uses yolov3-voc.cfg."""
    made = _Yolo(classes, side)
    made.conv(32, 3)
    made.stage(64, 1)
    made.stage(128, 2)
    third = made.stage(256, 8)
    fourth = made.stage(512, 8)
    made.stage(1024, 4)
    made.head(512)
    made.up(256, fourth)
    made.head(256)
    made.up(128, third)
    made.head(128)
    return made.builder.build()
