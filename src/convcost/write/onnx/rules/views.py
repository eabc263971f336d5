"""Parts of tensors, values that are picked, and copies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.errors import NetworkError
from convcost.ops.copy import Copy, Gather
from convcost.ops.view import View
from convcost.read.onnx.file.dtypes import DTYPES
from convcost.write.layout import plain_order, sizes_of
from convcost.write.onnx.rules.movement import permuted, reshaped
from convcost.write.views import check_gather, check_view, keeps_order, repeated_sizes, slices

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.write.onnx.site import Rule, Site

#: Name of a dtype -> TensorProto.DataType.
_KINDS = {name: number for number, name in DTYPES.items()}


def _view(site: Site) -> None:
    op: Any = site.op
    check_view(op, len(site.values))
    _VIEWS[op.function](site)


def _slice(site: Site) -> None:
    """A node for each result; where it lacks axes of one value, another one for the shape."""
    op: Any = site.op
    tensor, value = site.tensors[0], site.values[0]
    for output, (cuts, result) in enumerate(zip(op.cuts, site.results, strict=True)):
        whole = len(result.axes) == len(tensor.axes)
        order = value.order if whole else plain_order(tensor)
        wanted = slices(cuts, tensor)
        places = [place for place, each in enumerate(order) if wanted[each] != slice(None)]
        taken = [wanted[order[place]] for place in places]
        ends = [_END if each.stop is None else each.stop for each in taken]
        bounds = ([each.start for each in taken], ends, places, [each.step for each in taken])
        numbers = (site.graph.whole_numbers(each) for each in bounds)
        name = site.graph.turned(value, order)
        if places:
            name = site.node("Slice", name, *numbers)
        if not whole:
            shape = site.graph.whole_numbers(sizes_of(result.shape, op.kind))
            name, order = site.node("Reshape", name, shape), plain_order(result)
        site.give(name, order, output)


#: A place behind every axis's end.
_END = 2**63 - 1


def _expand(site: Site) -> None:
    sizes = repeated_sizes(site.tensors[0], site.results[0], same=1)
    site.give(site.node("Expand", site.plain(), site.graph.whole_numbers(sizes)))


def _gather(site: Site) -> None:
    op: Any = site.op
    axis = check_gather(op, len(site.values))
    site.give(site.node("Gather", site.plain(0), site.plain(1), axis=axis))


def _copy(site: Site) -> None:
    op: Any = site.op
    if keeps_order(op):
        reshaped(site)
        return
    dtype = site.results[0].dtype
    if dtype not in _KINDS:
        raise NetworkError(f"ONNX has no tensors of {dtype}")
    site.like_input(site.node("Cast", site.values[0].name, to=_KINDS[dtype]))


_VIEWS: Mapping[str, Rule] = {
    "slice": _slice,
    "reshape": reshaped,
    "permute": permuted,
    "expand": _expand,
}
RULES: Mapping[str, Rule] = {View.kind: _view, Gather.kind: _gather, Copy.kind: _copy}
