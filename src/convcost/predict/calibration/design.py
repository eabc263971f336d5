"""The networks that calibration runs: drawn at random so that real architectures lie among them.

A network is a stem, stages of blocks at smaller and smaller images, and a head. Sizes are drawn on
a logarithmic scale; what is drawn is made smaller until a run of it has a bounded cost.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log
from random import Random
from typing import TYPE_CHECKING

from convcost.count import Workload, count
from convcost.network.builder import BATCH, Builder
from convcost.network.dims import number
from convcost.network.tensor import Tensor
from convcost.ops.activation import Activation
from convcost.ops.dense import Dense
from convcost.ops.input import Input
from convcost.ops.pool import GlobalPool
from convcost.ops.regularization import Dropout
from convcost.ops.reshape import Flatten
from convcost.predict.calibration.blocks import BLOCKS
from convcost.predict.calibration.drawing import Draw, Style

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcost.network.network import Network, Ref

#: Forward MACs of a run at most, and bytes of all results, but for a few networks: what a processor
#: of two cores does in about a tenth of a second.
MOST_MACS = 3e9
MOST_BYTES = 4e8
#: Parameters at most: a quarter of a gigabyte.
MOST_PARAMETERS = 6e7
_MOST = (MOST_MACS, MOST_BYTES, MOST_PARAMETERS)
#: Of drawn networks, those with more MACs than that, and how many times the bounds they may have:
#: what a kernel takes must not only be known of small ones.
_LARGE, LARGER = 0.025, 8
_SIDES = (8, 14, 16, 20, 28, 28, 32, 32, 32, 48, 56, 64, 64, 96, 112, 128, 160, 192, 224, 224, 224)
_BATCHES = (1, 1, 1, 1, 2, 4, 8, 8, 8, 16, 32, 32, 64, 128)
_OPTIMIZERS = ("sgd", "momentum", "rmsprop", "adam")
_ACTIVATIONS = (
    *("relu",) * 12, "relu6", "relu6", "leaky_relu", "elu", "silu", "gelu", "sigmoid", "tanh",
    "hard_silu", "linear",
)  # fmt: skip
#: Channels that most networks have, and the shares of drawn ones with these, or multiples of 8.
_WIDTHS = tuple(sorted(factor << power for factor in (2, 3) for power in range(1, 12)))
_POPULAR, _EIGHTS = 0.45, 0.8
#: Bounds of the first stage's channels: from tiny networks to those for photographs. And of all.
_FIRST_WIDTHS = ((4, 96), (4, 96), (32, 256))
_MOST_CHANNELS = 2048
#: Of drawn networks, those whose images have their channels last, as Keras has them.
_CHANNELS_LAST = 0.5
#: Of drawn networks without BatchNorm, those with the older normalisation.
_LOCAL = 0.3
#: Of drawn networks, those without convolutions.
_PERCEPTRONS = 0.1


@dataclass(frozen=True, slots=True)
class Drawn:
    """A network to run.

    Attributes:
        network: with an open batch.
        batch: to run it with.
        optimizer: of a training step; None: nothing is updated.
        blocks: kinds of blocks that it was drawn from.
    """

    network: Network
    batch: int
    optimizer: str | None
    blocks: tuple[str, ...]


def drawn(seed: int, blocks: Sequence[str] = tuple(BLOCKS)) -> Drawn:
    """The network of a seed: the same one every time.

    Args:
        seed: any number.
        blocks: the kinds of blocks to draw from; one that is there twice is drawn twice as often.
    """
    large = Random(f"{seed}/large").random() < _LARGE  # noqa: S311 - no secrets
    for attempt in range(10_000):
        random = Random(f"{seed}/{attempt}")  # noqa: S311
        batch = random.choice(_BATCHES)
        kinds: tuple[str, ...] = ()
        if random.random() < _PERCEPTRONS:
            network = _perceptron(random)
        else:
            style = _style(random)
            kinds = _kinds(random, style, blocks)
            network = _stages(random, style, kinds)
        total = count(network, Workload(batch=batch)).total
        cost = total.forward
        figures = (cost.macs, cost.write_bytes, total.parameters)
        if _fits([number(size, "its cost") for size in figures], large=large):
            return Drawn(network, batch, random.choice(_OPTIMIZERS), kinds)
    raise AssertionError("no network within the bounds")  # the smallest ones are far below


def _fits(figures: Sequence[int], *, large: bool) -> bool:
    """Whether a network's MACs, bytes and parameters are within the bounds."""
    times = LARGER if large else 1
    enough = figures[0] > MOST_MACS or not large
    return enough and all(size <= times * most for size, most in zip(figures, _MOST, strict=True))


