"""Calls of one op with the same weights, which a target writes as one part."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from convcost.network.network import Layer, Network


def owner(network: Network, layer: Layer) -> str:
    """Whose parts a layer uses: those of the first call of the same op with the same weights."""
    if layer.shared_with is None:
        return layer.name
    first = network.layer(layer.shared_with)
    same = first.op == layer.op and first.parameters == layer.parameters
    return first.name if same else layer.name


def is_shared(network: Network, layer: Layer) -> bool:
    """Whether another call uses the layer's parts, or it those of another call."""
    lent = any(other.shared_with == layer.name for other in network.layers)
    return layer.shared_with is not None or lent
