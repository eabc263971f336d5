"""Convolutions and dense layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.errors import NetworkError
from convcost.network.dims import number
from convcost.ops.conv import Conv
from convcost.ops.dense import Dense
from convcost.ops.depthwise import DepthwiseConv, SeparableConv
from convcost.write.keras.rules.activation import POSITIVE, activated, fused
from convcost.write.keras.site import channels_last
from convcost.write.keras.windows import (
    padded,
    taps_in_order,
    window_settings,
)
from convcost.write.windows import in_order

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.write.keras.graph import Numbers
    from convcost.write.keras.site import Rule, Site


def with_activation(site: Site, kind: str, node: Any, **settings: Any) -> Any:
    """A layer, its bias, and its activation, which is a layer of its own where it has to be."""
    op: Any = site.op
    last = len(site.results[0].axes) - 1
    axis = channels_last(site.results[0]).index(last)
    own = fused(site, op.activation, axis)
    numbers: dict[str, Numbers] = settings.pop("numbers")
    if op.bias:
        numbers["bias"] = site.numbers("bias")
    made = site.layer(kind, node, numbers=numbers, use_bias=bool(op.bias),
                      activation=own or "linear", **settings)  # fmt: skip
    return made if own else activated(site, made, op.activation, axis, part="activation")


def _finish(site: Site, node: Any) -> None:
    op: Any = site.op
    site.give_channels_last(node, positive=op.activation in POSITIVE)


def _convolution(site: Site) -> None:
    """One filter per channel, or several: a depthwise convolution, where Keras has it."""
    op: Any = site.op
    tensor = site.tensors[0]
    channels, groups = number(tensor.size("channel"), "channels"), number(op.groups, "groups")
    kernel = taps_in_order(site.weights["kernel"], tensor, op.windows)
    if groups == channels > 1 and _is_depthwise(site):
        taps = kernel.shape[:-2]
        kernel = kernel.reshape(*taps, channels, kernel.shape[-1] // channels)
        _conv_per_channel(site, kernel)
        return
    _conv(site, kernel, groups)


def _conv(site: Site, kernel: Any, groups: int) -> None:
    """An ordinary one; the kernel is (taps ..., channels per group, filters).

    Raises:
        NetworkError: it has strides and dilations at once.
    """
    op: Any = site.op
    windows = in_order(site.tensors[0], op.windows)
    settings = window_settings(windows)
    if max(settings["strides"]) > 1 and max(settings["dilation_rate"]) > 1:
        raise NetworkError("a stride and a dilation at once, which Keras's convolutions refuse")
    node, padding = padded(site, windows, causal=len(windows) == 1)
    made = with_activation(
        site, f"Conv{len(windows)}D", node, numbers={"kernel": site.numbers("kernel", kernel)},
        filters=kernel.shape[-1], padding=padding, groups=groups, **settings,
    )  # fmt: skip
    _finish(site, made)


def _is_depthwise(site: Site) -> bool:
    """Whether Keras's depthwise convolution can do it: TensorFlow's strides are the same."""
    op: Any = site.op
    return len(op.windows) <= 2 and len({w.stride for w in op.windows}) == 1


def _conv_per_channel(site: Site, kernel: Any) -> None:
    """A depthwise one; the kernel is (taps ..., channels, multiplier)."""
    op: Any = site.op
    windows = in_order(site.tensors[0], op.windows)
    node, padding = padded(site, windows)
    made = with_activation(
        site, f"DepthwiseConv{len(windows)}D", node,
        numbers={"kernel": site.numbers("kernel", kernel)}, depth_multiplier=kernel.shape[-1],
        padding=padding, **window_settings(windows),
    )  # fmt: skip
    _finish(site, made)


def _depthwise(site: Site) -> None:
    """In groups of one channel where Keras has no depthwise convolution for it."""
    op: Any = site.op
    tensor = site.tensors[0]
    kernel = taps_in_order(site.weights["kernel"], tensor, op.windows)
    if _is_depthwise(site):
        _conv_per_channel(site, kernel)
        return
    *taps, channels, multiplier = kernel.shape
    _conv(site, kernel.reshape(*taps, 1, channels * multiplier), channels)


def _separable(site: Site) -> None:
    op: Any = site.op
    tensor = site.tensors[0]
    if not _is_depthwise(site):
        raise NetworkError("a separable convolution over three axes, or with several strides")
    windows = in_order(tensor, op.windows)
    node, padding = padded(site, windows)
    names = ("depthwise_kernel", "pointwise_kernel")
    numbers = {
        name: site.numbers(name, taps_in_order(site.weights[name], tensor, op.windows))
        for name in names
    }
    made = with_activation(
        site, f"SeparableConv{len(windows)}D", node, numbers=numbers,
        filters=numbers["pointwise_kernel"].array.shape[-1],
        depth_multiplier=numbers["depthwise_kernel"].array.shape[-1],
        padding=padding, **window_settings(windows),
    )  # fmt: skip
    _finish(site, made)


def _dense(site: Site) -> None:
    """A product over the last axis."""
    op: Any = site.op
    own = fused(site, op.activation)
    numbers = {name: site.numbers(name) for name in ("kernel", "bias")[: 1 + op.bias]}
    made = site.layer("Dense", site.plain(), numbers=numbers, units=number(op.units, "units"),
                      use_bias=bool(op.bias), activation=own or "linear")  # fmt: skip
    if own is None:
        made = activated(site, made, op.activation, part="activation")
    site.give(made, positive=op.activation in POSITIVE)


RULES: Mapping[str, Rule] = {
    Conv.kind: _convolution,
    DepthwiseConv.kind: _depthwise,
    SeparableConv.kind: _separable,
    Dense.kind: _dense,
}
