"""A dense layer as two with fewer values between them, with the nearest weights."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from convcost.ops.dense import Dense
from convcost.rewrite.shared.chain import ChainRewrite, Part
from convcost.rewrite.shared.factors import factored, pointwise
from convcost.rewrite.shared.ranks import ranks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcost.network.network import Layer, Network
    from convcost.network.op import Op
    from convcost.rewrite.rewrite import Kind


class DenseSvd(ChainRewrite):
    """The nearest matrix of rank R is the product of two; with R = min(Ci, Co) it is the matrix."""

    name: ClassVar[str] = "dense-svd"
    kind: ClassVar[Kind] = "approximate"
    summary: ClassVar[str] = "dense layer -> dense to R values, then dense; the nearest weights"
    law: ClassVar[str] = (
        "saves MACs and weights where R < Ci*Co / (Ci + Co): half of C where Ci = Co = C "
        "(Denton et al., 2014, arXiv:1404.0736)"
    )

    def concerns(self, op: Op) -> bool:
        """Dense layers."""
        return isinstance(op, Dense)

    def widths(self, network: Network, layer: Layer) -> tuple[int, ...]:
        """Ranks."""
        return ranks(self, network, layer)

    def most(self, network: Network, layer: Layer) -> int:
        """The rank that any such matrix has at most."""
        op: Any = layer.op
        features: Any = network.tensor(layer.inputs[0]).axes[-1].size
        return int(min(features, op.units))

    def parts(self, network: Network, layer: Layer, size: int) -> Sequence[Part]:
        """Without a bias, then with the layer's."""
        values = factored(network, layer, partial(pointwise, rank=size))
        return (
            Part(name="narrow", op=Dense(units=size, bias=False), values=values[0]),
            Part(op=layer.op, values=values[1]),
        )

    def text(self, op: Any) -> str:
        """The two products."""
        del op
        return "two dense layers of lower rank for"


REWRITE = DenseSvd()
