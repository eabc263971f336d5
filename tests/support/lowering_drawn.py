"""Small networks drawn by chance, of the layers that runtimes fuse."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from convcost.errors import NetworkError
from convcost.network.builder import Builder
from convcost.ops.activation import Activation
from convcost.ops.conv import Conv
from convcost.ops.dense import Dense
from convcost.ops.depthwise import DepthwiseConv, SeparableConv
from convcost.ops.merge import Concatenate, Merge
from convcost.ops.norm import BatchNorm
from convcost.ops.pool import Pool
from convcost.ops.regularization import Dropout
from convcost.ops.window import window
from support.lowering_graphs import GLOBAL, PADDED, SAME, image

if TYPE_CHECKING:
    from convcost.network.network import Network, Ref
    from convcost.network.op import Op


def drawn(seed: int, *, first: bool) -> Network:
    """A network of ten to sixteen layers, with branches that are added or joined."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    b = Builder(f"drawn {seed}")
    x = b.add(image(first=first, channels=chance.choice([3, 8, 16, 24])), name="image")
    reached = [x]
    activated: set[Ref] = set()
    sums: set[Ref] = set()
    for _ in range(chance.randint(9, 15)):
        source = x if chance.random() < 0.8 else chance.choice(reached)
        op = _drawn_op(chance)
        if isinstance(op, Activation):
            # two in a row, or two of one tensor, are not what networks have: runtimes join them
            if source in activated:
                continue
            activated.add(source)
        try:
            x = b.add(op, source)
        except NetworkError:
            continue  # a window larger than what is left
        reached.append(x)
        if isinstance(op, Activation) or getattr(op, "activation", "linear") != "linear":
            activated.add(x)
        x = _joined(chance, b, x, reached, sums)
    x = b.add(GLOBAL, x)
    b.add(Dense(units=5, activation=chance.choice(["linear", "softmax"])), x)
    return b.build()


def _drawn_op(chance: random.Random) -> Op:
    filters = chance.choice([16, 32, 32, 20])
    act = chance.choice(["linear", "linear", "relu", "sigmoid"])
    bias = chance.random() < 0.5
    taps = window(chance.choice([1, 3]), padding=chance.choice(["same", "same", "valid"]))
    ops: list[Op] = [
        Conv(filters=filters, windows=taps, bias=bias, activation=act),
        Conv(filters=filters, windows=taps, bias=bias),
        DepthwiseConv(windows=SAME, bias=bias),
        SeparableConv(filters=filters, windows=SAME, bias=bias),
        BatchNorm(), BatchNorm(), Activation("relu"), Activation("relu"),
        Activation(chance.choice(["relu6", "tanh", "sigmoid", "elu", "leaky_relu"])),
        PADDED, Dropout(0.3),
        Pool(function=chance.choice(["max", "average"]), windows=window(3, 1, padding="same")),
    ]  # fmt: skip
    return chance.choice(ops)


def _joined(chance: random.Random, b: Builder, x: Ref, reached: list[Ref], sums: set[Ref]) -> Ref:
    """Added to, or joined with, an earlier tensor that fits, or neither.

    No sum of sums: TensorFlow makes one of them.
    """
    tensor = b.tensor(x)
    fits = [each for each in reached[:-1] if b.tensor(each) == tensor and each not in sums]
    if fits and chance.random() < 0.4:
        x = b.add(Merge("add"), x, chance.choice(fits))
        reached.append(x)
        sums.add(x)
    elif chance.random() < 0.15:
        alike = [
            each for each in reached[:-1]
            if b.tensor(each).resized(channel=1) == tensor.resized(channel=1)
        ]  # fmt: skip
        if alike:
            x = b.add(Concatenate("channel"), x, chance.choice(alike))
            reached.append(x)
    return x
