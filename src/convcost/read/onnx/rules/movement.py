"""The same values in other shapes and orders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.errors import NetworkError
from convcost.network.builder import BATCH
from convcost.network.dataclass import replace
from convcost.network.dims import Dim, product
from convcost.ops.reshape import Flatten, Reshape
from convcost.read.onnx.arithmetic.sizes import broadcast, reshaped
from convcost.read.onnx.scope import layer_name
from convcost.read.onnx.site import place_of
from convcost.read.onnx.step import Step, view
from convcost.read.shared_axes import matched

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcost.read.onnx.site import Rule, Site
    from convcost.read.onnx.values import Value


def _reshape(site: Site) -> Step | Value:
    """The target is an input since opset 5."""
    tensor = site.value(0)
    target = site.sizes(1) if site.has(1) else site.integers("shape")
    if target is None:
        raise NetworkError("the shape to give it is missing")
    target = _lifted(site, tensor, target)
    shape = reshaped(tensor.sizes, target, zero_copies=not site.integer("allowzero"))
    return _seen(site, tensor, shape)


def _lifted(site: Site, tensor: Value, target: Sequence[Dim]) -> tuple[Dim, ...]:
    """The target with a literal batch read as N, where the tensor has N in the same place."""
    literal, sizes = site.building.sizes.literal, tensor.sizes
    if literal is None or BATCH not in sizes:
        return tuple(target)
    place = sizes.index(BATCH)
    if place >= len(target) or target[place] != literal:
        return tuple(target)
    site.building.assumed.append(layer_name(site.node, site.scope))
    return (*target[:place], BATCH, *target[place + 1 :])


def _seen(site: Site, tensor: Value, shape: Sequence[Dim]) -> Step | Value:
    """A view of another shape; of a stored tensor still the stored one."""
    shape = tuple(shape)
    if shape == tensor.sizes:
        return tensor
    result = site.new(shape, tensor.dtype)
    if tensor.stored is not None and tensor.ref is None:
        numbers: Any = shape
        return _stored(tensor, result, lambda array: array.reshape(numbers))
    if _flattens(tensor, result):
        result.axes.take((tensor.names[0], "feature"))
        return Step(Flatten(), (tensor,), (result,))
    result.axes.take(matched(tensor.names, tensor.sizes, shape))
    return _reshaped(tensor, result)


def _reshaped(tensor: Value, result: Value) -> Step:
    """The same values in the same order; a reshape keeps the first axis."""
    if not (result.rank > 0 and tensor.sizes[:1] == result.sizes[:1]):
        return view(tensor, result, function="reshape")
    # the axes are asked for once all have their names
    return Step(lambda out: Reshape(out[0].axes[1:]), (tensor,), (result,))


def _stored(tensor: Value, result: Value, seen: Any) -> Value:
    assert tensor.stored is not None  # noqa: S101 - asked before
    result.stored = replace(tensor.stored, views=(*tensor.stored.views, seen))
    return result


def _flattens(tensor: Value, result: Value) -> bool:
    """Whether all axes after the first become one, the batch staying in front."""
    return result.rank == 2 < tensor.rank and result.sizes[0] == tensor.sizes[0]


def _flatten(site: Site) -> Step | Value:
    """Two axes: those before the given one, and the others."""
    tensor = site.value(0)
    axis = site.integer("axis", 1)
    if not -tensor.rank <= axis <= tensor.rank:
        raise NetworkError(f"there is no axis {axis} in a tensor of {tensor.rank} axes")
    axis = axis + tensor.rank if axis < 0 else axis
    return _seen(site, tensor, (product(tensor.sizes[:axis]), product(tensor.sizes[axis:])))


def _squeeze(site: Site) -> Step | Value:
    """Axes are an input since opset 13."""
    tensor, axes = site.value(0), site.numbers("axes", 1)
    if axes is None:
        gone = {place for place, size in enumerate(tensor.sizes) if size == 1}
    else:
        gone = {place_of(axis, tensor.rank) for axis in axes}
    for place in gone:
        if tensor.sizes[place] != 1:
            raise NetworkError(f"axis {place} of {tensor.sizes} is not 1 and cannot vanish")
    kept = [place for place in range(tensor.rank) if place not in gone]
    return _turned(site, tensor, [tensor.sizes[p] for p in kept], [tensor.names[p] for p in kept])


def _unsqueeze(site: Site) -> Step | Value:
    """Axes are an input since opset 13."""
    tensor, axes = site.value(0), site.numbers("axes", 1)
    if axes is None:
        raise NetworkError("the axes to add are missing")
    rank = tensor.rank + len(axes)
    shape, names = list(tensor.sizes), list(tensor.names)
    for axis in sorted(place_of(axis, rank) for axis in axes):
        shape.insert(axis, 1)
        names.insert(axis, None)
    return _turned(site, tensor, shape, names)


def _turned(
    site: Site, tensor: Value, shape: Sequence[Dim], names: Sequence[str | None]
) -> Step | Value:
    """A view with the same axes and others of one."""
    seen = _seen(site, tensor, shape)
    if isinstance(seen, Step):
        seen.results[0].axes.take(names)
    elif seen is not tensor:
        seen.axes.take(names)
    return seen


def _transpose(site: Site) -> Step | Value:
    from convcost.ops.permute import Permute

    tensor = site.value(0)
    order = site.integers("perm") or tuple(reversed(range(tensor.rank)))
    if sorted(order) != list(range(tensor.rank)):
        raise NetworkError(f"{order} is not an order of {tensor.rank} axes")
    if order == tuple(range(tensor.rank)):
        return tensor
    names = tensor.names
    result = site.new([tensor.sizes[place] for place in order], tensor.dtype)
    result.axes.take([names[place] for place in order])
    if tensor.stored is not None and tensor.ref is None:
        return _stored(tensor, result, lambda array: array.transpose(order))
    moved = [place for place in order if tensor.sizes[place] != 1]
    if moved == sorted(moved):
        return _reshaped(tensor, result)
    # the names are asked for once all are known
    return Step(lambda out: Permute(order, out[0].names), (tensor,), (result,))


def _same(site: Site) -> Value:
    return site.given[0] or site.value(0)


def _expand(site: Site) -> Step | Value:
    tensor, target = site.value(0), site.sizes(1)
    if target is None:
        raise NetworkError("the shape to give it is missing")
    if len(target) == tensor.rank:
        target = _lifted(site, tensor, target)
    shape = broadcast([_of_one(site, tensor, target), target])
    if shape == tensor.sizes:
        return tensor
    result = site.new(shape, tensor.dtype)
    names = (*(None,) * (len(shape) - tensor.rank), *tensor.names)
    result.axes.take(names)
    return view(tensor, result, function="expand")


def _of_one(site: Site, tensor: Value, target: Sequence[Dim]) -> tuple[Dim, ...]:
    """The sizes of a constant; where it states the batch as a number, it is the same for each."""
    literal = site.building.sizes.literal
    if literal is None or BATCH not in target or not (tensor.stored or tensor.known):
        return tensor.sizes
    behind = target[len(target) - tensor.rank :]
    if len(behind) != tensor.rank:
        return tensor.sizes
    pairs = list(zip(tensor.sizes, behind, strict=True))
    if (literal, BATCH) in pairs and literal != 1:
        site.building.assumed.append(layer_name(site.node, site.scope))
    return tuple(1 if pair == (literal, BATCH) else pair[0] for pair in pairs)


RULES: Mapping[str, Rule] = {
    "Reshape": _reshape,
    "Flatten": _flatten,
    "Squeeze": _squeeze,
    "Unsqueeze": _unsqueeze,
    "Transpose": _transpose,
    "Identity": _same,
    "Expand": _expand,
}
