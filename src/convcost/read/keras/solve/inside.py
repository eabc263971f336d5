"""Layers inside wrappers: a summary prints the wrapper's numbers, but not what it wraps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.errors import NetworkError
from convcost.network.dataclass import replace
from convcost.read.keras.solve.agree import misfit
from convcost.read.keras.solve.site import Site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from convcost.network.network import Note
    from convcost.network.op import Op
    from convcost.network.tensor import Tensor
    from convcost.read.keras.summary.table import Dimension


def fitting(
    site: Site,
    classes: Iterable[str],
    tensor: Tensor,
    shape: Sequence[Dimension],
    parameters: int,
    wrapped: Callable[[Op], Op] | None = None,
) -> tuple[str, Op] | None:
    """The first of some classes that explains a printed shape and parameters, and its op.

    Args:
        site: of the wrapper; notes of what was inferred inside are added to it.
        classes: the likeliest first.
        tensor: what the inner layer is called on.
        shape: what it gives, the batch included.
        parameters: how many it has.
        wrapped: the wrapper around an op; None where other readings of what is inside cannot be
            chosen.
    """
    from convcost.read.keras.solve.rules import rules

    for name in classes:
        row = replace(site.item.row, parameters=parameters)
        item = replace(site.item, class_name=name, shape=list(shape), row=row, config={})
        inner = Site(item, (tensor,), "linear", site.channels_first)
        try:
            op = rules()[name](inner)
        except NetworkError:
            continue
        if not misfit(op, (tensor,), shape, parameters):
            site.notes += [_around(note, wrapped) for note in inner.notes]
            return name, op
    return None


def _around(note: Note, wrapped: Callable[[Op], Op] | None) -> Note:
    """A note on what is inside, as one on the wrapper."""
    alternatives = tuple(
        replace(each, op=wrapped(each.op) if wrapped and each.op else None)
        for each in note.alternatives
    )
    return replace(note, alternatives=alternatives)
