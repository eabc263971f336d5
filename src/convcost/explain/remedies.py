"""What a rewrite would do about what was found: the rewrites themselves are asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.rewrite.registry import rewrite_of
from convcost.rewrite.rewrite import Site
from convcost.rewrite.shared.layer import macs

if TYPE_CHECKING:
    from collections.abc import Iterable

    from convcost.network.network import Network


def places(network: Network, name: str) -> Iterable[Site]:
    """Where a rewrite can be done, in the network's order.

    Raises:
        UsageError: there is no rewrite of that name.
    """
    return (site for site in rewrite_of(name).sites(network) if isinstance(site, Site))


def place(network: Network, name: str, layer: str) -> Site | None:
    """Where a rewrite can be done at a layer; None where it cannot; raises as `places`."""
    return next((site for site in places(network, name) if site.layer == layer), None)


def rewritten(network: Network, name: str, site: Site, size: int | None = None) -> Network:
    """The network after a rewrite at one of its places.

    Args:
        network: to be rewritten.
        name: of the rewrite.
        site: one of `places`.
        size: as in `convcost.rewrite.rewrite.Rewrite.changes`.

    Raises:
        NetworkError: something behind does not fit any more.
    """
    return rewrite_of(name).rewritten(network, {site: size})


def macs_ratio(network: Network, name: str, site: Site) -> float:
    """The MACs of what takes the place of a layer, over the layer's own.

    >>> from convcost.zoo import load
    >>> network = load("seed003?kernel=5&padding=same")
    >>> macs_ratio(network, "two-3x3", place(network, "two-3x3", "conv2d_2"))
    0.54
    """
    layer = network.layer(site.layer)
    tensor = network.tensor(layer.inputs[0])
    parts = rewrite_of(name).changes(network, site, None)[layer.name]
    return macs(tensor, [part.op for part in parts]) / macs(tensor, [layer.op])


def command(name: str, layer: str = "", size: int | None = None) -> str:
    """What to type for a rewrite, at a layer or wherever it can be done.

    >>> command("narrow", "conv1", 48)
    '`convcost rewrite --apply narrow --layers conv1 --size 48`'
    """
    where = f" --layers {layer}" if layer else ""
    chosen = "" if size is None else f" --size {size}"
    return f"`convcost rewrite --apply {rewrite_of(name).name}{where}{chosen}`"
