"""A KxK convolution as one of Kx1 and one of 1xK, with the nearest weights."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from convcost.network.dataclass import replace
from convcost.ops.conv import Conv
from convcost.rewrite.shared.chain import ChainRewrite, Part
from convcost.rewrite.shared.convolution import in_one_piece, separated, spreads
from convcost.rewrite.shared.factors import factored, spatial
from convcost.rewrite.shared.layer import side, taps
from convcost.rewrite.shared.ranks import ranks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcost.network.network import Layer, Network
    from convcost.network.op import Op
    from convcost.rewrite.rewrite import Kind


class SpatialSvd(ChainRewrite):
    """The kernel as a matrix (taps and channels in along one axis, along the others and filters).

    Its nearest matrix of rank R is the product of two kernels. The first has the stride and the
    padding of its axis, the second those of the others, so positions and receptive field stay. With
    R = min(K Ci, K Co) the product is the kernel: exact, at twice the MACs where Ci = Co.
    """

    name: ClassVar[str] = "spatial-svd"
    kind: ClassVar[Kind] = "approximate"
    summary: ClassVar[str] = "KxK convolution -> Kx1 to R channels, then 1xK; the nearest weights"
    law: ClassVar[str] = (
        "saves MACs where R < K*Ci*Co / (Ci + Co), at stride 1: 1.5*C for 3x3 and Ci = Co = C "
        "(Jaderberg et al., 2014, arXiv:1405.3866)"
    )

    def concerns(self, op: Op) -> bool:
        """Kernels that reach along two axes or more."""
        return spreads(op)

    def refusal(self, network: Network, layer: Layer) -> str | None:
        """One axis, groups."""
        del network
        assert isinstance(layer.op, Conv)  # noqa: S101 - for types
        return in_one_piece(layer.op)

    def widths(self, network: Network, layer: Layer) -> tuple[int, ...]:
        """Ranks."""
        return ranks(self, network, layer)

    def most(self, network: Network, layer: Layer) -> int:
        """The rank that any such kernel has at most."""
        op: Any = layer.op
        place, *_ = separated(op.windows)
        along = op.windows[place].kernel
        channels: Any = network.tensor(layer.inputs[0]).size("channel")
        return int(min(along * channels, taps(op.windows) // along * op.filters))

    def parts(self, network: Network, layer: Layer, size: int) -> Sequence[Part]:
        """Along one axis without a bias, then along the others."""
        op: Any = layer.op
        place, first, second = separated(op.windows)
        split = partial(spatial, axis=place, rank=size)
        values = factored(network, layer, split)
        return (
            Part(
                name=side(first),
                op=Conv(filters=size, windows=first, bias=False),
                values=values[0],
            ),
            Part(op=replace(op, windows=second), values=values[1]),
        )

    def text(self, op: Any) -> str:
        """The three kernels."""
        _, first, second = separated(op.windows)
        return f"{side(first)} and {side(second)} of lower rank for the {side(op.windows)} of"


REWRITE = SpatialSvd()
