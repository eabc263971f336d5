"""Values picked by indices, or written to places that indices tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.errors import NetworkError
from convcost.network.dims import Expr
from convcost.ops.copy import Copy, Fill, Gather
from convcost.ops.embedding import Embedding
from convcost.ops.scatter import ScatterAdd
from convcost.ops.view import Cut
from convcost.read.onnx.arithmetic.known import Known
from convcost.read.onnx.arithmetic.scalars import Undecided
from convcost.read.onnx.site import place_of
from convcost.read.onnx.step import Step, Weight, view

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcost.network.dims import Dim
    from convcost.read.onnx.site import Rule, Site
    from convcost.read.onnx.values import Value


def _gather(site: Site) -> Step:
    table, indices = site.value(0), site.value(1)
    axis = site.position("axis", table.rank)
    shape = (*table.sizes[:axis], *indices.sizes, *table.sizes[axis + 1 :])
    stored = table.stored
    if stored is not None and stored.is_parameter and (axis, table.rank) == (0, 2):
        result = site.new(shape, table.dtype)
        result.axes.take((*indices.names, None if "feature" in indices.names else "feature"))
        entries, units = table.sizes
        op = Embedding(entries=entries, units=units, names=result.names)
        return site.weighted(op, [indices], [Weight("embeddings", table)], [result])
    result = site.new(shape, table.dtype)
    names = table.names
    result.axes.take((*names[:axis], *(None,) * indices.rank, *names[axis + 1 :]))
    if indices.is_number or (indices.known is not None and len(indices.known.items) == 1):
        return _one_place(site, table, axis, indices, result)
    return Step(lambda out: Gather(result=out[0], axis=axis), (table, indices), (result,))


def _one_place(site: Site, table: Value, axis: int, index: Value, result: Value) -> Step:
    known = site.building.known(index, setting=True)
    place: Any = None if known is None else known.items[0]
    if isinstance(place, int) and place < 0:
        place += table.sizes[axis]
    if not isinstance(place, (int, Expr)):
        return view(table, result)
    return view(table, result, function="slice", cuts=((Cut(axis, place, place + 1),),))


def _gather_elements(site: Site) -> Step:
    table, indices = site.value(0), site.value(1)
    result = site.resized(table, indices.sizes)
    return Step(lambda out: Gather(result=out[0]), (table, indices), (result,))


def _gather_nd(site: Site) -> Step:
    table, indices = site.value(0), site.value(1)
    shared, depth = site.integer("batch_dims"), indices.sizes[-1]
    if not isinstance(depth, int) or shared + depth > table.rank:
        raise NetworkError(f"indices of shape {indices.sizes} for a tensor {table.sizes}")
    result = site.new((*indices.sizes[:-1], *table.sizes[shared + depth :]), table.dtype)
    return Step(lambda out: Gather(result=out[0]), (table, indices), (result,))


def _scatter(site: Site) -> Step:
    """The values of the first input, some of them overwritten or added to."""
    tensor, indices, values = (site.value(place) for place in range(3))
    result = site.like(tensor)
    if site.text("reduction", "none") != "none":
        return Step(lambda out: ScatterAdd(result=out[0], source=2),
                    (tensor, indices, values), (result,))  # fmt: skip
    return Step(lambda out: Copy(function="scatter", result=out[0]),
                (tensor, indices, values), (result,))  # fmt: skip


def _tensor_scatter(site: Site) -> Step:
    cache, new = site.value(0), site.value(1)
    return Step(lambda out: Copy(function="scatter", result=out[0]), (cache, new),
                (site.like(cache),))  # fmt: skip


def _one_hot(site: Site) -> Step:
    indices, depth = site.value(0), site.sizes(1)
    if not depth:
        raise NetworkError("how many classes there are is not known")
    rank = indices.rank + 1
    axis = place_of(site.integer("axis", -1), rank)
    shape = list(indices.sizes)
    shape.insert(axis, depth[0])
    result = site.new(shape, site.value(2).dtype)
    return Step(lambda out: Copy(function="one_hot", result=out[0]), (indices,), (result,))


def _triangle(site: Site) -> Step:
    tensor = site.value(0)
    function = "triu" if site.integer("upper", 1) else "tril"
    return Step(lambda out: Copy(function=function, result=out[0]), (tensor,),
                (site.like(tensor),))  # fmt: skip


def _reverse(site: Site) -> Step:
    tensor = site.value(0)
    return Step(lambda out: Copy(function="flip", result=out[0]), (tensor,), (site.like(tensor),))


def _shape(site: Site) -> Value | Step:
    """Sizes are known; what reads them as numbers needs no tensor."""
    tensor = site.value(0)
    start, end = site.integer("start"), site.integer("end", tensor.rank)
    sizes = tensor.sizes[start:end]
    return _told(site, (len(sizes),), sizes)


def _size(site: Site) -> Value | Step:
    from convcost.network.dims import product

    return _told(site, (), (product(site.value(0).sizes),))


def _told(site: Site, shape: tuple[int, ...], items: Sequence[Dim]) -> Value:
    result = site.new(shape, "int64")
    result.known = Known(shape, tuple(items))
    return result


def _range(site: Site) -> Step:
    """A range whose numbers are not all plain ones, or that is a long one."""
    from convcost.read.onnx.arithmetic.known import ceil_div_of

    start, limit, delta = (site.known(place) for place in range(3))
    if start is None or limit is None or delta is None:
        raise NetworkError("its bounds are missing")
    span = limit.items[0] - start.items[0]  # type: ignore[operator]
    step = delta.items[0]
    if not isinstance(span, (int, float, Expr)) or not isinstance(step, (int, float)) or not step:
        raise Undecided
    if isinstance(span, Expr) and not isinstance(step, int):
        raise Undecided
    result = site.new((ceil_div_of(span, step),), site.value(0).dtype)
    return Step(lambda out: Fill(function="arange", result=out[0]), (), (result,))


RULES: Mapping[str, Rule] = {
    "Gather": _gather,
    "GatherElements": _gather_elements,
    "GatherND": _gather_nd,
    **dict.fromkeys(("Scatter", "ScatterElements", "ScatterND"), _scatter),
    "TensorScatter": _tensor_scatter,
    "OneHot": _one_hot,
    "Trilu": _triangle,
    "ReverseSequence": _reverse,
    "Shape": _shape,
    "Size": _size,
    "Range": _range,
}
