"""Pooling."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.errors import NetworkError
from convcost.network.dims import number
from convcost.ops.pool import AdaptivePool, GlobalPool, Pool
from convcost.write.layout import channels_first
from convcost.write.torch import functions
from convcost.write.torch.rules.convolution import layer_over, window_options
from convcost.write.windows import over_all_axes, pads

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcost.network.tensor import Tensor
    from convcost.ops.window import Window
    from convcost.write.torch.site import Rule, Site

_LAYERS = {"max": "MaxPool", "average": "AvgPool"}
_ADAPTIVE = {"max": "AdaptiveMaxPool", "average": "AdaptiveAvgPool"}


def _pool(site: Site) -> None:
    """A layer of `torch.nn`; padding that it cannot have is a call of its own before it."""
    op: Any = site.op
    windows = over_all_axes(site.tensors[0], op.windows)
    options: dict[str, Any] = window_options(windows)
    average = op.function == "average"
    if average and set(options.pop("dilation")) != {1}:
        raise NetworkError("an average over values that lie apart")
    kind = layer_over(_LAYERS[op.function], windows)
    amounts, node = pads(site.tensors[0], windows), site.channels_first()
    ceil = _rounding(site, windows, amounts)
    if ceil is not None:
        padding = tuple(before for before, _ in amounts)
        options |= {"padding": padding, "ceil_mode": ceil}
        options |= {"count_include_pad": op.count_padding} if average else {}
    elif average and not op.count_padding:
        sides = tuple(side for pair in reversed(amounts) for side in pair)
        site.give_channels_first(
            site.function(
                functions.average_inside, node, sides, options["kernel_size"], options["stride"]
            )
        )
        return
    else:
        node = site.padded(node, amounts, 0.0 if average else float("-inf"))
    site.give_channels_first(site.module(lambda: kind(**options), node))


def _rounding(
    site: Site, windows: Sequence[Window], amounts: Sequence[tuple[int, int]]
) -> bool | None:
    """Whether the layer has to round its outputs up to have these windows; None: it has others."""
    pairs = list(zip(windows, amounts, strict=True))
    roundings = (c for c in (False, True) if all(_fits(site, w, a, ceil=c) for w, a in pairs))
    return next(roundings, None)


def _fits(site: Site, window: Window, amount: tuple[int, int], *, ceil: bool) -> bool:
    """Whether padding as before the axis on both of its sides gives the same windows.

    PyTorch allows at most half a window of it. What is counted is its own padding, not what
    rounding up adds.
    """
    op: Any = site.op
    before, after = amount
    extent, stride = number(window.extent, "kernel"), number(window.stride, "stride")
    size = number(site.tensors[0].size(window.axis), window.axis)
    span = size + 2 * before - extent
    outputs = (span + (stride - 1 if ceil else 0)) // stride + 1
    if ceil and (outputs - 1) * stride >= size + before:
        outputs -= 1
    exact = before == after or not (op.function == "average" and op.count_padding)
    wanted = site.results[0].size(window.axis)
    return exact and 2 * before <= extent and outputs == wanted


def _global_pool(site: Site) -> None:
    """A layer of `torch.nn` where all positions are pooled; else a function."""
    import torch

    op: Any = site.op
    tensor, value = site.tensors[0], site.values[0]
    positions = _positions(tensor)
    if 1 <= len(positions) <= 3 and set(op.axes) == set(positions):
        kind = getattr(torch.nn, f"{_ADAPTIVE[op.function]}{len(positions)}d")
        made = site.module(lambda: kind(1), site.channels_first())
        if op.keep_axes:
            site.give_channels_first(made)
        else:
            site.give(site.function(torch.flatten, made, 1))
        return
    function = torch.amax if op.function == "max" else torch.mean
    if op.keep_axes:
        places = tuple(value.order.index(tensor.names.index(name)) for name in op.axes)
        site.like_input(site.function(function, value.node, places, keepdim=True))
        return
    places = tuple(tensor.names.index(name) for name in op.axes)
    site.give(site.function(function, site.plain(), places))


def _positions(tensor: Tensor) -> tuple[str, ...]:
    """The axes behind batch and channels; none where there are other axes."""
    try:
        order = channels_first(tensor)
    except NetworkError:
        return ()
    if order[0] != 0:
        return ()
    return tuple(str(tensor.names[place]) for place in order[2:])


def _adaptive(site: Site) -> None:
    import torch

    op: Any = site.op
    tensor = site.tensors[0]
    positions = [str(tensor.names[place]) for place in channels_first(tensor)[2:]]
    parts = dict(op.parts)
    sizes = tuple(number(parts.get(axis, tensor.size(axis)), axis) for axis in positions)
    kind = getattr(torch.nn, f"{_ADAPTIVE[op.function]}{len(positions)}d")
    site.give_channels_first(site.module(lambda: kind(sizes), site.channels_first()))


RULES: Mapping[str, Rule] = {
    Pool.kind: _pool,
    GlobalPool.kind: _global_pool,
    AdaptivePool.kind: _adaptive,
}
