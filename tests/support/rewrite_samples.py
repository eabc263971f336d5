"""For each rewrite a network with a place for it, and one with what only looks like a place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from convcost.network.builder import BATCH, Builder
from convcost.network.dataclass import replace
from convcost.network.tensor import Axis, Tensor
from convcost.ops.activation import Activation
from convcost.ops.conv import Conv
from convcost.ops.dense import Dense
from convcost.ops.input import Input
from convcost.ops.merge import Merge
from convcost.ops.norm import BatchNorm
from convcost.ops.regularization import Dropout
from convcost.ops.reshape import Flatten, Reshape
from convcost.ops.window import window
from support.rewriting import chain, image

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from convcost.network.network import Network
    from convcost.network.op import Op


class Sample(NamedTuple):
    """Networks that are made when they are asked for.

    Attributes:
        place: with at least one place.
        near: with none, but one that is refused; None where nothing looks like a place.
    """

    place: Callable[[], Network]
    near: Callable[[], Network] | None


def conv(kernel: Any, filters: int = 32, *, activation: str = "relu", **more: Any) -> Conv:
    return Conv(filters=filters, windows=window(kernel, padding="same"), activation=activation,
                **more)  # fmt: skip


def convs(*ops: Op, channel: int = 32) -> Callable[[], Network]:
    """Layers behind each other, and a head."""

    def make() -> Network:
        layers = [(f"conv{number}", op) for number, op in enumerate(ops, start=1)]
        ends = (("flat", Flatten()), ("head", Dense(units=10)))
        return chain(*layers, *ends, image=image(channel=channel, height=16, width=16))

    return make


def shared(kernel: int, channel: int = 32) -> Callable[[], Network]:
    """One convolution that is called twice."""

    def make() -> Network:
        b = Builder("shared")
        x = b.add(Input(image(channel=channel, height=16, width=16)), name="image")
        op = conv(kernel, channel)
        x = b.add(op, x, name="conv1")
        b.add(op, x, name="conv2", shared_with="conv1")
        return b.build()

    return make


def head(*ops: Op, channel: int = 8) -> Callable[[], Network]:
    def make() -> Network:
        layers = [(f"layer{number}", op) for number, op in enumerate(ops, start=1)]
        return chain(*layers, image=image(channel=channel, height=12, width=12))

    return make


def features(*ops: Op) -> Callable[[], Network]:
    def make() -> Network:
        layers = [(f"layer{number}", op) for number, op in enumerate(ops, start=1)]
        return chain(*layers, image=Tensor.of(batch=BATCH, feature=64))

    return make


def replaceable() -> Network:
    net = features(Dense(units=4))()
    table = {id_: replace(p, overridable=True) for id_, p in net.table.items()}
    return replace(net, table=table)


def joined() -> Network:
    """A convolution whose result is added to another's."""
    b = Builder("joined")
    x = b.add(Input(image(channel=32, height=16, width=16)), name="image")
    y = b.add(conv(3), x, name="conv1")
    b.add(Merge("add"), x, y, name="sum")
    return b.build()


LINEAR = Conv(filters=32, windows=window(3, padding="same"))
NORM = BatchNorm()

SAMPLES: Mapping[str, Sample] = {
    "fold-batch-norm": Sample(head(LINEAR, NORM), head(conv(3), NORM)),
    "fold-batch-norm-forward": Sample(
        head(conv(3), NORM, Flatten(), Dense(units=3)), head(conv(3), NORM, conv(3))
    ),
    "constant-initializers": Sample(replaceable, None),
    "drop-identities": Sample(
        head(Activation("relu"), Dropout(), conv(3)),
        lambda: chain(
            ("a", Reshape((Axis("time", 4), Axis("feature", 2)))),
            image=Tensor.of(batch=BATCH, x=4, y=2),
        ),
    ),
    "merge-pointwise": Sample(
        features(Dense(units=64), Dense(units=8)), features(Dense(units=2), Dense(units=64))
    ),
    "spatial-svd": Sample(convs(conv(3), conv(3)), shared(3)),
    "channel-svd": Sample(convs(conv(3), conv(3)), shared(3)),
    "dense-svd": Sample(
        features(Dense(units=64)),
        lambda: chain(("layer1", Dense(units=2)), image=Tensor.of(batch=BATCH, feature=2)),
    ),
    "narrow": Sample(convs(conv(3, 64), conv(3)), joined),
    "asymmetric": Sample(convs(conv(7), conv(7)), shared(7)),
    "bottleneck": Sample(convs(conv(3), conv(3)), shared(3)),
    "depthwise-separable": Sample(convs(conv(3), conv(3)), shared(3)),
    "fewer-channels": Sample(convs(conv(3, 64), conv(3)), joined),
    "global-average-pooling": Sample(convs(conv(3)), head(conv(3), Flatten())),
    "pool-before-flatten": Sample(convs(conv(3)), head(conv(3), Flatten())),
    "two-3x3": Sample(convs(conv(5), conv(5)), shared(5)),
}
