"""Convolution in all its forms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.errors import NetworkError
from convcost.ops.activation import activation_name
from convcost.ops.conv import Conv
from convcost.ops.window import AXES, Window
from convcost.read.axis_names import image_names
from convcost.read.onnx.step import Step, Weight
from convcost.read.onnx.windows import conv_windows, each, slid, stated_pads

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.read.onnx.site import Rule, Site
    from convcost.read.onnx.values import Arrange, Value


def image(site: Site) -> tuple[Value, int]:
    """The first input with its axes named, and how many of them a window slides over."""
    value = site.value(0)
    spatial = value.rank - 2
    if spatial not in AXES:
        raise NetworkError(f"windows over {max(spatial, 0)} axes; expected 1 to 3")
    return site.named(value, image_names(value.rank, spatial)), spatial


def _convolution(site: Site, kernel: int = 1, bias: int = 2, dtype: str | None = None) -> Step:
    tensor, spatial = image(site)
    weight = site.value(kernel)
    shift = site.maybe(bias)
    if weight.rank != tensor.rank:
        raise NetworkError(f"a kernel of {weight.rank} axes for a tensor of {tensor.rank}")
    filters, per_group, *taps = weight.sizes
    windows = conv_windows(site, tensor, _numbers(taps))
    groups = site.integer("group", 1)
    channels = tensor.sizes[1]
    if groups < 1 or per_group * groups != channels or filters // groups * groups != filters:
        raise NetworkError(f"{channels} channels, kernel {weight.sizes} and group {groups}")
    result = site.resized(
        tensor, (tensor.sizes[0], filters, *slid(windows, tensor.sizes[2:])), dtype
    )
    activation = _activation(site)
    weights = [Weight("kernel", weight, *_last_first(weight))]
    if shift is not None:
        weights.append(Weight("bias", shift))
    if groups != 1 and per_group == 1:
        from convcost.ops.depthwise import DepthwiseConv

        multiplier = filters // groups
        depthwise = DepthwiseConv(
            windows=windows, multiplier=multiplier, bias=shift is not None, activation=activation
        )
        arrange = _depthwise(groups, multiplier, spatial)
        weights[0] = Weight("kernel", weight, arrange, (*taps, groups, multiplier))
        return site.weighted(depthwise, [tensor], weights, [result])
    op = Conv(
        filters=filters,
        windows=windows,
        groups=groups,
        bias=shift is not None,
        activation=activation,
    )
    return site.weighted(op, [tensor], weights, [result])


def _numbers(sizes: Any) -> tuple[int, ...]:
    if not all(isinstance(size, int) and size > 0 for size in sizes):
        raise NetworkError(f"a kernel of size {tuple(sizes)} is not known")
    return tuple(sizes)


def _last_first(weight: Value) -> tuple[Arrange, tuple[Any, ...]]:
    """(filters, channels, taps ...) as (taps ..., channels, filters)."""
    order = (*range(2, weight.rank), 1, 0)
    return lambda array: array.transpose(order), (*weight.sizes[2:], *weight.sizes[1::-1])


def _depthwise(groups: Any, multiplier: Any, spatial: int) -> Arrange:
    order = (*range(2, 2 + spatial), 0, 1)
    return lambda a: a.reshape(groups, multiplier, *a.shape[2:]).transpose(order)


def _activation(site: Site) -> str:
    """That of a fused convolution."""
    stated = site.text("activation")
    if not stated:
        return "linear"
    name = {"leakyrelu": "leaky_relu", "hardsigmoid": "hard_sigmoid", "clip": "relu6"}.get(
        stated.lower(), activation_name(stated)
    )
    if name is None:
        raise NetworkError(f"the activation {stated} is not known")
    return name


def _fused(site: Site) -> Step:
    if site.has(3):
        raise NetworkError("a convolution fused with an addition")
    return _convolution(site)


def _integer(site: Site) -> Step:
    return _convolution(site, bias=99, dtype="int32")


def _quantized(site: Site) -> Step:
    """Scales and zero points, one number or one per filter, are no parameters."""
    zero = site.given[7] if len(site.given) > 7 else None
    return _convolution(site, kernel=3, bias=8, dtype=None if zero is None else zero.dtype)


def _transposed(site: Site) -> Step:
    from convcost.ops.conv_transpose import ConvTranspose

    tensor, spatial = image(site)
    weight, shift = site.value(1), site.maybe(2)
    groups = site.integer("group", 1)
    channels, per_group, *taps = weight.sizes
    if channels != tensor.sizes[1] or weight.rank != tensor.rank:
        raise NetworkError(f"a kernel {weight.sizes} for a tensor {tensor.sizes}")
    windows, added = _transposed_windows(site, tensor, _numbers(taps))
    op = ConvTranspose(
        filters=per_group * groups,
        windows=windows,
        output_padding=added,
        groups=groups,
        bias=shift is not None,
    )
    (made,) = op.outputs(tensor.tensor)
    order = (*range(2, 2 + spatial), 1, 0)
    shape = (*taps, per_group, channels)
    weights = [Weight("kernel", weight, lambda array: array.transpose(order), shape)]
    if shift is not None:
        weights.append(Weight("bias", shift))
    result = site.resized(tensor, made.shape)
    return site.weighted(op, [tensor], weights, [result])


def _transposed_windows(
    site: Site, tensor: Value, taps: tuple[int, ...]
) -> tuple[tuple[Window, ...], tuple[Any, ...]]:
    """Windows, and what is added to the output of each."""
    spatial = len(taps)
    strides, dilations = each(site, "strides", spatial), each(site, "dilations", spatial)
    added: tuple[Any, ...] = site.integers("output_padding") or (0,) * spatial
    pads = stated_pads(site, spatial) or (0,) * (2 * spatial)
    sizes = tensor.sizes[2:]
    wanted = site.integers("output_shape")
    auto = site.text("auto_pad", "NOTSET")
    if not wanted and auto.startswith("SAME"):
        wanted_sizes: tuple[Any, ...] = tuple(n * s for n, s in zip(sizes, strides, strict=True))
    else:
        wanted_sizes = tuple(wanted or ())[-spatial:]
    windows, more = [], []
    for place, axis in enumerate(AXES[spatial]):
        extent = dilations[place] * (taps[place] - 1) + 1
        before, after = pads[place], pads[spatial + place]
        extra = added[place]
        if wanted_sizes:
            full = (sizes[place] - 1) * strides[place] + extent + extra
            total = full - wanted_sizes[place]
            if not isinstance(total, int):
                raise NetworkError("its output shape depends on open sizes")
            if total < 0:
                extra, total = extra - total, 0
            half = total // 2
            before, after = (total - half, half) if auto == "SAME_LOWER" else (half, total - half)
        windows.append(Window(axis, taps[place], strides[place], dilations[place], (before, after)))
        more.append(extra)
    return tuple(windows), tuple(more)


RULES: Mapping[str, Rule] = {
    "Conv": _convolution,
    "ConvInteger": _integer,
    "QLinearConv": _quantized,
    "ConvTranspose": _transposed,
    "com.microsoft:FusedConv": _fused,
}
