"""Pooling in front of a flattened image."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from convcost.network.network import Ref
from convcost.network.surgery import New
from convcost.ops.pool import Pool
from convcost.ops.window import Window
from convcost.read.unique import unique
from convcost.rewrite.rewrite import Refused, Rewrite, Site
from convcost.rewrite.shared.chain import chosen_size
from convcost.rewrite.shared.flattening import behind, flattened

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from convcost.network.network import Network
    from convcost.rewrite.rewrite import Kind


class PoolBeforeFlatten(Rewrite):
    """The maximum of two positions along each axis; the dense layers behind read what is left."""

    name: ClassVar[str] = "pool-before-flatten"
    kind: ClassVar[Kind] = "retrain"
    summary: ClassVar[str] = "2x2 max pooling before Flatten + dense"
    law: ClassVar[str] = "weights and MACs of the dense layer behind an image: a quarter"

    def sites(self, network: Network) -> Iterable[Site | Refused]:
        """Flattened images in front of dense layers."""
        for layer, axes, readers in flattened(network):
            if isinstance(readers, str):
                yield Refused(layer=layer.name, why=readers)
                continue
            text = f"{'x'.join('2' * len(axes))} max pooling before {layer.name}"
            names = (layer.name, *(reader.name for reader in readers))
            yield Site(layer=layer.name, layers=names, text=text)

    def changes(
        self, network: Network, site: Site, size: int | None
    ) -> Mapping[str, Sequence[New]]:
        """The pooling, the layer, and the layers behind.

        Raises:
            UsageError: a size is asked for.
            NetworkError: what reads the layer needs its values as they are.
        """
        chosen_size(self, site, size, 0)
        layer, axes = next((x, axes) for x, axes, _ in flattened(network) if x.name == site.layer)
        name = unique(f"{layer.name}_pool", {each.name: 1 for each in network.layers})
        pool = Pool(function="max", windows=tuple(Window(axis, 2, 2) for axis in axes))
        pooled = New(name=name, op=pool, inputs=layer.inputs)
        last = New(name=layer.name, op=layer.op, inputs=(Ref(name),))
        return {layer.name: (pooled, last), **behind(network, layer)}


REWRITE = PoolBeforeFlatten()
