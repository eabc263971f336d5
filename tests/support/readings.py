"""Texts whose numbers fit several networks, and one of these networks, written out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from convcost.network.builder import BATCH
from convcost.network.tensor import Tensor
from convcost.ops.bidirectional import Bidirectional
from convcost.ops.cell import Cell
from convcost.ops.conv import Conv
from convcost.ops.conv_transpose import ConvTranspose
from convcost.ops.dense import Dense
from convcost.ops.depthwise import DepthwiseConv, SeparableConv
from convcost.ops.input import Input
from convcost.ops.locally_connected import LocallyConnected
from convcost.ops.norm import BatchNorm
from convcost.ops.permute import Permute
from convcost.ops.pool import Pool
from convcost.ops.recurrent import Recurrent
from convcost.ops.reshape import Flatten
from convcost.ops.time_distributed import TimeDistributed
from convcost.ops.window import window

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcost.network.op import Op


def table(*rows: str) -> str:
    """A summary of rows written as ``name (Class) | shape | parameters``."""
    lines = ["Layer (type)                 Output Shape              Param #", "=" * 65]
    for row in rows:
        name, shape, parameters = (cell.strip() for cell in row.split("|"))
        lines.append(f"{name:<29}{shape:<26}{parameters}")
    total = sum(int(row.rsplit("|", 1)[1]) for row in rows)
    return "\n".join([*lines, "=" * 65, f"Total params: {total:,}", ""])


def torch_table(*rows: tuple[str, str, str]) -> str:
    """What torchsummary prints."""
    lines = ["        Layer (type)               Output Shape         Param #", "=" * 64]
    lines += [f"{name:>20}{shape:>27}{parameters:>16}" for name, shape, parameters in rows]
    total = sum(int(parameters.replace(",", "")) for _, _, parameters in rows)
    return "\n".join([*lines, "=" * 64, f"Total params: {total:,}", ""])


def image(height: int, width: int, channel: int) -> Tensor:
    return Tensor.of(batch=BATCH, height=height, width=width, channel=channel)


def sequence(time: int, channel: int) -> Tensor:
    return Tensor.of(batch=BATCH, time=time, channel=channel)


def recurrent(function: Any, units: int, biases: int, **options: Any) -> Recurrent:
    cell = Cell(function=function, units=units, biases=biases)
    return Recurrent(cells=(cell,), **options)


@dataclass(frozen=True)
class Case:
    """A text, one of its layers, how the other reading begins, and the network that it is."""

    text: str
    layer: str
    reading: str
    layers: tuple[tuple[str, Op], ...]


def case(rows: Sequence[str], layer: str, reading: str, **layers: Op) -> Case:
    return Case(table(*rows), layer, reading, tuple(layers.items()))


HEAD = ("f (Flatten) | (None, 576) | 0", "d (Dense) | (None, 10) | 5770")
HEAD_OPS = {"f": Flatten(), "d": Dense(units=10, activation="softmax")}
SAME_2 = window(3, 2, padding="same")

CASES = {
    "stride and padding": case(
        ("i (InputLayer) | (None, 5, 5, 64) | 0", "c (Conv2D) | (None, 3, 3, 64) | 36928", *HEAD),
        "c",
        "3x3 stride 2 same",
        i=Input(image(5, 5, 64)),
        c=Conv(filters=64, windows=SAME_2, activation="relu"),
        **HEAD_OPS,
    ),
    "an input that is not printed": case(
        ("c (Conv2D) | (None, 26, 26, 32) | 320", "p (MaxPooling2D) | (None, 13, 13, 32) | 0"),
        "c",
        "3x3 stride 1 same, on 26x26x1",
        c_input=Input(image(26, 26, 1)),
        c=Conv(filters=32, windows=window(3, padding="same"), activation="relu"),
        p=Pool(function="max", windows=window(2, 2)),
    ),
    "other input channels": case(
        ("c (Conv2D) | (None, 26, 26, 32) | 320", "p (MaxPooling2D) | (None, 13, 13, 32) | 0"),
        "c",
        "1x1 stride 1 valid, on 26x26x9",
        c_input=Input(image(26, 26, 9)),
        c=Conv(filters=32, windows=window(1), activation="relu"),
        p=Pool(function="max", windows=window(2, 2)),
    ),
    "a bias or another kernel": case(
        ("c (Conv2D) | (None, 32, 32, 32) | 896", "p (MaxPooling2D) | (None, 16, 16, 32) | 0"),
        "c",
        "2x2 stride 1 same, no bias, on 32x32x7",
        c_input=Input(image(32, 32, 7)),
        c=Conv(filters=32, windows=window(2, padding="same"), bias=False, activation="relu"),
        p=Pool(function="max", windows=window(2, 2)),
    ),
    "along one axis": case(
        ("i (InputLayer) | (None, 5, 8) | 0", "c (Conv1D) | (None, 3, 4) | 100"),
        "c",
        "3 stride 2 same",
        i=Input(sequence(5, 8)),
        c=Conv(filters=4, windows=window((3,), 2, padding="same"), activation="relu"),
    ),
    "channel by channel": case(
        ("i (InputLayer) | (None, 5, 5, 64) | 0", "c (DepthwiseConv2D) | (None, 3, 3, 64) | 640"),
        "c",
        "3x3 stride 2 same",
        i=Input(image(5, 5, 64)),
        c=DepthwiseConv(windows=SAME_2, activation="relu"),
    ),
    "separable": case(
        ("i (InputLayer) | (None, 5, 5, 8) | 0", "c (SeparableConv2D) | (None, 3, 3, 4) | 108"),
        "c",
        "3x3 stride 2 same",
        i=Input(image(5, 5, 8)),
        c=SeparableConv(filters=4, windows=SAME_2, activation="relu"),
    ),
    "transposed": case(
        (
            "i (InputLayer) | (None, 8, 8, 32) | 0",
            "u (Conv2DTranspose) | (None, 16, 16, 16) | 2064",
        ),
        "u",
        "2x2 stride 2 valid",
        i=Input(image(8, 8, 32)),
        u=ConvTranspose(filters=16, windows=window(2, 2), activation="relu"),
    ),
    "a kernel per position": case(
        ("i (InputLayer) | (None, 5, 5, 3) | 0", "l (LocallyConnected2D) | (None, 3, 3, 8) | 2016"),
        "l",
        "3x3 stride 2 same",
        i=Input(image(5, 5, 3)),
        l=LocallyConnected(filters=8, windows=SAME_2, activation="relu"),
    ),
    "pooling": case(
        ("i (InputLayer) | (None, 7, 7, 4) | 0", "p (MaxPooling2D) | (None, 3, 3, 4) | 0"),
        "p",
        "3x3 stride 2 valid",
        i=Input(image(7, 7, 4)),
        p=Pool(function="max", windows=window(3, 2)),
    ),
    "scale or shift": case(
        ("i (InputLayer) | (None, 4, 4, 4) | 0", "b (BatchNormalization) | (None, 4, 4, 4) | 12"),
        "b",
        "the shift is off",
        i=Input(image(4, 4, 4)),
        b=BatchNorm(center=False),
    ),
    "biases or features": case(
        ("l (LSTM) | (None, 21, 8) | 320", "d (Dense) | (None, 21, 1) | 9"),
        "l",
        "2 features, with no bias",
        l_input=Input(sequence(21, 2)),
        l=recurrent("lstm", 8, 0, return_sequences=True),
        d=Dense(units=1, activation="relu"),
    ),
    "what a wrapper holds twice": case(
        ("i (InputLayer) | (None, 9, 2) | 0", "b (Bidirectional) | (None, 9, 8) | 192"),
        "b",
        "two LSTM, no bias",
        i=Input(sequence(9, 2)),
        b=Bidirectional(
            forward=recurrent("lstm", 4, 0, return_sequences=True),
            backward=recurrent("lstm", 4, 0, return_sequences=True),
        ),
    ),
    "the order of axes": case(
        ("i (InputLayer) | (None, 5, 5) | 0", "p (Permute) | (None, 5, 5) | 0"),
        "p",
        "axes (1, 2)",
        i=Input(sequence(5, 5)),
        p=Permute((0, 1, 2), ("batch", "time", "channel")),
    ),
    "inside a wrapper": case(
        (
            "i (InputLayer) | (None, 4, 5, 5, 3) | 0",
            "t (TimeDistributed) | (None, 4, 3, 3, 16) | 448",
        ),
        "t",
        "3x3 stride 2 same",
        i=Input(Tensor.of(batch=BATCH, depth=4, height=5, width=5, channel=3)),
        t=TimeDistributed(
            op=Conv(filters=16, windows=SAME_2),
            inner=("batch", "height", "width", "channel"),
            names=("batch", "depth", "height", "width", "channel"),
        ),
    ),
    "torch, an input that is not printed": Case(
        torch_table(
            ("Conv2d-1", "[-1, 32, 112, 112]", "864"), ("ReLU-2", "[-1, 32, 112, 112]", "0")
        ),
        "Conv2d-1",
        "3x3 stride 2 padding 1, no bias, on 224x224x3",
        (
            (
                "Conv2d-1 input",
                Input(Tensor.of(batch=BATCH, channel=3, height=224, width=224)),
            ),
            ("Conv2d-1", Conv(filters=32, windows=window(3, 2, padding=(1, 1)), bias=False)),
        ),
    ),
    "torch, pooling": Case(
        torch_table(
            ("Conv2d-1", "[-1, 32, 112, 112]", "896"), ("MaxPool2d-2", "[-1, 32, 56, 56]", "0")
        ),
        "MaxPool2d-2",
        "3x3 stride 2 padding 1",
        (
            (
                "Conv2d-1 input",
                Input(Tensor.of(batch=BATCH, channel=3, height=112, width=112)),
            ),
            ("Conv2d-1", Conv(filters=32, windows=window(3, padding=(1, 1)))),
            ("MaxPool2d-2", Pool(function="max", windows=window(3, 2, padding=(1, 1)))),
        ),
    ),
    "torch, transposed": Case(
        torch_table(
            ("ConvTranspose2d-1", "[-1, 64, 4, 4]", "102,400"), ("ReLU-2", "[-1, 64, 4, 4]", "0")
        ),
        "ConvTranspose2d-1",
        "4x4 stride 2 padding 1",
        (
            (
                "ConvTranspose2d-1 input",
                Input(Tensor.of(batch=BATCH, channel=100, height=2, width=2)),
            ),
            (
                "ConvTranspose2d-1",
                ConvTranspose(
                    filters=64,
                    windows=window(4, 2, padding=(1, 1)),
                    output_padding=(0, 0),
                    bias=False,
                ),
            ),
        ),
    ),
}
