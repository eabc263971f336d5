"""A convolution as one with fewer filters and a 1x1 behind it, with the nearest weights."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from convcost.network.dataclass import replace
from convcost.ops.conv import Conv
from convcost.rewrite.shared.chain import ChainRewrite, Part
from convcost.rewrite.shared.convolution import grouped, ones
from convcost.rewrite.shared.factors import factored, pointwise
from convcost.rewrite.shared.layer import side, taps
from convcost.rewrite.shared.ranks import ranks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcost.network.network import Layer, Network
    from convcost.network.op import Op
    from convcost.rewrite.rewrite import Kind


class ChannelSvd(ChainRewrite):
    """The kernel as a matrix (taps and channels in, filters).

    Its nearest matrix of rank R is the product of a kernel with R filters and one of 1x1. Window,
    stride and padding are the first one's. With R = min(K*K*Ci, Co) the product is the kernel.
    """

    name: ClassVar[str] = "channel-svd"
    kind: ClassVar[Kind] = "approximate"
    summary: ClassVar[str] = "KxK convolution -> KxK to R channels, then 1x1; the nearest weights"
    law: ClassVar[str] = (
        "saves MACs where R < K*K*Ci*Co / (K*K*Ci + Co): 0.9*C for 3x3 and Ci = Co = C "
        "(Denton et al., 2014, arXiv:1404.0736; Zhang et al., 2015, arXiv:1505.06798)"
    )

    def concerns(self, op: Op) -> bool:
        """Convolutions, of 1x1 too."""
        return isinstance(op, Conv)

    def refusal(self, network: Network, layer: Layer) -> str | None:
        """Groups."""
        del network
        assert isinstance(layer.op, Conv)  # noqa: S101 - for types
        return grouped(layer.op)

    def widths(self, network: Network, layer: Layer) -> tuple[int, ...]:
        """Ranks."""
        return ranks(self, network, layer)

    def most(self, network: Network, layer: Layer) -> int:
        """The rank that any such kernel has at most."""
        op: Any = layer.op
        channels: Any = network.tensor(layer.inputs[0]).size("channel")
        return int(min(taps(op.windows) * channels, op.filters))

    def parts(self, network: Network, layer: Layer, size: int) -> Sequence[Part]:
        """The window without a bias, then 1x1."""
        op: Any = layer.op
        values = factored(network, layer, partial(pointwise, rank=size))
        first = replace(op, filters=size, bias=False, activation="linear")
        last = replace(op, windows=ones(op.windows))
        return (
            Part(name="narrow", op=first, values=values[0]),
            Part(op=last, values=values[1]),
        )

    def text(self, op: Any) -> str:
        """The two kernels."""
        return f"{side(op.windows)} to fewer channels and {side(ones(op.windows))} back for"


REWRITE = ChannelSvd()
