"""Layers whose results depend on what a network does not keep."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.errors import NetworkError

if TYPE_CHECKING:
    from convcost.network.network import Layer


def check_kept(layer: Layer) -> None:
    """Refuse a layer that, written by what its op keeps, would compute something else.

    Raises:
        NetworkError: it is such a layer.
    """
    if layer.unkept is not None:
        raise NetworkError(
            f"{layer.unkept}: the network does not keep this, so the layer cannot be written"
        )
