"""Pooling."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from convcost.errors import NetworkError
from convcost.network.dims import number
from convcost.ops.pool import AdaptivePool, GlobalPool, Pool
from convcost.write.keras.site import channels_last
from convcost.write.keras.windows import check_axes, is_same, zeros_around
from convcost.write.windows import over_all_axes, pads

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcost.ops.window import Window
    from convcost.write.keras.site import Rule, Site

_LAYERS = {"max": "MaxPooling", "average": "AveragePooling"}


def _pool(site: Site) -> None:
    """Keras's ``same`` leaves out what is padded; other padding is a layer before it.

    Raises:
        NetworkError: the values of a window lie apart.
    """
    op: Any = site.op
    windows = over_all_axes(site.tensors[0], op.windows)
    check_axes(len(windows))
    if {window.dilation for window in windows} != {1}:
        raise NetworkError("pooling of values that lie apart, which Keras does not have")
    node, padding = _padded(site, windows)
    inside = op.function == "average" and not op.count_padding and padding == "counted"
    kind = f"{_LAYERS[op.function]}{len(windows)}D"
    made = site.layer(
        kind, node, padding="valid" if padding == "counted" else padding,
        pool_size=tuple(number(w.kernel, "kernel") for w in windows),
        strides=tuple(number(w.stride, "stride") for w in windows),
    )  # fmt: skip
    if inside:
        made = _average_inside(site, made, windows)
    site.give_channels_last(made, positive=site.positive)


def _padded(site: Site, windows: Sequence[Window]) -> tuple[Any, str]:
    """The input, and the layer's padding: ``counted`` where zeros were put around the input."""
    import keras

    op: Any = site.op
    node, amounts = site.channels_last(), pads(site.tensors[0], windows)
    left_out = op.function == "max" or not op.count_padding
    if left_out and {window.padding for window in windows} == {"same"}:
        return node, "same"
    if not any(map(any, amounts)):
        return node, "valid"
    if left_out and is_same(site.tensors[0], windows):
        return node, "same"
    if op.function == "average" or site.positive:
        return zeros_around(site, node, amounts), "counted"
    around = ((0, 0), *amounts, (0, 0))
    lowest = -math.inf
    return site.function(keras.ops.pad, node, around, part="pad", constant_values=lowest), "counted"


def _average_inside(site: Site, node: Any, windows: Sequence[Window]) -> Any:
    """Averages that counted zeros around the input as those of what is inside."""
    import keras
    import numpy as np

    factors = np.ones((1,) * (len(windows) + 2), site.results[0].dtype)
    for place, (window, (before, _)) in enumerate(
        zip(windows, pads(site.tensors[0], windows), strict=True), start=1
    ):
        size = number(site.tensors[0].size(window.axis), window.axis)
        starts = np.arange(node.shape[place]) * number(window.stride, "stride") - before
        taps = number(window.kernel, "kernel")
        counts = np.minimum(starts + taps, size) - np.maximum(starts, 0)
        shape = [-1 if axis == place else 1 for axis in range(factors.ndim)]
        factors = factors * (taps / counts).reshape(shape).astype(factors.dtype)
    return site.function(keras.ops.multiply, node, factors, part="inside")


def _global_pool(site: Site) -> None:
    """A layer where all axes but the first and the last one of the value are pooled."""
    import keras

    op: Any = site.op
    tensor, order = site.tensors[0], site.values[0].order
    node = site.turned(0, order)
    pooled = [tensor.names.index(name) for name in op.axes]
    places = sorted(order.index(place) for place in pooled)
    result = order if op.keep_axes else without(order, pooled)
    if 3 <= len(order) <= 5 and places == list(range(1, len(order) - 1)):
        kind = f"Global{_LAYERS[op.function]}{len(places)}D"
        made = site.layer(kind, node, keepdims=op.keep_axes)
    else:
        function = keras.ops.max if op.function == "max" else keras.ops.mean
        made = site.function(function, node, axis=tuple(places), keepdims=op.keep_axes)
    site.give(made, result, positive=site.positive)


def without(order: Sequence[int], dropped: Sequence[int]) -> tuple[int, ...]:
    """How axes lie when some of them, by their place in the network's tensor, are gone.

    >>> without((0, 2, 3, 1), (2, 3)), without((0, 2, 3, 1), (1,))
    ((0, 1), (0, 1, 2))
    """
    left = [place for place in order if place not in dropped]
    ranks = sorted(left)
    return tuple(ranks.index(place) for place in left)


def _adaptive(site: Site) -> None:
    """Windows of one size where the parts divide the axes; else Keras's adaptive layer."""
    op: Any = site.op
    tensor = site.tensors[0]
    parts = dict(op.parts)
    axes = [str(tensor.names[place]) for place in channels_last(tensor)[1:-1]]
    sizes = [number(tensor.size(axis), axis) for axis in axes]
    counts = [number(parts.get(axis, size), axis) for axis, size in zip(axes, sizes, strict=True)]
    node = site.channels_last()
    if sizes == counts:
        made = site.layer("Identity", node)
    elif all(size % count == 0 for size, count in zip(sizes, counts, strict=True)):
        taps = tuple(size // count for size, count in zip(sizes, counts, strict=True))
        made = site.layer(f"{_LAYERS[op.function]}{len(axes)}D", node, pool_size=taps,
                          strides=taps, padding="valid")  # fmt: skip
    else:
        kind = f"Adaptive{_LAYERS[op.function]}{len(axes)}D"
        made = site.layer(kind, node, output_size=tuple(counts))
    site.give_channels_last(made, positive=site.positive)


RULES: Mapping[str, Rule] = {
    Pool.kind: _pool,
    GlobalPool.kind: _global_pool,
    AdaptivePool.kind: _adaptive,
}
