"""Layers that prepare data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.network.dims import number
from convcost.ops.preparation import CategoryEncoding, Normalization, Rescaling
from convcost.write.layout import behind, last_places
from convcost.write.preparation import rescaled, statistics

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.write.keras.site import Rule, Site


def _normalization(site: Site) -> None:
    """By statistics that are stored, or plain numbers."""
    op: Any = site.op
    axes = last_places(site.tensors[0], op.axes) if op.axes != () else None
    found = statistics(op, site.tensors[0], site.weights, exact=site.exact)
    if not op.stored:
        mean, variance = (
            each.item() if each.size == 1 else each.tolist()
            for each in (found.mean, found.variance)
        )
        made = site.layer("Normalization", site.plain(), axis=axes, mean=mean, variance=variance)
        site.give(made)
        return
    numbers = {
        "adapt_mean": site.numbers("mean"),
        "adapt_variance": site.numbers("variance"),
        "count": site.numbers("count"),
    }
    site.give(site.layer("Normalization", site.plain(), numbers=numbers, axis=axes))


def _encoding(site: Site) -> None:
    op: Any = site.op
    tokens = number(op.categories, "categories")
    made = site.layer("CategoryEncoding", site.plain(), num_tokens=tokens, output_mode=op.mode)
    site.give(made)


def _rescaling(site: Site) -> None:
    """``x * scale + offset``; numbers of places are along the last axis, as the network's are."""
    op: Any = site.op
    order, last = site.values[0].order, len(site.values[0].order) - 1
    numbers = rescaled(op, site.tensors[0], exact=site.exact)
    if any(array.ndim for array in numbers):
        order = behind(order, (last,))
    scale, offset = (array.tolist() for array in numbers)
    site.give(site.layer("Rescaling", site.turned(0, order), scale=scale, offset=offset), order)


RULES: Mapping[str, Rule] = {
    Normalization.kind: _normalization,
    Rescaling.kind: _rescaling,
    CategoryEncoding.kind: _encoding,
}
