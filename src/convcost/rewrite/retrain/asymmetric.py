"""A kernel as one along one axis and one along the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from convcost.network.dataclass import replace
from convcost.ops.conv import Conv
from convcost.rewrite.shared.chain import ChainRewrite, Part
from convcost.rewrite.shared.convolution import (
    between,
    in_one_piece,
    middle_widths,
    most_channels,
    separated,
    spreads,
)
from convcost.rewrite.shared.layer import side

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcost.network.network import Layer, Network
    from convcost.network.op import Op
    from convcost.rewrite.rewrite import Kind


class Asymmetric(ChainRewrite):
    """NxN -> Nx1 and 1xN with the activation between them; positions and receptive field stay."""

    name: ClassVar[str] = "asymmetric"
    kind: ClassVar[Kind] = "retrain"
    summary: ClassVar[str] = "NxN convolution -> Nx1, then 1xN, activation between"
    law: ClassVar[str] = (
        "saves MACs where N*Cm*(Ci + Co) < N*N*Ci*Co with Cm channels between, at stride 1: 2 for "
        "N with equal ones; in Inception v3 on maps of 12 to 20 "
        "(Szegedy et al., 2015, arXiv:1512.00567)"
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
        """Channels between the kernels."""
        return middle_widths(network, layer)

    def most(self, network: Network, layer: Layer) -> int:
        """As many as there are on the wider side."""
        return most_channels(network, layer)

    def parts(self, network: Network, layer: Layer, size: int) -> Sequence[Part]:
        """Along one axis, what follows the layer, along the others."""
        op: Any = layer.op
        _, first, second = separated(op.windows)
        activation, layers = between(network, layer)
        inner = replace(op, filters=size, windows=first, activation=activation)
        return (
            Part(name=side(first), op=inner),
            *(replace(part, name=f"{side(first)}_{part.name}") for part in layers),
            Part(op=replace(op, windows=second)),
        )

    def text(self, op: Any) -> str:
        """The three kernels."""
        _, first, second = separated(op.windows)
        return f"{side(first)} and {side(second)} for the {side(op.windows)} of"


REWRITE = Asymmetric()
