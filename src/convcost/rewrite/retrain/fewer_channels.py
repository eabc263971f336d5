"""A convolution with half of its filters."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from convcost.rewrite.shared.layer import anew
from convcost.rewrite.shared.narrowing import NarrowingRewrite, narrower

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcost.network.network import Layer, Network
    from convcost.network.surgery import New
    from convcost.rewrite.rewrite import Kind
    from convcost.rewrite.shared.channels import Cut

#: Filters come in blocks of so many.
_BLOCK = 8


class FewerChannels(NarrowingRewrite):
    """Half of the filters, in whole blocks; what reads them follows, and is trained anew too."""

    name: ClassVar[str] = "fewer-channels"
    kind: ClassVar[Kind] = "retrain"
    summary: ClassVar[str] = "half of a convolution's filters, in whole blocks of 8"
    law: ClassVar[str] = (
        "halves the MACs and weights of the layer and of those that read it: the first thing to "
        "cut where a network is too slow, since kernels are small and depth is needed (seed 004)"
    )

    def widths(self, filters: int) -> tuple[int, ...]:
        """Half, in whole blocks."""
        half = filters // 2 // _BLOCK * _BLOCK
        return (half,) if half else ()

    def text(self, layer: Layer) -> str:
        """How many there are."""
        return f"half of the {layer.outputs[0].size('channel')} filters of {layer.name}"

    def cut(
        self, network: Network, layer: Layer, cuts: Sequence[Cut], left: int
    ) -> Mapping[str, Sequence[New]]:
        """The convolution, and what reads it in the sizes that follow."""
        others = {cut.layer: (anew(network, network.layer(cut.layer)),) for cut in cuts}
        return {layer.name: (anew(network, layer, narrower(layer, left)),), **others}


REWRITE = FewerChannels()
