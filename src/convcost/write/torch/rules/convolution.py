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
from convcost.write.torch.rules.activation import activated
from convcost.write.windows import (
    addable,
    cuts,
    depthwise_filters,
    filters_first,
    in_order,
    pads,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcost.ops.window import Window
    from convcost.write.torch.site import Rule, Site


def _finished(site: Site, node: Any, activation: str) -> None:
    """Activation, and the result."""
    last = len(site.results[0].axes) - 1
    order = channels_first(site.results[0])
    site.give_channels_first(activated(site, node, activation, order.index(last)))


def layer_over(kind: str, windows: Sequence[Window]) -> Any:
    """The layer of `torch.nn` over so many axes: ``Conv2d``.

    Raises:
        NetworkError: there is none.
    """
    import torch

    if not 1 <= len(windows) <= 3:
        raise NetworkError(f"windows over {len(windows)} axes; PyTorch has them over 1, 2 and 3")
    return getattr(torch.nn, f"{kind}{len(windows)}d")


def window_options(windows: Sequence[Window]) -> dict[str, tuple[int, ...]]:
    """Kernel, strides and dilations as `torch.nn` has them."""
    return {
        "kernel_size": tuple(number(w.kernel, "kernel") for w in windows),
        "stride": tuple(number(w.stride, "stride") for w in windows),
        "dilation": tuple(number(w.dilation, "dilation") for w in windows),
    }


def _conv(
    site: Site, node: Any, weight: str, kernel: Any, windows: Sequence[Window], *,
    groups: Any = 1, bias: bool = False, part: str = "",
) -> Any:  # fmt: skip
    """A convolution; the kernel is (filters, channels per group, taps ...).

    Padding that is not the same on both sides, or that differs between the calls of a shared layer,
    is a call of its own before it.
    """
    kind, groups = layer_over("Conv", windows), number(groups, "groups")
    amounts = pads(site.tensors[0], windows)
    apart = site.shared and any(window.padding == "same" for window in windows)
    if apart or any(before != after for before, after in amounts):
        node = site.padded(node, amounts)
        amounts = [(0, 0)] * len(amounts)

    def make() -> Any:
        module = kind(
            kernel.shape[1] * groups, kernel.shape[0], **window_options(windows), groups=groups,
            padding=tuple(before for before, _ in amounts), bias=bias, device="meta",
        )  # fmt: skip
        tensors = {"weight": site.numbers(weight, kernel)}
        return site.filled(module, tensors | ({"bias": site.numbers("bias")} if bias else {}))

    return site.module(make, node, part=part)


def _convolution(site: Site) -> None:
    op: Any = site.op
    tensor = site.tensors[0]
    kernel = filters_first(site.weights["kernel"], tensor, op.windows)
    windows = in_order(tensor, op.windows)
    made = _conv(site, site.channels_first(), "kernel", kernel, windows, groups=op.groups,
                 bias=op.bias)  # fmt: skip
    _finished(site, made, op.activation)


def _depthwise(site: Site) -> None:
    op: Any = site.op
    tensor = site.tensors[0]
    kernel = depthwise_filters(site.weights["kernel"], tensor, op.windows)
    windows = in_order(tensor, op.windows)
    made = _conv(site, site.channels_first(), "kernel", kernel, windows,
                 groups=tensor.size("channel"), bias=op.bias)  # fmt: skip
    _finished(site, made, op.activation)


def _separable(site: Site) -> None:
    """A depthwise convolution, and one of 1x1."""
    from convcost.ops.window import Window

    op: Any = site.op
    tensor = site.tensors[0]
    windows = in_order(tensor, op.windows)
    first = depthwise_filters(site.weights["depthwise_kernel"], tensor, op.windows)
    second = filters_first(site.weights["pointwise_kernel"], tensor, op.windows)
    middle = _conv(site, site.channels_first(), "depthwise_kernel", first, windows,
                   groups=tensor.size("channel"), part=".depthwise")  # fmt: skip
    ones = [Window(window.axis, 1) for window in windows]
    made = _conv(site, middle, "pointwise_kernel", second, ones, bias=op.bias, part=".pointwise")
    _finished(site, made, op.activation)


def _transposed(site: Site) -> None:
    """Its output's size decides what is cut off.

    Raises:
        NetworkError: the output is larger than PyTorch's padding can make it.
    """
    op: Any = site.op
    tensor = site.tensors[0]
    windows = in_order(tensor, op.windows)
    kernel = filters_first(site.weights["kernel"], tensor, op.windows)
    # cut by a call of its own where it may differ between the calls of a shared layer
    apart = site.shared and any(window.padding == "same" for window in windows)
    inside, added, left = [], [], []
    for window in windows:
        before, after = cuts(window, tensor, site.results[0])
        limit = addable(window)
        own = before if before - after < limit else max(after, 0)
        own = 0 if apart else own
        inside.append(own)
        added.append(max(own - after, 0))
        left.append((own - before, min(own - after, 0)))
        if added[-1] >= limit:
            raise NetworkError(f"{added[-1]} more outputs than PyTorch can add")
    kind, groups = layer_over("ConvTranspose", windows), number(op.groups, "groups")

    def make() -> Any:
        module = kind(
            kernel.shape[0], kernel.shape[1] * groups, **window_options(windows), groups=groups,
            padding=tuple(inside), output_padding=tuple(added), bias=op.bias, device="meta",
        )  # fmt: skip
        tensors = {"weight": site.numbers("kernel", kernel)}
        return site.filled(module, tensors | ({"bias": site.numbers("bias")} if op.bias else {}))

    made = site.module(make, site.channels_first())
    _finished(site, site.padded(made, left), op.activation)


def _dense(site: Site) -> None:
    """A product over the last axis."""
    import torch

    op: Any = site.op
    kernel = site.weights["kernel"].T

    def make() -> Any:
        module = torch.nn.Linear(kernel.shape[1], kernel.shape[0], bias=op.bias, device="meta")
        tensors = {"weight": site.numbers("kernel", kernel)}
        return site.filled(module, tensors | ({"bias": site.numbers("bias")} if op.bias else {}))

    site.give(activated(site, site.module(make, site.plain()), op.activation))


RULES: Mapping[str, Rule] = {
    Conv.kind: _convolution,
    DepthwiseConv.kind: _depthwise,
    SeparableConv.kind: _separable,
    ConvTranspose.kind: _transposed,
    Dense.kind: _dense,
}
