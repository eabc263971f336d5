"""A 1x1 convolution to fewer channels in front of a large kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from convcost.network.dataclass import replace
from convcost.rewrite.shared.chain import ChainRewrite, Part
from convcost.rewrite.shared.convolution import between, convolves, grouped, narrowed_by, ones
from convcost.rewrite.shared.layer import side

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcost.network.network import Layer, Network
    from convcost.network.op import Op
    from convcost.rewrite.rewrite import Kind

#: Of the channels, those that are left, in blocks of so many.
_LEFT, _BLOCK = 4, 8


class Bottleneck(ChainRewrite):
    """1x1 to a quarter of the channels, the activation, then the kernel over these."""

    name: ClassVar[str] = "bottleneck"
    kind: ClassVar[Kind] = "retrain"
    summary: ClassVar[str] = "1x1 convolution to a quarter of the channels before a larger kernel"
    law: ClassVar[str] = (
        "saves MACs where R*(Ci + K*K*Co) < K*K*Ci*Co, at stride 1: 0.28 for 1 with 3x3, R = C/4 "
        "and Ci = Co = C (Szegedy et al., 2014, arXiv:1409.4842)"
    )

    def concerns(self, op: Op) -> bool:
        """Kernels larger than 1."""
        return convolves(op)

    def refusal(self, network: Network, layer: Layer) -> str | None:
        """Groups; channels that were narrowed already."""
        op: Any = layer.op
        before = narrowed_by(network, layer)
        return f"'{before}' narrows its channels already" if before else grouped(op)

    def widths(self, network: Network, layer: Layer) -> tuple[int, ...]:
        """A quarter, in whole blocks."""
        left = self.most(network, layer) // _LEFT
        return (max(_BLOCK, left // _BLOCK * _BLOCK),)

    def most(self, network: Network, layer: Layer) -> int:
        """As many as there are."""
        channels: Any = network.tensor(layer.inputs[0]).size("channel")
        return int(channels)

    def parts(self, network: Network, layer: Layer, size: int) -> Sequence[Part]:
        """1x1, what follows the layer, the layer."""
        op: Any = layer.op
        activation, layers = between(network, layer)
        first = replace(op, filters=size, windows=ones(op.windows), activation=activation)
        return (
            Part(name="reduce", op=first),
            *(replace(part, name=f"reduce_{part.name}") for part in layers),
            Part(op=op),
        )

    def text(self, op: Any) -> str:
        """The two kernels."""
        return f"{side(ones(op.windows))} to fewer channels before the {side(op.windows)} of"


REWRITE = Bottleneck()
