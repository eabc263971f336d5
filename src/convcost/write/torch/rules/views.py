"""Parts of tensors, values that are picked, and copies."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

from convcost.ops.copy import Copy, Gather
from convcost.ops.view import View
from convcost.write.layout import plain_order, sizes_of
from convcost.write.torch.rules.movement import permuted, reshaped
from convcost.write.views import check_gather, check_view, keeps_order, repeated_sizes, slices

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.write.torch.site import Rule, Site


def _view(site: Site) -> None:
    op: Any = site.op
    check_view(op, len(site.values))
    _VIEWS[op.function](site)


def _slice(site: Site) -> None:
    """Indexing for each result; where it lacks axes of one value, another view for the shape."""
    import torch

    op: Any = site.op
    tensor, value = site.tensors[0], site.values[0]
    for output, (cuts, result) in enumerate(zip(op.cuts, site.results, strict=True)):
        whole = len(result.axes) == len(tensor.axes)
        order = value.order if whole else plain_order(tensor)
        wanted = slices(cuts, tensor)
        kept = tuple(wanted[place] for place in order)
        node = site.function(operator.getitem, site.graph.turned(value, order), kept)
        if not whole:
            shape = tuple(sizes_of(result.shape, op.kind))
            node, order = site.function(torch.reshape, node, shape), plain_order(result)
        site.give(node, order, output)


def _expand(site: Site) -> None:
    import torch

    sizes = repeated_sizes(site.tensors[0], site.results[0], same=-1)
    site.give(site.function(torch.Tensor.expand, site.plain(), *sizes))


def _gather(site: Site) -> None:
    """By indexing along the axis."""
    op: Any = site.op
    axis = check_gather(op, len(site.values))
    places = (*(slice(None),) * axis, site.plain(1))
    site.give(site.function(operator.getitem, site.plain(0), places))


def _copy(site: Site) -> None:
    """A copy that leaves the shape as it is would be left out as a view."""
    import torch

    op: Any = site.op
    if not keeps_order(op):
        dtype = getattr(torch, site.results[0].dtype)
        site.like_input(site.function(torch.Tensor.to, site.values[0].node, dtype))
    elif site.results[0].shape == site.tensors[0].shape:
        site.give(site.function(torch.Tensor.contiguous, site.plain()))
    else:
        reshaped(site)


_VIEWS: Mapping[str, Rule] = {
    "slice": _slice,
    "reshape": reshaped,
    "permute": permuted,
    "expand": _expand,
}
RULES: Mapping[str, Rule] = {View.kind: _view, Gather.kind: _gather, Copy.kind: _copy}
