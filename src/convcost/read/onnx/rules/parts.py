"""Tensors joined, split, cut and repeated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.errors import NetworkError
from convcost.network.builder import BATCH
from convcost.network.dims import free_symbols
from convcost.ops.copy import Copy
from convcost.ops.merge import Concatenate
from convcost.ops.view import Cut
from convcost.read.onnx.arithmetic.known import clipped
from convcost.read.onnx.scope import layer_name
from convcost.read.onnx.site import place_of
from convcost.read.onnx.step import Step, view

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcost.network.dims import Dim
    from convcost.read.onnx.site import Rule, Site
    from convcost.read.onnx.values import Value

#: What exporters write for "up to the end", and more.
_FAR = 2**31 - 1


def _concatenate(site: Site) -> Step | Value:
    operands = [value for value in site.values() if not (value.is_empty and value.rank == 1)]
    if not operands:
        return site.value(0)
    rank = operands[0].rank
    if any(operand.rank != rank for operand in operands):
        shown = " and ".join(str(operand.sizes) for operand in operands[:3])
        raise NetworkError(f"cannot join {shown}: another number of axes")
    axis = site.position("axis", rank, 1)
    full = [operand for operand in operands if not operand.is_empty] or operands[:1]
    full = _with_batch(site, full, axis)
    shape = list(full[0].sizes)
    for place in range(rank):
        sizes = dict.fromkeys(operand.sizes[place] for operand in full)
        if place != axis and len(sizes) > 1:
            shown = " and ".join(map(str, sizes))
            way_out = "; --input with the input's shape decides it" if free_symbols(*sizes) else ""
            raise NetworkError(f"cannot join along axis {axis}: axis {place} is {shown}{way_out}")
    shape[axis] = sum((operand.sizes[axis] for operand in full), start=0)
    result = site.resized(full[0], shape)
    for operand in full[1:]:
        result.axes.unite(operand.axes)
    name = result.axes.at(axis)
    names = result.names
    return Step(Concatenate(name), tuple(site.named(_data(site, o), names) for o in full),
                (result,))  # fmt: skip


def _data(site: Site, value: Value) -> Value:
    return value if value.ref is not None else site.building.readable(value)


def _with_batch(site: Site, operands: list[Value], axis: int) -> list[Value]:
    """Stored operands whose first size is the literal batch stand for N of themselves."""
    literal = site.building.sizes.literal
    if axis == 0 or literal is None or all(o.sizes[0] != BATCH for o in operands):
        return operands
    found = []
    for operand in operands:
        if operand.stored is not None and operand.sizes[0] == literal:
            site.building.assumed.append(layer_name(site.node, site.scope))
            operand = site.seen(operand, (BATCH, *operand.sizes[1:]))  # noqa: PLW2901
        found.append(operand)
    return found


def _split(site: Site) -> Step:
    """Parts are an input since opset 13."""
    tensor = site.value(0)
    axis = site.position("axis", tensor.rank)
    size = tensor.sizes[axis]
    count = site.wanted
    parts: Sequence[Dim] | None = site.sizes(1) if site.has(1) else site.integers("split")
    if parts is None:
        each = -(-size // count)
        parts = [*[each] * (count - 1), size - each * (count - 1)]
    if len(parts) != count or sum(parts) != size:
        raise NetworkError(f"{size} cannot be split into {tuple(parts)} as {count} outputs")
    results, cuts = [], []
    start: Dim = 0
    for place, part in enumerate(parts):
        result = site.resized(tensor, (*tensor.sizes[:axis], part, *tensor.sizes[axis + 1 :]))
        result.name = site.node.outputs[place]
        results.append(result)
        if not result.is_empty:  # what is empty is no result of the layer
            cuts.append((Cut(axis, start, start + part),))
        start += part
    return view(tensor, *results, function="slice", cuts=tuple(cuts))


def _slice(site: Site) -> Step | Value:
    """Numbers are inputs since opset 10; only those of the sliced axes are stated."""
    tensor = site.value(0)
    if site.has(1):
        starts, ends = site.sizes(1) or (), site.sizes(2) or ()
    else:
        starts, ends = site.integers("starts") or (), site.integers("ends") or ()
    axes = site.numbers("axes", 3) or tuple(range(len(starts)))
    steps = site.numbers("steps", 4) or (1,) * len(starts)
    shape, cuts = list(tensor.sizes), []
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        place = place_of(axis, tensor.rank)
        size = tensor.sizes[place]
        shape[place] = sliced(size, start, end, step)
        cuts.append(Cut(place, *_bounds(size, start, end), step))
    if tuple(shape) == tensor.sizes and all(step > 0 for step in steps):
        return tensor
    result = site.resized(tensor, shape)
    if any(step < 0 for step in steps):
        return Step(lambda out: Copy(function="flip", result=out[0]), (tensor,), (result,))
    return view(tensor, result, function="slice", cuts=(tuple(cuts),))


def _bounds(size: Dim, start: Dim, end: Dim) -> tuple[Dim, Dim | None]:
    """The first place of a slice forwards and the one behind its last; None: the axis's end."""
    if isinstance(size, int) and isinstance(start, int) and isinstance(end, int):
        return slice(start, end).indices(size)[:2]
    first = start + size if isinstance(start, int) and start < 0 else start
    if end == size or (isinstance(end, int) and end >= _FAR):
        return first, None
    return first, size + end if isinstance(end, int) and end < 0 else end


def sliced(size: Dim, start: Dim, end: Dim, step: int) -> Dim:
    """What is left of an axis.

    Raises:
        NetworkError: it cannot be told without numbers for open sizes.
    """
    if step == 0:
        raise NetworkError("a slice of step 0")
    if isinstance(size, int) and isinstance(start, int) and isinstance(end, int):
        return len(range(size)[clipped(start, end, step, size)])
    far = isinstance(end, int) and end >= _FAR
    if step < 0:
        if start == -1 and isinstance(end, int) and end < -(2**31) + 2:
            return -(size // step) if step == -1 else (size - 1) // -step + 1
        raise NetworkError("a slice backwards over an open size")
    first = start + size if isinstance(start, int) and start < 0 else start
    if far or end == size:
        last: Dim = size
    elif isinstance(end, int) and end < 0:
        last = size + end
    else:
        last = end  # taken to be within the axis
    length = last - first
    return length if step == 1 else (length + step - 1) // step


def _tile(site: Site) -> Step:
    tensor, times = site.value(0), site.sizes(1)
    if times is None or len(times) != tensor.rank:
        raise NetworkError(f"{times} repetitions of a tensor of {tensor.rank} axes")
    shape = [size * n for size, n in zip(tensor.sizes, times, strict=True)]
    result = site.resized(tensor, shape)
    return Step(lambda out: Copy(function="tile", result=out[0]), (tensor,), (result,))


RULES: Mapping[str, Rule] = {
    "Concat": _concatenate,
    "Split": _split,
    "Slice": _slice,
    "Tile": _tile,
}
