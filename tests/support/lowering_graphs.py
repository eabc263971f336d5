"""Small networks with branches that decide which layers become one kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.network.builder import BATCH, Builder
from convcost.network.tensor import Tensor
from convcost.ops.activation import Activation
from convcost.ops.conv import Conv
from convcost.ops.dense import Dense
from convcost.ops.depthwise import DepthwiseConv, SeparableConv
from convcost.ops.input import Input
from convcost.ops.merge import Concatenate, Merge
from convcost.ops.norm import BatchNorm
from convcost.ops.pad import ZeroPadding
from convcost.ops.pool import GlobalPool, Pool
from convcost.ops.window import window

if TYPE_CHECKING:
    from collections.abc import Callable

    from convcost.network.network import Network
    from convcost.network.op import Op

SAME = window(3, padding="same")
PADDED = ZeroPadding((("height", 1, 1), ("width", 1, 1)))
GLOBAL = GlobalPool(function="average", axes=("height", "width"))


def image(*, first: bool, channels: int = 16) -> Input:
    """8 x 8 pixels, channels first or last."""
    sizes = {"height": 8, "width": 8}
    channel = {"channel": channels}
    return Input(Tensor.of(batch=BATCH, **(channel | sizes if first else sizes | channel)))


def _residual(*, first: bool, relu: bool = True, norm: bool = True, shortcut: bool = False,
              turned: bool = False, bias: bool = False) -> Network:  # fmt: skip
    b = Builder("residual")
    start = b.add(Conv(filters=32, windows=SAME, activation="relu"),
                  b.add(image(first=first), name="image"), name="first")  # fmt: skip
    x = b.add(Conv(filters=32, windows=SAME, bias=bias), start, name="conv")
    x = b.add(BatchNorm(), x, name="norm") if norm else x
    other = start
    if shortcut:
        other = b.add(Conv(filters=32, windows=window(1)), start, name="shortcut")
        other = b.add(BatchNorm(), other, name="shortcut_norm") if norm else other
    x = b.add(Merge("add"), *((other, x) if turned else (x, other)), name="sum")
    x = b.add(Activation("relu"), x, name="relu") if relu else x
    b.add(Dense(units=5), b.add(GLOBAL, x, name="pool"), name="head")
    return b.build()


def _sums(*, first: bool) -> Network:
    """Products of all kinds, each with its input added."""
    b = Builder("sums")
    x = b.add(image(first=first), name="image")
    products: dict[str, Op] = {
        "depthwise": DepthwiseConv(windows=SAME),
        "separable": SeparableConv(filters=16, windows=SAME),
        "grouped": Conv(filters=16, windows=SAME, groups=4),
        "dilated": Conv(filters=16, windows=window(3, dilation=2, padding="same")),
        "positions": Dense(units=16) if not first else Conv(filters=16, windows=window(1)),
    }
    for name, op in products.items():
        x = b.add(Merge("add"), b.add(op, x, name=name), x, name=f"{name}_sum")
    x = b.add(GLOBAL, x, name="pool")
    x = b.add(Merge("add"), b.add(Dense(units=16), x, name="dense"), x, name="dense_sum")
    b.add(Dense(units=5), b.add(Activation("relu"), x, name="dense_relu"), name="head")
    return b.build()


def _sum_of_sums(*, first: bool) -> Network:
    b = Builder("sum of sums")
    x = b.add(image(first=first), name="image")
    one, two, three = (
        b.add(Pool(function="max", windows=window(taps, padding="same")), x, name=f"pool{taps}")
        for taps in (2, 3, 4)
    )
    x = b.add(Merge("add"), one, two, name="sum")
    x = b.add(Merge("add"), x, three, name="whole")
    b.add(Dense(units=5), b.add(GLOBAL, x, name="gap"), name="head")
    return b.build()


def _two_readers(*, first: bool, functions: tuple[str, str]) -> Network:
    b = Builder("two readers")
    x = b.add(Conv(filters=32, windows=SAME), b.add(image(first=first), name="image"), name="conv")
    one, two = (b.add(Activation(each), x, name=f"{each}") for each in functions)
    b.add(Merge("add"), one, two, name="sum")
    return b.build()


def _read_twice(*, first: bool) -> Network:
    """A normalisation and another convolution read the first one's result."""
    b = Builder("read twice")
    x = b.add(Conv(filters=32, windows=SAME), b.add(image(first=first), name="image"), name="conv")
    y = b.add(BatchNorm(), x, name="norm")
    z = b.add(Conv(filters=32, windows=window(1)), x, name="other")
    b.add(Merge("add"), y, z, name="sum")
    return b.build()


