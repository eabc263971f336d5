"""Names of layers: the module's path; what else is computed inside of it has its function added."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.read.torch.module.site import is_view
from convcost.read.unique import unique

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from convcost.read.torch.module.graph import Draft


def names_of(drafts: Sequence[Draft], needed: Collection[int]) -> list[str | None]:
    """A unique name per draft; None for those that are not needed.

    A module without parts lends its path to the one call that does its work. Everything else, a
    function called by a module with parts, has the path and what it does: ``layer1.0.add``. A
    second one of a name is numbered.
    """
    chosen = _principal(drafts, needed)
    taken: dict[str, int] = {}
    names: list[str | None] = []
    for place, draft in enumerate(drafts):
        if place not in needed:
            names.append(None)
            continue
        wanted = draft.name
        if wanted is None:
            path = "" if draft.within is None else draft.within.path
            wanted = path if place in chosen else f"{path}.{draft.function}".lstrip(".")
        names.append(unique(wanted, taken))
    return names


def _principal(drafts: Sequence[Draft], needed: Collection[int]) -> set[int]:
    """For each call of a module without parts, the draft that does its work."""
    best: dict[int, tuple[int, int]] = {}
    for place, draft in enumerate(drafts):
        within = draft.within
        if place not in needed or within is None or not within.leaf or not within.path:
            continue
        rank = 2 if draft.weights else 0 if is_view(draft.op) else 1
        if id(within) not in best or rank > best[id(within)][0]:
            best[id(within)] = rank, place
    return {place for _, place in best.values()}


def input_names(arguments: Sequence[str]) -> list[str]:
    """Names of a network's inputs: those of the forward pass's arguments where there are several.

    >>> input_names(["x"]), input_names(["image", "text"]), input_names(["", "more", "more"])
    (['input'], ['image', 'text'], ['input', 'more', 'more_2'])
    """
    if len(arguments) == 1:
        return ["input"]
    taken: dict[str, int] = {}
    return [unique(name or "input", taken) for name in arguments]
