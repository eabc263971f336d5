"""Known tensors joined, cut and seen in other shapes."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from convcost.read.limits import MAX_KNOWN_ELEMENTS
from convcost.read.onnx.arithmetic.known import (
    Known,
    Task,
    bounded,
    ceil_div_of,
    clipped,
    picked,
    spread,
    vector,
)
from convcost.read.onnx.arithmetic.scalars import Scalar, Undecided, truth, whole
from convcost.read.onnx.arithmetic.sizes import broadcast, reshaped

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcost.read.onnx.arithmetic.known import Rule


def _cast(task: Task) -> tuple[Known, ...]:
    integer = task.integer
    (first, *_) = task.inputs
    assert first is not None  # noqa: S101 - the only input that is not optional
    if not integer:
        return (first,)
    return (Known(first.shape, tuple([whole(item) for item in first.items])),)


def _same(task: Task) -> tuple[Known, ...]:
    return (task[0],)


def _concatenated(task: Task) -> tuple[Known, ...]:
    parts = [task[place] for place in range(len(task.inputs))]
    parts = [part for part in parts if part.items] or parts[:1]
    rank = len(parts[0].shape)
    axis = int(task.attribute("axis", 0)) % max(rank, 1)
    outer = prod(parts[0].shape[:axis])
    rows = [len(part.items) // max(outer, 1) for part in parts]
    items = [item for row in range(outer) for part, n in zip(parts, rows, strict=True)
             for item in part.items[row * n : (row + 1) * n]]  # fmt: skip
    shape = list(parts[0].shape)
    shape[axis] = sum(part.shape[axis] for part in parts)
    return (Known(tuple(shape), tuple(items)),)


def _gathered(task: Task) -> tuple[Known, ...]:
    data, where = task[0], task[1]
    axis = int(task.attribute("axis", 0)) % len(data.shape)
    size = data.shape[axis]
    places: list[Sequence[int]] = [range(n) for n in data.shape]
    places[axis] = [_place(index, size) for index in where.items]
    shape = (*data.shape[:axis], *where.shape, *data.shape[axis + 1 :])
    return (Known(shape, picked(data.items, data.shape, places)),)


def _place(index: Scalar, size: int) -> int:
    if not isinstance(index, int) or not -size <= index < size:
        raise Undecided
    return index % size


def _sliced(task: Task) -> tuple[Known, ...]:
    data = task[0]
    starts, ends = task.numbers(1, "starts") or (), task.numbers(2, "ends") or ()
    axes = task.numbers(3, "axes") or tuple(range(len(starts)))
    steps = task.numbers(4, "steps") or (1,) * len(starts)
    places: list[Sequence[int]] = [range(n) for n in data.shape]
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        size = data.shape[axis]
        places[axis % len(places)] = range(size)[clipped(start, end, step, size)]
    shape = tuple(len(wanted) for wanted in places)
    return (Known(shape, picked(data.items, data.shape, places)),)


def _squeezed(task: Task) -> tuple[Known, ...]:
    data, axes = task[0], task.numbers(1, "axes")
    rank = len(data.shape)
    gone = {axis % rank for axis in axes} if axes is not None else None
    kept = [n for place, n in enumerate(data.shape)
            if (place not in gone if gone is not None else n != 1)]  # fmt: skip
    return (Known(tuple(kept), data.items),)


def _unsqueezed(task: Task) -> tuple[Known, ...]:
    data, axes = task[0], task.numbers(1, "axes")
    if axes is None:
        raise Undecided
    shape = list(data.shape)
    rank = len(shape) + len(axes)
    for axis in sorted(axis % rank for axis in axes):
        shape.insert(axis, 1)
    return (Known(tuple(shape), data.items),)


def _filled(task: Task) -> tuple[Known, ...]:
    if not task.integer:
        raise Undecided  # perhaps a weight
    shape = bounded(task[0].sizes)
    value = task.attribute("value")
    item: Scalar = 0
    if value is not None:
        if value.load is None:
            raise Undecided
        (item,) = value.load().reshape(-1).tolist()
    return (Known(shape, (item,) * prod(shape)),)


def _range(task: Task) -> tuple[Known, ...]:
    start, limit, delta = (task[place].items[0] for place in range(3))
    if not all(isinstance(n, (int, float)) for n in (start, limit, delta)) or not delta:
        raise Undecided
    count = max(0, ceil_div_of(limit - start, delta))  # type: ignore[operator]
    if count > MAX_KNOWN_ELEMENTS:
        raise Undecided
    return (vector([start + step * delta for step in range(count)]),)  # type: ignore[operator]


def _reshaped(task: Task) -> tuple[Known, ...]:
    data, target = task[0], task[1]
    shape = reshaped(data.shape, target.sizes, zero_copies=not task.attribute("allowzero", 0))
    return (Known(bounded(shape), data.items),)


def _transposed(task: Task) -> tuple[Known, ...]:
    data = task[0]
    rank = len(data.shape)
    order = task.attribute("perm") or tuple(reversed(range(rank)))
    strides = [prod(data.shape[place + 1 :]) for place in range(rank)]
    offsets = [0]
    for place in order:
        offsets = [o + i * strides[place] for o in offsets for i in range(data.shape[place])]
    items = tuple([data.items[offset] for offset in offsets])
    return (Known(tuple(data.shape[place] for place in order), items),)


def _expanded(task: Task) -> tuple[Known, ...]:
    data, target = task[0], task[1]
    shape = bounded(broadcast([data.shape, target.sizes]))
    return (Known(shape, tuple(spread(data, shape))),)


def _nonzero(task: Task) -> tuple[Known, ...]:
    data = task[0]
    flat = [place for place, item in enumerate(data.items) if truth(item)]
    rows = []
    for axis in range(len(data.shape)):
        inner = prod(data.shape[axis + 1 :])
        rows += [place // inner % data.shape[axis] for place in flat]
    return (Known((len(data.shape), len(flat)), tuple(rows)),)


def _tiled(task: Task) -> tuple[Known, ...]:
    data, times = task[0], task.numbers(1, "repeats") or ()
    shape = bounded([n * t for n, t in zip(data.shape, times, strict=True)])
    places = [list(range(n)) * t for n, t in zip(data.shape, times, strict=True)]
    return (Known(shape, picked(data.items, data.shape, places)),)


def _split(task: Task) -> tuple[Known, ...]:
    data, parts = task[0], task.numbers(1, "split")
    axis, count = int(task.attribute("axis", 0)), len(task.node.outputs)
    if len(data.shape) != 1 or axis not in (0, -1):
        raise Undecided
    if parts is None:
        size = -(-len(data.items) // count)
        parts = tuple(min(size, len(data.items) - size * i) for i in range(count))
    found, start = [], 0
    for size in parts:
        found.append(vector(data.items[start : start + size]))
        start += size
    return tuple(found)


MOVEMENT: Mapping[str, Rule] = {
    "Cast": _cast,
    "CastLike": _cast,
    "Identity": _same,
    "Concat": _concatenated,
    "Gather": _gathered,
    "Slice": _sliced,
    "Squeeze": _squeezed,
    "Unsqueeze": _unsqueezed,
    "ConstantOfShape": _filled,
    "Range": _range,
    "Reshape": _reshaped,
    "Transpose": _transposed,
    "Expand": _expanded,
    "Tile": _tiled,
    "Split": _split,
    "NonZero": _nonzero,
}