def _branches(*, first: bool, filters: tuple[int, int] = (16, 32), norm: bool = False) -> Network:
    b = Builder("branches")
    x = b.add(Conv(filters=32, windows=SAME, activation="relu"),
              b.add(image(first=first), name="image"), name="first")  # fmt: skip
    ends = []
    for place, number in enumerate(filters):
        made = Conv(filters=number, windows=window(1 + 2 * place, padding="same"))
        end = b.add(made, x, name=f"branch{place}")
        end = b.add(BatchNorm(), end, name=f"norm{place}") if norm else end
        ends.append(b.add(Activation("relu"), end, name=f"relu{place}"))
    pooled = b.add(Pool(function="max", windows=window(3, 1, padding="same")), x, name="pool")
    ends.append(b.add(Conv(filters=16, windows=window(1), activation="relu"), pooled, name="after"))
    x = b.add(Concatenate("channel"), *ends, name="joined")
    x = b.add(Conv(filters=16, windows=window(1)), x, name="last")
    b.add(Dense(units=5), b.add(GLOBAL, x, name="gap"), name="head")
    return b.build()


def _dense_block(*, first: bool) -> Network:
    """What DenseNet does: joined, normalised, convolved."""
    b = Builder("dense block")
    x = b.add(Conv(filters=32, windows=SAME), b.add(image(first=first), name="image"), name="first")
    for place in range(2):
        y = b.add(BatchNorm(), x, name=f"norm{place}")
        y = b.add(Activation("relu"), y, name=f"relu{place}")
        y = b.add(Conv(filters=16, windows=SAME, bias=False), y, name=f"conv{place}")
        x = b.add(Concatenate("channel"), x, y, name=f"joined{place}")
    x = b.add(BatchNorm(), x, name="norm")
    b.add(Dense(units=5), b.add(GLOBAL, x, name="pool"), name="head")
    return b.build()


def _gate(*, first: bool) -> Network:
    """Squeeze and excite."""
    b = Builder("gate")
    x = b.add(Conv(filters=32, windows=SAME, activation="relu"),
              b.add(image(first=first), name="image"), name="conv")  # fmt: skip
    pooled = GlobalPool(function="average", axes=("height", "width"), keep_axes=True)
    y = b.add(pooled, x, name="pool")
    y = b.add(Conv(filters=8, windows=window(1), activation="relu"), y, name="squeeze")
    y = b.add(Conv(filters=32, windows=window(1), activation="sigmoid"), y, name="excite")
    b.add(Merge("multiply"), x, y, name="scale")
    return b.build()


def _returned(*, first: bool) -> Network:
    b = Builder("returned")
    x = b.add(Conv(filters=32, windows=SAME), b.add(image(first=first), name="image"), name="conv")
    y = b.add(Activation("relu"), x, name="relu")
    return b.build([x, y])


def _preactivated(*, first: bool) -> Network:
    """A residual block of ResNet v2."""
    b = Builder("pre-activated")
    start = b.add(
        Conv(filters=32, windows=SAME), b.add(image(first=first), name="image"), name="in"
    )
    x = b.add(BatchNorm(), start, name="norm0")
    x = b.add(Activation("relu"), x, name="relu0")
    x = b.add(Conv(filters=32, windows=SAME, bias=False), x, name="conv0")
    x = b.add(BatchNorm(), x, name="norm1")
    x = b.add(Activation("relu"), x, name="relu1")
    x = b.add(Conv(filters=32, windows=SAME), x, name="conv1")
    x = b.add(Merge("add"), start, x, name="sum")
    b.add(Activation("relu"), x, name="relu2")
    return b.build()


def _called_twice(*, first: bool) -> Network:
    b = Builder("called twice")
    conv = Conv(filters=16, windows=SAME)
    x = b.add(conv, b.add(image(first=first), name="image"), name="once")
    x = b.add(Activation("relu"), x, name="relu")
    y = b.add(conv, x, name="again", shared_with="once")
    b.add(Merge("add"), y, x, name="sum")
    return b.build()


#: By name; each takes whether channels are first.
GRAPHS: dict[str, Callable[[bool], Network]] = {
    "residual": lambda first: _residual(first=first),
    "residual turned": lambda first: _residual(first=first, turned=True),
    "residual without relu": lambda first: _residual(first=first, relu=False),
    "residual without bn": lambda first: _residual(first=first, norm=False),
    "residual with shortcut": lambda first: _residual(first=first, shortcut=True),
    "shortcut without bn": lambda first: _residual(first=first, shortcut=True, norm=False),
    "shortcut turned": lambda first: _residual(first=first, shortcut=True, turned=True),
    "shortcut, two biases": lambda first: _residual(
        first=first, shortcut=True, norm=False, bias=True
    ),
    "two biases turned": lambda first: _residual(
        first=first, shortcut=True, norm=False, bias=True, turned=True
    ),
    "residual with bias": lambda first: _residual(first=first, norm=False, bias=True),
    "sums": lambda first: _sums(first=first),
    "two readers": lambda first: _two_readers(first=first, functions=("relu", "sigmoid")),
    "read twice": lambda first: _read_twice(first=first),
    "branches": lambda first: _branches(first=first),
    "branches with bn": lambda first: _branches(first=first, norm=True),
    "branches of 12 and 20": lambda first: _branches(first=first, filters=(12, 20)),
    "dense block": lambda first: _dense_block(first=first),
    "sum of sums": lambda first: _sum_of_sums(first=first),
    "gate": lambda first: _gate(first=first),
    "returned": lambda first: _returned(first=first),
    "pre-activated": lambda first: _preactivated(first=first),
    "called twice": lambda first: _called_twice(first=first),
}
