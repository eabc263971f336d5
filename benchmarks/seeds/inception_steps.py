"""Post 004's steps from one Inception to the next: networks in symbols, and their sizes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from convcost.network.builder import BATCH, Builder
from convcost.network.dims import symbol
from convcost.network.tensor import Tensor
from convcost.ops.activation import Activation
from convcost.ops.conv import Conv
from convcost.ops.dense import Dense
from convcost.ops.depthwise import DepthwiseConv
from convcost.ops.input import Input
from convcost.ops.merge import Concatenate
from convcost.ops.pool import GlobalPool, Pool
from convcost.ops.reshape import Flatten
from convcost.ops.window import window
from convcost.zoo.chain import chain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcost.network.dims import Dim
    from convcost.network.network import Network
    from convcost.network.op import Op

#: Side of the image and of the kernel, channels in, out, between, or alike everywhere.
M, K, N, CIN, COUT, R, C = (symbol(name) for name in ("M", "K", "N", "Cin", "Cout", "R", "C"))
RELU = Activation("relu")


@dataclass(frozen=True)
class Step:
    """What takes the place of what.

    Attributes:
        name: of the place on the page.
        title: for a row.
        rewrite: convcost's name for it.
        before: layers, in symbols.
        after: likewise.
        channels: that both read.
        side: of the image that both read.
        sizes: of networks that have it: where, and what the symbols are there.
    """

    name: str
    title: str
    rewrite: str
    before: tuple[Op, ...]
    after: tuple[Op, ...]
    channels: Dim
    sizes: Mapping[str, Mapping[str, int]]
    side: Dim = M

    def networks(self, sizes: Mapping[str, int] | None = None) -> tuple[Network, Network]:
        """Before and after; in symbols where no sizes are given."""
        made = tuple(self._network(ops, what) for ops, what in
                     ((self.before, "before"), (self.after, "after")))  # fmt: skip
        return made if sizes is None else tuple(net.bind(sizes) for net in made)

    def _network(self, ops: Sequence[Op], what: str) -> Network:
        axes = {"channel": self.channels, "height": self.side, "width": self.side}
        image = ("image", Input(Tensor.of(batch=BATCH, **axes)))
        layers = ((f"{op.kind}{place}", op) for place, op in enumerate(ops, 1))
        return chain(f"{self.title}, {what}", [image, *layers], framework=None)


def conv(filters: Dim, kernel: Dim | tuple[Dim, Dim]) -> Conv:
    """Without a bias, as the post counts."""
    return Conv(filters=filters, windows=window(kernel, padding="same"), bias=False)


STEPS = (
    Step(
        name="v1",
        title="1x1 before KxK",
        rewrite="bottleneck",
        before=(conv(COUT, K),),
        after=(conv(R, 1), RELU, conv(COUT, K)),
        channels=CIN,
        sizes={
            "GoogLeNet 3a, 3x3": {"M": 28, "K": 3, "Cin": 192, "R": 96, "Cout": 128},
            "GoogLeNet 3a, 5x5": {"M": 28, "K": 5, "Cin": 192, "R": 16, "Cout": 32},
        },
    ),
    Step(
        name="gap",
        title="global average pooling",
        rewrite="global-average-pooling",
        before=(Flatten(), Dense(units=COUT, bias=False)),
        after=(
            GlobalPool(function="average", axes=("height", "width")),
            Dense(units=COUT, bias=False),
        ),
        channels=CIN,
        side=symbol("X"),
        sizes={"GoogLeNet's end": {"X": 7, "Cin": 1024, "Cout": 1000}},
    ),
    Step(
        name="v2",
        title="two 3x3 for 5x5",
        rewrite="two-3x3",
        before=(conv(C, 5),),
        after=(conv(C, 3), RELU, conv(C, 3)),
        channels=C,
        sizes={"35x35, as in Inception v3": {"M": 35, "C": 64}},
    ),
    Step(
        name="v3",
        title="Nx1 and 1xN for NxN",
        rewrite="asymmetric",
        before=(conv(C, N),),
        after=(conv(C, (N, 1)), RELU, conv(C, (1, N))),
        channels=C,
        sizes={"17x17, as in Inception v3": {"M": 17, "N": 7, "C": 192}},
    ),
    Step(
        name="xception",
        title="depthwise separable",
        rewrite="depthwise-separable",
        before=(conv(COUT, K),),
        after=(DepthwiseConv(windows=window(K, padding="same"), bias=False), conv(COUT, 1)),
        channels=CIN,
        sizes={"Xception's middle": {"M": 19, "K": 3, "Cin": 728, "Cout": 728}},
    ),
)


def naive_module() -> Network:
    """GoogLeNet's module 3a without its 1x1 convolutions before 3x3, 5x5 and behind the pooling."""
    builder = Builder("3a without 1x1")
    image = Tensor.of(batch=BATCH, channel=192, height=28, width=28)
    x = builder.add(Input(image), name="data")
    ends = []
    for filters, kernel in ((64, 1), (128, 3), (32, 5)):
        op = Conv(filters=filters, windows=window(kernel, padding="same"))
        y = builder.add(op, x, name=f"{kernel}x{kernel}")
        ends.append(builder.add(RELU, y, name=f"relu_{kernel}x{kernel}"))
    pool = Pool(function="max", windows=window(3, padding=(1, 1)))
    builder.add(Concatenate("channel"), *ends, builder.add(pool, x, name="pool"), name="output")
    return builder.build()
