"""Values under other shapes, at other places, joined and padded."""

from __future__ import annotations

import operator
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

    from convcost.write.torch.site import Rule, Site


def _flatten(site: Site) -> None:
    """The values in the network's order, which decides what is next to what."""
    import torch

    site.give(site.module(torch.nn.Flatten, site.plain()))


def reshaped(site: Site) -> None:
    """As `_flatten`."""
    import torch

    shape = tuple(sizes_of(site.results[0].shape, site.op.kind))
    site.give(site.function(torch.reshape, site.plain(), shape))


def permuted(site: Site) -> None:
    """Nothing to compute: the axes are only called otherwise."""
    op: Any = site.op
    value = site.values[0]
    site.give(value.node, tuple(op.order.index(place) for place in value.order))


def _repeat(site: Site) -> None:
    import torch

    op: Any = site.op
    times = number(op.times, "the number of copies")
    unsqueezed = site.function(torch.unsqueeze, site.plain(), 1)
    site.give(site.function(torch.repeat_interleave, unsqueezed, times, dim=1))


def _concatenate(site: Site) -> None:
    """In the order in which the first one lies."""
    import torch

    op: Any = site.op
    order = site.values[0].order
    nodes = tuple(site.graph.turned(value, order) for value in site.values)
    place = order.index(site.tensors[0].names.index(op.axis))
    site.like_input(site.function(torch.cat, nodes, place))


def _pad(site: Site) -> None:
    """A layer of `torch.nn` where at most three axes behind the channels are padded."""
    import torch

    op: Any = site.op
    order, names = site.values[0].order, site.tensors[0].names
    amounts = {axis: (number(a, "padding"), number(b, "padding")) for axis, a, b in op.amounts}
    pairs = [amounts.get(str(names[place]), (0, 0)) for place in order]
    count = next((place for place, pair in enumerate(pairs) if any(pair)), len(pairs))
    pairs = pairs[count:]
    kind = getattr(torch.nn, f"ZeroPad{len(pairs)}d", None)
    if kind is None:
        site.like_input(site.padded(site.values[0].node, pairs))
        return
    sides = tuple(side for pair in reversed(pairs) for side in pair)
    site.like_input(site.module(lambda: kind(sides), site.values[0].node))


def _crop(site: Site) -> None:
    op: Any = site.op
    order, tensor = site.values[0].order, site.tensors[0]
    kept = [slice(None)] * len(order)
    for axis, before, after in op.amounts:
        place = order.index(tensor.names.index(axis))
        end = number(tensor.size(axis) - after, axis)
        kept[place] = slice(number(before, "cropping"), end)
    site.like_input(site.function(operator.getitem, site.values[0].node, tuple(kept)))


def _dropout(site: Site) -> None:
    import torch

    op: Any = site.op
    site.like_input(site.module(lambda: torch.nn.Dropout(op.rate), site.values[0].node))


RULES: Mapping[str, Rule] = {
    Flatten.kind: _flatten,
    Reshape.kind: reshaped,
    Permute.kind: permuted,
    Repeat.kind: _repeat,
    Concatenate.kind: _concatenate,
    ZeroPadding.kind: _pad,
    Cropping.kind: _crop,
    Dropout.kind: _dropout,
}
