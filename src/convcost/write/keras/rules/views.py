"""Parts of tensors, values that are picked, and copies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.ops.copy import Copy, Gather
from convcost.ops.view import View
from convcost.write.keras.rules.movement import permuted, reshaped
from convcost.write.layout import plain_order, sizes_of
from convcost.write.views import check_gather, check_view, keeps_order, repeated_sizes, slices

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.write.keras.site import Rule, Site


def _view(site: Site) -> None:
    op: Any = site.op
    check_view(op, len(site.values))
    _VIEWS[op.function](site)


def _slice(site: Site) -> None:
    """Indexing for each result; where it lacks axes of one value, a function for the shape."""
    import keras

    op: Any = site.op
    tensor, value = site.tensors[0], site.values[0]
    for output, (cuts, result) in enumerate(zip(op.cuts, site.results, strict=True)):
        whole = len(result.axes) == len(tensor.axes)
        order = value.order if whole else plain_order(tensor)
        wanted = slices(cuts, tensor)
        part = f"part{output}" if output else ""
        kept = tuple(wanted[place] for place in order)
        node = site.function(_taken(kept), site.turned(0, order), part=part)
        if not whole:
            sizes = tuple(sizes_of(result.shape, op.kind))
            node = site.function(keras.ops.reshape, node, sizes, part=f"{part}shape")
            order = plain_order(result)
        site.give(node, order, output, positive=site.positive)


def _taken(kept: tuple[slice, ...]) -> Any:
    return lambda x: x[kept]


def _expand(site: Site) -> None:
    """Tiles: Keras's expansion wants to know every size."""
    import keras

    tensor, result = site.tensors[0], site.results[0]
    node, new = site.plain(), len(result.axes) - len(tensor.axes)
    sizes = repeated_sizes(tensor, result, same=1)
    if new:
        shape = tuple([1] * new + sizes_of(tensor.shape, "an expansion"))
        node = site.function(keras.ops.reshape, node, shape, part="axes")
    own = (*(1,) * new, *tensor.shape)
    times = [size if before == 1 else 1 for size, before in zip(sizes, own, strict=True)]
    site.give(site.function(keras.ops.tile, node, times), positive=site.positive)


def _gather(site: Site) -> None:
    import keras

    op: Any = site.op
    axis = check_gather(op, len(site.values))
    made = site.function(keras.ops.take, site.plain(0), site.plain(1), axis=axis)
    site.give(made, positive=site.values[0].positive)


def _copy(site: Site) -> None:
    """Another shape, or another dtype."""
    import keras

    op: Any = site.op
    if keeps_order(op):
        reshaped(site)
        return
    order = site.values[0].order
    made = site.function(keras.ops.cast, site.turned(0, order), site.results[0].dtype)
    site.give(made, order, positive=site.positive)


_VIEWS: Mapping[str, Rule] = {
    "slice": _slice,
    "reshape": reshaped,
    "permute": permuted,
    "expand": _expand,
}
RULES: Mapping[str, Rule] = {View.kind: _view, Gather.kind: _gather, Copy.kind: _copy}
