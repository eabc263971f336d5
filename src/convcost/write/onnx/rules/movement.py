"""Values under other shapes, at other places, joined and padded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.network.dims import number
from convcost.ops.crop import Cropping
from convcost.ops.merge import Concatenate
from convcost.ops.pad import ZeroPadding
from convcost.ops.permute import Permute, Repeat
from convcost.ops.regularization import Dropout
from convcost.ops.reshape import Flatten, Reshape
from convcost.write.layout import sizes_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.write.onnx.site import Rule, Site


def reshaped(site: Site) -> None:
    """The values in the network's order, which decides what is next to what."""
    shape = site.graph.whole_numbers(sizes_of(site.results[0].shape, site.op.kind))
    site.give(site.node("Reshape", site.plain(), shape))


def permuted(site: Site) -> None:
    """No node: the axes are only called otherwise."""
    op: Any = site.op
    value = site.values[0]
    order = tuple(op.order.index(place) for place in value.order)
    site.give(site.node("Identity", value.name), order)


def _repeat(site: Site) -> None:
    op: Any = site.op
    unsqueezed = site.node("Unsqueeze", site.plain(), site.graph.whole_numbers([1]))
    times = [1] * len(site.results[0].axes)
    times[1] = number(op.times, "the number of copies")
    site.give(site.node("Tile", unsqueezed, site.graph.whole_numbers(times)))


def _concatenate(site: Site) -> None:
    """In the order in which the first one lies."""
    op: Any = site.op
    order = site.values[0].order
    names = [site.graph.turned(value, order) for value in site.values]
    place = order.index(site.tensors[0].names.index(op.axis))
    site.like_input(site.node("Concat", *names, axis=place))


def _pad(site: Site) -> None:
    op: Any = site.op
    order, names = site.values[0].order, site.tensors[0].names
    amounts = {axis: (before, after) for axis, before, after in op.amounts}
    sides = [
        number(amounts.get(str(names[place]), (0, 0))[side], "padding")
        for side in (0, 1)
        for place in order
    ]
    made = site.node("Pad", site.values[0].name, site.graph.whole_numbers(sides))
    site.like_input(made)


def _crop(site: Site) -> None:
    op: Any = site.op
    order, tensor = site.values[0].order, site.tensors[0]
    starts, ends, axes = [], [], []
    for axis, before, after in op.amounts:
        starts.append(number(before, "cropping"))
        ends.append(number(tensor.size(axis) - after, axis))
        axes.append(order.index(tensor.names.index(axis)))
    bounds = (site.graph.whole_numbers(numbers) for numbers in (starts, ends, axes))
    site.like_input(site.node("Slice", site.values[0].name, *bounds))


def _dropout(site: Site) -> None:
    """At inference nothing: the node stays so that the layer does."""
    op: Any = site.op
    ratio = site.graph.number(op.rate, "float32")
    site.like_input(site.node("Dropout", site.values[0].name, ratio))


RULES: Mapping[str, Rule] = {
    Flatten.kind: reshaped,
    Reshape.kind: reshaped,
    Permute.kind: permuted,
    Repeat.kind: _repeat,
    Concatenate.kind: _concatenate,
    ZeroPadding.kind: _pad,
    Cropping.kind: _crop,
    Dropout.kind: _dropout,
}
