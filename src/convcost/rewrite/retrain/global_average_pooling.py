"""Averages over all positions in place of a flattened image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from convcost.network.network import Ref
from convcost.network.surgery import New
from convcost.network.tensor import SPATIAL_AXES
from convcost.ops.conv import Conv
from convcost.ops.pool import GlobalPool
from convcost.ops.window import Window
from convcost.read.unique import unique
from convcost.rewrite.rewrite import Refused, Rewrite, Site
from convcost.rewrite.shared.chain import chosen_size
from convcost.rewrite.shared.flattening import (
    behind,
    dense_layers,
    dense_macs,
    flattened,
    positions,
)
from convcost.rewrite.shared.layer import macs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from convcost.network.network import Layer, Network
    from convcost.network.op import Op
    from convcost.rewrite.rewrite import Kind


class GlobalAveragePooling(Rewrite):
    """Flatten -> the average of each channel; the dense layers behind read one value per channel.

    Where they make more values than there are channels, a 1x1 convolution with ReLU may double the
    channels first: the size is the number of values that are averaged.
    """

    name: ClassVar[str] = "global-average-pooling"
    kind: ClassVar[Kind] = "retrain"
    summary: ClassVar[str] = "Flatten + dense -> (1x1 convolution,) global average pooling + dense"
    law: ClassVar[str] = (
        "weights and MACs of the dense layer: H*W*C*N -> C*N; it converges more slowly, to about "
        "the same accuracy (Lin et al., 2013, arXiv:1312.4400; seed 004)"
    )

    def sites(self, network: Network) -> Iterable[Site | Refused]:
        """Flattened images in front of dense layers."""
        for layer, _, readers in flattened(network):
            if isinstance(readers, str):
                yield Refused(layer=layer.name, why=readers)
                continue
            sizes = self._sizes(network, layer, readers)
            many = positions(network.tensor(layer.inputs[0]))
            text = f"average over the {many:,} positions that {layer.name} passes on"
            names = (layer.name, *(reader.name for reader in readers))
            yield Site(layer=layer.name, layers=names, text=text, sizes=sizes)

    def changes(
        self, network: Network, site: Site, size: int | None
    ) -> Mapping[str, Sequence[New]]:
        """The pooling, which bears the name of the Flatten, and the layers behind.

        Raises:
            UsageError: the size is not possible.
            NetworkError: what reads the Flatten needs its values as they are.
        """
        layer = network.layer(site.layer)
        channels: Any = network.tensor(layer.inputs[0]).size("channel")
        features = chosen_size(self, site, size, max((channels, *site.sizes)))
        taken = {each.name: 1 for each in network.layers}
        *before, pool = self._ops(network, layer, features)
        inputs, found = layer.inputs, []
        for op in before:
            name = unique(f"{layer.name}_pointwise", taken)
            found.append(New(name=name, op=op, inputs=inputs))
            inputs = (Ref(name),)
        found.append(New(name=layer.name, op=pool, inputs=inputs))
        return {layer.name: found, **behind(network, layer)}

    def _sizes(self, network: Network, layer: Layer, readers: Sequence[Layer]) -> tuple[int, ...]:
        """The channels; twice as many first where the dense layers make more and that saves."""
        tensor = network.tensor(layer.inputs[0])
        channels: Any = tensor.size("channel")
        features: Any = layer.outputs[0].axes[-1].size
        before = dense_macs(network, readers, features)
        double = 2 * channels
        ops = list(self._ops(network, layer, double))
        after = macs(tensor, ops) + dense_macs(network, readers, double)
        wanted = max(reader.op.units for reader in dense_layers(readers))  # type: ignore[attr-defined]
        return (double, channels) if wanted >= double and after < before else (channels,)

    def _ops(self, network: Network, layer: Layer, features: int) -> Iterator[Op]:
        """What makes so many values of the image."""
        tensor = network.tensor(layer.inputs[0])
        axes = tuple(a.name for a in tensor.axes if a.name in SPATIAL_AXES)
        if features != tensor.size("channel"):
            ones = tuple(Window(axis, 1) for axis in axes)
            yield Conv(filters=features, windows=ones, activation="relu")
        yield GlobalPool(function="average", axes=axes)


REWRITE = GlobalAveragePooling()
