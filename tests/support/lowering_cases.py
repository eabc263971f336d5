"""Small networks that decide which layers become one kernel: `constructs()[name]`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.network.builder import Builder
from convcost.network.tensor import Tensor
from convcost.ops.activation import Activation
from convcost.ops.conv import Conv
from convcost.ops.dense import Dense
from convcost.ops.depthwise import DepthwiseConv, SeparableConv
from convcost.ops.norm import BatchNorm
from convcost.ops.pool import GlobalPool, Pool
from convcost.ops.preparation import Rescaling
from convcost.ops.regularization import Dropout
from convcost.ops.reshape import Flatten, Reshape
from convcost.ops.window import window
from support.lowering_drawn import drawn
from support.lowering_graphs import GLOBAL, GRAPHS, PADDED, SAME, image

if TYPE_CHECKING:
    from convcost.network.network import Network
    from convcost.network.op import Op

#: Each op is applied to the result of the one before; an image of 16 channels is put before them.
CHAINS: dict[str, tuple[Op, ...]] = {
    "conv bn relu": (Conv(filters=32, windows=SAME), BatchNorm(), Activation("relu")),
    "conv without bias, bn relu": (
        Conv(filters=32, windows=SAME, bias=False), BatchNorm(), Activation("relu"),
    ),
    "conv relu bn": (Conv(filters=32, windows=SAME), Activation("relu"), BatchNorm()),
    "conv with relu, bn": (Conv(filters=32, windows=SAME, activation="relu"), BatchNorm()),
    "conv without bias, with relu": (
        Conv(filters=32, windows=SAME, activation="relu", bias=False),
    ),
    "conv without bias, relu": (Conv(filters=32, windows=SAME, bias=False), Activation("relu")),
    "conv relu relu": (
        Conv(filters=32, windows=SAME, activation="relu"), Activation("relu"),
    ),
    "bn first": (BatchNorm(), Conv(filters=32, windows=SAME), Activation("relu")),
    "bn relu conv": (
        Conv(filters=32, windows=SAME), BatchNorm(), Activation("relu"),
        Conv(filters=32, windows=SAME), BatchNorm(), Activation("relu"), Pool(
            function="max", windows=window(2, 2)
        ),
    ),
    "bn twice": (Conv(filters=32, windows=SAME), BatchNorm(), BatchNorm()),
    "pool between": (
        Conv(filters=32, windows=SAME, activation="relu"),
        Pool(function="max", windows=window(2, 2)),
        Conv(filters=32, windows=SAME, activation="relu"),
        Pool(function="average", windows=window(2, 2)), GLOBAL, Dense(units=5),
    ),
    "same average pool": (
        Conv(filters=32, windows=SAME),
        Pool(function="average", windows=window(3, 1, padding="same")),
        Conv(filters=32, windows=window(1)),
    ),
    "pool after bn": (
        Conv(filters=32, windows=SAME), BatchNorm(), Pool(function="max", windows=window(2, 2)),
    ),
    "conv of 20": (
        Conv(filters=20, windows=SAME), BatchNorm(), Activation("relu"),
        Conv(filters=20, windows=SAME, activation="relu"),
    ),
    "strided": (Conv(filters=32, windows=window(3, 2, padding="same")), Activation("relu")),
    "explicit padding": (Conv(filters=32, windows=window(3, 1, padding=(1, 1))), BatchNorm()),
    "dilated": (Conv(filters=32, windows=window(3, dilation=2)), Activation("relu")),
    "grouped": (Conv(filters=32, windows=SAME, groups=4), BatchNorm(), Activation("relu")),
    "pointwise": (Conv(filters=32, windows=window(1)), BatchNorm(), Activation("relu6")),
    "depthwise bn relu6": (DepthwiseConv(windows=SAME), BatchNorm(), Activation("relu6")),
    "depthwise multiplied": (DepthwiseConv(windows=SAME, multiplier=2), Activation("relu")),
    "mobile block": (
        Conv(filters=32, windows=window(1), bias=False), BatchNorm(), Activation("relu6"),
        DepthwiseConv(windows=SAME, bias=False), BatchNorm(), Activation("relu6"),
        Conv(filters=16, windows=window(1), bias=False), BatchNorm(),
    ),
    "separable bn relu": (
        SeparableConv(filters=32, windows=SAME, bias=False), BatchNorm(), Activation("relu"),
    ),
    "separable with relu": (SeparableConv(filters=32, windows=SAME, activation="relu"),),
    "pad conv": (PADDED, Conv(filters=32, windows=window(3)), Activation("relu")),
    "conv pad conv": (
        Conv(filters=32, windows=SAME, activation="relu"), PADDED,
        Conv(filters=32, windows=window(3, 2), bias=False), BatchNorm(), Activation("relu"),
    ),
    "pad pool": (
        Conv(filters=32, windows=SAME), Activation("relu"), PADDED,
        Pool(function="max", windows=window(3, 2)),
    ),
    "pad average pool": (
        Conv(filters=32, windows=SAME), Activation("relu"), PADDED,
        Pool(function="average", windows=window(3, 2)),
    ),
    "pad depthwise": (PADDED, DepthwiseConv(windows=window(3, 2)), BatchNorm()),
    "global pool dense": (
        Conv(filters=32, windows=SAME, activation="relu"), GLOBAL,
        Dense(units=5, activation="softmax"),
    ),
    "global max pool": (
        Conv(filters=32, windows=SAME),
        GlobalPool(function="max", axes=("height", "width"), keep_axes=True),
    ),
    "flatten dense relu": (
        Flatten(), Dense(units=16, activation="relu"), Dense(units=5, activation="softmax"),
    ),
    "dense then relu": (
        Flatten(), Dense(units=16), Activation("relu"), Dense(units=5), Activation("softmax"),
    ),
    "dense bn relu": (
        Flatten(), Dense(units=16), BatchNorm(axis="feature"), Activation("relu"), Dense(units=5),
        Activation("softmax"),
    ),
    "dense without bias": (
        Flatten(), Dense(units=16, bias=False), Activation("relu"), Dense(units=5, bias=False),
    ),
    "dense dropout dense": (
        Flatten(), Dense(units=16, activation="tanh"), Dropout(0.5),
        Dense(units=5, activation="softmax"),
    ),
    "dense of positions": (
        Conv(filters=16, windows=SAME), Dense(units=8, activation="relu"), Flatten(),
        Dense(units=5),
    ),
    "conv dropout conv": (
        Conv(filters=32, windows=SAME, activation="relu"), Dropout(0.3),
        Conv(filters=32, windows=SAME, activation="relu"), Flatten(), Dense(units=5),
    ),
    "rescaling conv": (Rescaling(1 / 255.0, -1.0), Conv(filters=32, windows=SAME)),
    "conv flatten relu": (Conv(filters=32, windows=SAME), Flatten(), Activation("relu"),
                          Dense(units=5)),
    "conv reshape conv": (
        Conv(filters=32, windows=SAME),
        Reshape(Tensor.of(height=4, width=16, channel=32).axes), Activation("relu"),
        GLOBAL, Dense(units=5),
    ),
}  # fmt: skip
#: Each kind of product has these, as its own activation and as a layer behind it.
FUNCTIONS = (
    "relu", "relu6", "leaky_relu", "elu", "sigmoid", "tanh", "silu", "gelu", "hard_silu",
    "softplus", "selu", "hard_sigmoid", "exponential", "softmax",
)  # fmt: skip


def chain(name: str, ops: tuple[Op, ...], *, first: bool, channels: int = 16) -> Network:
    """An image, and each op applied to what the one before computes."""
    b = Builder(name)
    x = b.add(image(first=first, channels=channels), name="image")
    for place, op in enumerate(ops):
        x = b.add(op, x, name=f"{op.kind}{place}")
    return b.build()


def constructs(*, first: bool) -> dict[str, Network]:
    """All of them.

    Args:
        first: whether channels are the first axis of a sample, or the last one.
    """
    found = {name: chain(name, ops, first=first) for name, ops in CHAINS.items()}
    found |= {
        f"{name} of {channels}": chain(name, CHAINS[name], first=first, channels=channels)
        for name, channels in (("conv bn relu", 3), ("mobile block", 3), ("pad conv", 3),
                               ("conv of 20", 12), ("depthwise bn relu6", 24))
    }  # fmt: skip
    for kind in ("conv", "depthwise_conv", "dense"):
        own, behind = _functions(kind)
        found[f"{kind} with functions"] = chain(kind, own, first=first)
        found[f"{kind}, functions"] = chain(kind, behind, first=first)
    return found | {name: build(first) for name, build in GRAPHS.items()}


def _functions(kind: str) -> tuple[tuple[Op, ...], tuple[Op, ...]]:
    """A product with each function as its own activation, and with each as a layer behind it."""

    def product(function: str = "linear") -> Op:
        if kind == "dense":
            return Dense(units=8, activation=function)
        if kind == "conv":
            return Conv(filters=16, windows=SAME, activation=function)
        return DepthwiseConv(windows=SAME, activation=function)

    before: tuple[Op, ...] = (Flatten(),) if kind == "dense" else ()
    # not the last layer, whose activation a loss may contain
    last: tuple[Op, ...] = (Dense(units=5),) if before else (GLOBAL, Dense(units=5))
    behind = [op for function in FUNCTIONS for op in (product(), Activation(function))]
    return (*before, *map(product, FUNCTIONS), *last), (*before, *behind, *last)


#: Of the zoo, small enough to run in a moment.
ZOO = (
    "seed000", "seed000?batch_norm=no", "seed001-mlp", "seed001-cnn", "seed003",
    "resnet18?image=64", "mobilenet?alpha=0.25&image=64", "googlenet", "inception-v3-block",
    "xception-block",
)  # fmt: skip
DRAWN = range(20)


def cases(runtime: str) -> dict[str, Network]:
    """All of them, as sources of the runtime's framework have their axes."""
    from convcost import zoo

    first = not runtime.startswith("keras")
    found = {name: zoo.load(name) for name in ZOO}
    found |= constructs(first=first)
    return found | {f"drawn {seed}": drawn(seed, first=first) for seed in DRAWN}


def trains(network: Network) -> bool:
    """Whether it has parameters that are trained."""
    return any(parameter.trainable for parameter in network.table.values())
