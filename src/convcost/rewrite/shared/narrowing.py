"""Convolutions with fewer filters: what such rewrites share."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from convcost.errors import NetworkError
from convcost.network.dataclass import replace
from convcost.ops.conv import Conv
from convcost.rewrite.rewrite import Refused, Rewrite, Site
from convcost.rewrite.shared.chain import chosen_size
from convcost.rewrite.shared.channels import behind
from convcost.rewrite.shared.convolution import grouped
from convcost.rewrite.shared.layer import unfit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from convcost.network.network import Layer, Network
    from convcost.network.surgery import New
    from convcost.rewrite.shared.channels import Cut


class NarrowingRewrite(Rewrite):
    """Gives a convolution fewer filters, and what reads them fewer channels."""

    @abstractmethod
    def widths(self, filters: int) -> tuple[int, ...]:
        """Filters that may be left, the largest first; none where it is narrow already."""

    @abstractmethod
    def text(self, layer: Layer) -> str:
        """What is done, for a sentence."""

    @abstractmethod
    def cut(
        self, network: Network, layer: Layer, cuts: Sequence[Cut], left: int
    ) -> Mapping[str, Sequence[New]]:
        """What takes the place of the convolution and of what reads it."""

    def sites(self, network: Network) -> Iterable[Site | Refused]:
        """The convolutions whose channels end in layers that can be cut."""
        for layer in network.layers:
            if isinstance(layer.op, Conv):
                yield self._site(network, layer, layer.op)

    def changes(
        self, network: Network, site: Site, size: int | None
    ) -> Mapping[str, Sequence[New]]:
        """The layers with fewer channels.

        Raises:
            UsageError: the size is not possible.
            NetworkError: what reads the layer needs its channels as they are.
        """
        layer = network.layer(site.layer)
        op: Any = layer.op
        left = chosen_size(self, site, size, op.filters)
        cuts = behind(network, layer)
        if isinstance(cuts, str):
            raise NetworkError(f"'{layer.name}' cannot be narrowed: {cuts}")
        return self.cut(network, layer, cuts, left)

    def _site(self, network: Network, layer: Layer, op: Conv) -> Site | Refused:
        why = unfit(network, layer) or grouped(op)
        if why is not None:
            return Refused(layer=layer.name, why=why)
        sizes = self.widths(op.filters)  # type: ignore[arg-type]
        if not sizes:
            why = f"its {op.filters} filters are too few to leave a whole block of 8"
            return Refused(layer=layer.name, why=why)
        cuts = behind(network, layer)
        if isinstance(cuts, str):
            return Refused(layer=layer.name, why=cuts)
        names = (layer.name, *(cut.layer for cut in cuts))
        return Site(layer=layer.name, layers=names, text=self.text(layer), sizes=sizes)


def narrower(layer: Layer, left: int) -> Conv:
    """The convolution with so many filters."""
    op = layer.op
    assert isinstance(op, Conv)  # noqa: S101 - for types
    return replace(op, filters=left)
