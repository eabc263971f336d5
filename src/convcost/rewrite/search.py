"""The size at which a rewrite is worth it: by predicted time, tried on a part of the network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from convcost.errors import NetworkError, UsageError
from convcost.network.surgery import rebuilt
from convcost.rewrite.effect import Effect, effect
from convcost.rewrite.excerpt import excerpt
from convcost.rewrite.figures import Priced, priced
from convcost.rewrite.verdict import Judged, judged

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcost.network.network import Network
    from convcost.network.surgery import New
    from convcost.rewrite.figures import Figures
    from convcost.rewrite.rewrite import Rewrite, Site
    from convcost.rewrite.setting import Setting

#: Steps along the graph around what is changed, so that kernels and layouts are those of the whole.
_AROUND = 4


@dataclass(frozen=True, slots=True)
class Found:
    """What comes of a rewrite at places that are alike.

    Attributes:
        size: that was chosen; None where there is no choice.
        effect: of all places together.
        judged: the verdict.
    """

    size: int | None
    effect: Effect
    judged: Judged


def largest_worth_it(
    network: Network,
    rewrite: Rewrite,
    sites: Sequence[Site],
    before: Figures,
    setting: Setting,
) -> Found | None:
    """The largest size that is worth it; where none is, that of the shortest predicted time.

    Args:
        network: whose sites they are.
        rewrite: the way.
        sites: alike, and not in each other's way: one stands for all.
        before: figures of the network.
        setting: what it is judged by.

    Returns:
        None where nothing of it can be predicted, or no size fits.
    """
    site = sites[0]
    best: Found | None = None
    part: Priced | None = None
    for size in site.sizes or (None,):
        try:
            changes = rewrite.changes(network, site, size)
            part = part or priced(_around(network, changes), setting)
            after = priced(rebuilt(part.network, changes), setting)
        except (NetworkError, UsageError):
            continue
        whole = effect(part, after).times(len(sites))
        found = Found(size, whole, judged(rewrite, whole, before))
        if found.judged.worth_it:
            return found
        if best is None or _saved(found) > _saved(best):
            best = found
    return best


def _around(network: Network, changes: Mapping[str, Sequence[New]]) -> Network:
    read = {ref.layer for new in changes.values() for each in new for ref in each.inputs}
    known = {layer.name for layer in network.layers}
    return excerpt(network, {*changes, *(read & known)}, _AROUND)


def _saved(found: Found) -> float:
    return found.effect.gone - found.effect.new