def _logarithmic(random: Random, low: float, high: float) -> int:
    return round(exp(random.uniform(log(low), log(high))))


def _width(random: Random, low: float, high: float) -> int:
    """Channels as people choose them: powers of two and half as many more, multiples of 8, any."""
    found, kind = _logarithmic(random, low, high), random.random()
    if kind < _POPULAR:
        return min(_WIDTHS, key=lambda width: abs(log(width / max(found, 1))))
    return max(8, round(found / 8) * 8) if kind < _EIGHTS else max(1, found)


def _style(random: Random) -> Style:
    norm = random.choice(("before", "before", "after", None, None))
    return Style(
        activation=random.choice(_ACTIVATIONS),
        fused=random.random() < 0.3,
        norm=norm,
        bias=norm is None or random.random() < 0.2,
        padding="valid" if random.random() < 0.2 else "same",
        local=norm is None and random.random() < _LOCAL,
    )


def _kinds(random: Random, style: Style, blocks: Sequence[str]) -> tuple[str, ...]:
    """One or two kinds of blocks; only plain ones fit together where images shrink."""
    if style.padding == "valid":
        return ("plain",)
    return tuple(random.choice(blocks) for _ in range(random.randint(1, 2)))


def _stages(random: Random, style: Style, kinds: Sequence[str]) -> Network:
    builder = Builder("drawn")
    draw = Draw(builder, random, style)
    side, channels = random.choice(_SIDES), random.choice((1, 3, 3, 3))
    image = Tensor.of(batch=BATCH, channel=channels, height=side, width=side)
    if random.random() < _CHANNELS_LAST:
        image = Tensor.of(batch=BATCH, height=side, width=side, channel=channels)
    ref = builder.add(Input(image), name="image")
    ref = _stem(draw, ref, side)
    width = _width(random, *random.choice(_FIRST_WIDTHS))
    for stage in range(random.randint(1, 4)):
        for block in range(random.randint(1, 3)):
            stride = 2 if block == 0 and stage > 0 and draw.side(ref) >= 4 else 1
            if stride == 2 and random.random() < 0.4:
                ref, stride = draw.pool(ref, random.choice((2, 3)), 2), 1
            ref = BLOCKS[random.choice(kinds)](draw, ref, width, stride)
        width = min(_MOST_CHANNELS, round(width * random.choice((1, 1.5, 2, 2))))
    _head(draw, ref)
    return builder.build()


def _stem(draw: Draw, ref: Ref, side: int) -> Ref:
    """A first convolution that makes large images smaller."""
    random = draw.random
    if side >= 96:
        ref = draw.conv(ref, _width(random, 8, 96), random.choice((3, 5, 7, 11)),
                        random.choice((2, 2, 4)))  # fmt: skip
        return draw.pool(ref, random.choice((2, 3)), 2) if random.random() < 0.6 else ref
    return draw.conv(ref, _width(random, 4, 64), random.choice((1, 3, 3, 3, 5, 7)))


def _head(draw: Draw, ref: Ref) -> None:
    """Pooling or not, dense layers, perhaps a softmax."""
    random = draw.random
    classes = random.choice((2, 10, 10, 43, 100, 1000, 1000))
    if random.random() < 0.5:
        ref = draw.add(GlobalPool(function="average", axes=("height", "width")), ref)
    else:
        if draw.side(ref) > 12:
            ref = draw.pool(ref, 2, 2)
        ref = draw.add(Flatten(), ref)
        for _ in range(random.choice((0, 0, 1, 2))):
            ref = draw.add(Dense(units=_width(random, 32, 4096)), ref)
            ref = draw.add(Activation("relu"), ref)
            if random.random() < 0.5:
                ref = draw.add(Dropout(0.5), ref)
    _classify(draw.builder, random, ref, classes)


def _perceptron(random: Random) -> Network:
    """Dense layers only."""
    builder = Builder("drawn")
    ref = builder.add(Input(Tensor.of(batch=BATCH, feature=_logarithmic(random, 64, 4096))),
                      name="image")  # fmt: skip
    units = _width(random, 64, 2048)
    for _ in range(random.randint(1, 4)):
        ref = builder.add(Dense(units=units), ref)
        ref = builder.add(Activation("relu"), ref)
    _classify(builder, random, ref, 10)
    return builder.build()


def _classify(builder: Builder, random: Random, ref: Ref, classes: int) -> None:
    softmax = random.random() < 0.5
    builder.add(Dense(units=classes, activation="softmax" if softmax else "linear"), ref)
