"""Pooling."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.errors import NetworkError
from convcost.network.dims import number
from convcost.ops.pool import AdaptivePool, GlobalPool, Pool
from convcost.write.layout import channels_first
from convcost.write.onnx.rules.convolution import pads, window_attributes
from convcost.write.windows import over_all_axes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.write.onnx.site import Rule, Site

_NODES = {"max": "MaxPool", "average": "AveragePool"}
_REDUCTIONS = {"max": "ReduceMax", "average": "ReduceMean"}


def _pool(site: Site) -> None:
    op: Any = site.op
    windows = over_all_axes(site.tensors[0], op.windows)
    more = {} if op.function == "max" else {"count_include_pad": int(op.count_padding)}
    made = site.node(
        _NODES[op.function], site.channels_first(), **window_attributes(windows),
        pads=pads(site, windows), **more,
    )  # fmt: skip
    site.give_channels_first(made)


def _global_pool(site: Site) -> None:
    """Over axes of the input, in whatever order they lie."""
    op: Any = site.op
    value, tensor = site.values[0], site.tensors[0]
    if op.keep_axes:
        places = [value.order.index(tensor.names.index(name)) for name in op.axes]
        site.like_input(_reduced(site, value.name, places, keep=1))
        return
    places = [tensor.names.index(name) for name in op.axes]
    site.give(_reduced(site, site.plain(), places, keep=0))


def _reduced(site: Site, name: str, places: list[int], keep: int) -> str:
    op: Any = site.op
    axes = site.graph.whole_numbers(sorted(places))
    return site.node(_REDUCTIONS[op.function], name, axes, keepdims=keep)


def _adaptive(site: Site) -> None:
    """Windows of one size.

    Raises:
        NetworkError: the parts do not divide the axis: windows of several sizes.
    """
    op: Any = site.op
    tensor = site.tensors[0]
    parts = dict(op.parts)
    taps = []
    for place in channels_first(tensor)[2:]:
        axis = str(tensor.names[place])
        size = number(tensor.size(axis), axis)
        count = parts.get(axis, size)
        if size % count:
            raise NetworkError(f"{size} along {axis} do not divide into {count} equal windows")
        taps.append(size // count)
    name = site.channels_first()
    if set(taps) != {1}:
        name = site.node(_NODES[op.function], name, kernel_shape=taps, strides=taps)
    site.give_channels_first(name)


RULES: Mapping[str, Rule] = {
    Pool.kind: _pool,
    GlobalPool.kind: _global_pool,
    AdaptivePool.kind: _adaptive,
}
