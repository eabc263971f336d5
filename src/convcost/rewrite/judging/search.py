"""Places and sizes at which a rewrite is worth it: by predicted time, on a part of the network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from convcost.errors import NetworkError, UsageError
from convcost.rewrite.judging.parts import Part, Parts
from convcost.rewrite.judging.verdict import Judged, judged
from convcost.rewrite.rewrite import Refused
from convcost.rewrite.sites import groups

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcost.rewrite.applying import Choice
    from convcost.rewrite.judging.effect import Effect
    from convcost.rewrite.judging.figures import Priced
    from convcost.rewrite.judging.setting import Setting
    from convcost.rewrite.rewrite import Rewrite, Site
    from convcost.rewrite.sites import Sites


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


def sizes_at(
    before: Priced, rewrite: Rewrite, there: Sites, choice: Choice, setting: Setting
) -> tuple[dict[str, int | None], list[Refused]]:
    """A size for each place that was chosen, and the places that are left out.

    Exact rewrites are done everywhere, and others wherever the user named layers or a size; where
    nobody did, at the places that are worth it.

    Args:
        before: the network.
        rewrite: the way.
        there: its places.
        choice: what the user asked for.
        setting: what it is judged by.

    Raises:
        UsageError: a size is given to what has none.
    """
    if choice.size is not None and there.sites and not any(s.sizes for s in there.sites):
        raise UsageError(f"{rewrite.name} has no size to choose", hint="leave the size out")
    named = choice.layers is not None or choice.size is not None
    sizes: dict[str, int | None] = {}
    left_out = []
    parts = Parts(before, setting)
    for group in groups(before.network, rewrite, there.sites):
        size = choice.size if group[0].sizes else None
        if rewrite.kind != "exact" and size is None and (group[0].sizes or not named):
            found = largest_worth_it(parts, rewrite, group)
            why = None if named else _against(found)
            if why is not None:
                left_out += [Refused(layer=site.layer, why=why) for site in group]
                continue
            size = None if found is None else found.size
        sizes.update((site.layer, size) for site in group)
    return sizes, left_out


def _against(found: Found | None) -> str | None:
    """Why places are left out that nobody named; None where it is worth it there."""
    if found is None:
        return "its time is not known"
    if found.judged.worth_it:
        return None
    if found.size is None:
        return f"{found.judged.verdict}: {found.judged.reason}"
    return f"no size is worth it; {found.size} {found.judged.reason}"


def largest_worth_it(parts: Parts, rewrite: Rewrite, sites: Sequence[Site]) -> Found | None:
    """The largest size that is worth it; where none is, that of the shortest predicted time.

    Args:
        parts: of the network.
        rewrite: the way.
        sites: of it, alike, and not in each other's way: one stands for all.

    Returns:
        None where nothing of it can be predicted, or no size fits.
    """
    site, whole = sites[0], parts.whole
    best: Found | None = None
    part: Part | None = None
    for size in site.sizes or (None,):
        try:
            changes = rewrite.changes(whole.bound, site, size)
            part = part or parts.around(changes)
            one = part.changed(changes)
        except (NetworkError, UsageError):
            continue
        change = one.times(len(sites))
        found = Found(size, change, judged(rewrite, change, whole.figures))
        if found.judged.worth_it:
            return found
        if best is None or _saved(found) > _saved(best):
            best = found
    return best


def _saved(found: Found) -> float:
    return found.effect.gone - found.effect.new
