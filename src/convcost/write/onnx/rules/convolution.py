"""Convolutions and dense layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.errors import NetworkError
from convcost.network.dims import number
from convcost.ops.conv import Conv
from convcost.ops.conv_transpose import ConvTranspose
from convcost.ops.dense import Dense
from convcost.ops.depthwise import DepthwiseConv, SeparableConv
from convcost.write.layout import channels_first
from convcost.write.onnx.rules.activation import activated
from convcost.write.windows import addable, cuts, depthwise_filters, filters_first, in_order
from convcost.write.windows import pads as window_pads

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcost.ops.window import Window
    from convcost.write.onnx.site import Rule, Site


def pads(site: Site, windows: Sequence[Window]) -> list[int]:
    """Padding before each axis, then after each."""
    amounts = window_pads(site.tensors[0], windows)
    return [amount[side] for side in (0, 1) for amount in amounts]


def window_attributes(windows: Sequence[Window]) -> dict[str, list[int]]:
    """Kernel, strides and dilations as ONNX has them."""
    return {
        "kernel_shape": [number(w.kernel, "kernel") for w in windows],
        "strides": [number(w.stride, "stride") for w in windows],
        "dilations": [number(w.dilation, "dilation") for w in windows],
    }


def _finished(site: Site, name: str, activation: str) -> None:
    """Activation, and the result."""
    last = len(site.results[0].axes) - 1
    order = channels_first(site.results[0])
    site.give_channels_first(activated(site, name, activation, order.index(last)))


def _convolution(site: Site) -> None:
    op: Any = site.op
    kernel = filters_first(site.weights["kernel"], site.tensors[0], op.windows)
    _finished(site, _conv(site, kernel, op.windows, op.groups, bias=op.bias), op.activation)


def _conv(site: Site, kernel: Any, windows: Sequence[Window], groups: Any, *, bias: bool) -> str:
    """A Conv node; the kernel is (filters, channels per group, taps ...)."""
    inputs = [site.channels_first(), site.stored(kernel, "kernel")]
    inputs += [site.weight("bias")] if bias else []
    windows = in_order(site.tensors[0], windows)
    return site.node(
        "Conv", *inputs, **window_attributes(windows), pads=pads(site, windows),
        group=number(groups, "groups"),
    )  # fmt: skip


def _depthwise(site: Site) -> None:
    op: Any = site.op
    tensor = site.tensors[0]
    kernel = depthwise_filters(site.weights["kernel"], tensor, op.windows)
    channels = tensor.size("channel")
    _finished(site, _conv(site, kernel, op.windows, channels, bias=op.bias), op.activation)


def _separable(site: Site) -> None:
    """A depthwise convolution, and one of 1x1."""
    op: Any = site.op
    tensor = site.tensors[0]
    first = depthwise_filters(site.weights["depthwise_kernel"], tensor, op.windows)
    second = filters_first(site.weights["pointwise_kernel"], tensor, op.windows)
    middle = _conv(site, first, op.windows, tensor.size("channel"), bias=False)
    inputs = [middle, site.stored(second, "pointwise")]
    inputs += [site.weight("bias")] if op.bias else []
    _finished(site, site.node("Conv", *inputs), op.activation)


def _transposed(site: Site) -> None:
    """Its output's size decides what is cut off.

    Raises:
        NetworkError: the output is larger than ONNX's padding can make it.
    """
    op: Any = site.op
    tensor = site.tensors[0]
    windows = in_order(tensor, op.windows)
    turned = filters_first(site.weights["kernel"], tensor, op.windows)
    begin, end, added = [], [], []
    for window in windows:
        before, after = cuts(window, tensor, site.results[0])
        begin.append(before)
        end.append(max(after, 0))
        added.append(max(-after, 0))
        if added[-1] >= addable(window):
            raise NetworkError(f"{added[-1]} more outputs along {window.axis} than ONNX can add")
    inputs = [site.channels_first(), site.stored(turned, "kernel")]
    inputs += [site.weight("bias")] if op.bias else []
    name = site.node(
        "ConvTranspose", *inputs, **window_attributes(windows), pads=[*begin, *end],
        output_padding=added, group=number(op.groups, "groups"),
    )  # fmt: skip
    _finished(site, name, op.activation)


def _dense(site: Site) -> None:
    """A product over the last axis; Gemm where there are two axes."""
    op: Any = site.op
    inputs = [site.plain(), site.weight("kernel")]
    if len(site.tensors[0].axes) == 2:
        name = site.node("Gemm", *inputs, *([site.weight("bias")] if op.bias else []))
    else:
        name = site.node("MatMul", *inputs)
        name = site.node("Add", name, site.weight("bias")) if op.bias else name
    site.give(activated(site, name, op.activation))


RULES: Mapping[str, Rule] = {
    Conv.kind: _convolution,
    DepthwiseConv.kind: _depthwise,
    SeparableConv.kind: _separable,
    ConvTranspose.kind: _transposed,
    Dense.kind: _dense,
}
