"""Convolution in all its forms."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

from convcost.errors import NetworkError
from convcost.ops.conv import Conv
from convcost.ops.conv_transpose import ConvTranspose
from convcost.ops.depthwise import DepthwiseConv
from convcost.ops.window import AXES, window
from convcost.read.axis_names import image_names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcost.ops.window import Padding, Window
    from convcost.read.torch.module.site import Arranged, Rule, Site, Step
    from convcost.read.torch.module.values import Operand


def _convolution(site: Site) -> Step:
    weight = site.operand("weight")
    spatial = weight.rank - 2
    tensor = site.tensor()
    tensor = site.named(tensor, image_names(tensor.rank, spatial))
    site.result.axes.take(tensor.names)
    taps = _numbers(weight.shape[2:])
    stride, dilation = site.each("stride", spatial), site.each("dilation", spatial)
    if site.raw("transposed") or "transpose" in site.record.name:
        padding = [(p, p) for p in site.each("padding", spatial)]
        return _transposed(site, tensor, weight, _windows(taps, stride, padding, dilation))
    windows = _windows(taps, stride, _paddings(site, taps, dilation), dilation)
    return _direct(site, tensor, weight, windows)


def _direct(site: Site, tensor: Operand, weight: Operand, windows: tuple[Window, ...]) -> Step:
    bias, groups = site.maybe("bias"), site.size("groups")
    filters, per_group, *taps = weight.shape
    # kernels that are computed per sample make filters and groups grow with the batch
    fixed = isinstance(groups, int) and isinstance(filters, int)
    if fixed and groups != 1 and per_group == 1 and filters // groups * groups == filters:
        multiplier = filters // groups
        depthwise = DepthwiseConv(windows=windows, multiplier=multiplier, bias=bias is not None)
        order = (*range(2, 2 + len(taps)), 0, 1)
        kernel: Arranged = (
            lambda t: t.reshape(groups, multiplier, *taps).permute(order),
            (*taps, groups, multiplier),
        )
        return site.weighted(depthwise, [tensor], [weight, bias], {"kernel": kernel})
    op = Conv(filters=filters, windows=windows, groups=groups, bias=bias is not None)
    return site.weighted(op, [tensor], [weight, bias], {"kernel": _last_first(weight)})


def _transposed(site: Site, tensor: Operand, weight: Operand, windows: tuple[Window, ...]) -> Step:
    bias, groups = site.maybe("bias"), site.size("groups")
    op = ConvTranspose(
        filters=weight.shape[1] * groups,
        windows=windows,
        output_padding=site.each("output_padding", len(windows)),
        groups=groups,
        bias=bias is not None,
    )
    return site.weighted(op, [tensor], [weight, bias], {"kernel": _last_first(weight)})


def _last_first(weight: Operand) -> Arranged:
    """(filters, channels, taps ...) as (taps ..., channels, filters)."""
    order = (*range(2, weight.rank), 1, 0)
    return lambda t: t.permute(order), tuple(weight.shape[axis] for axis in order)


def _paddings(site: Site, taps: Sequence[int], dilation: Sequence[int]) -> list[tuple[int, int]]:
    stated: Any = site.get("padding")
    if stated == "same":
        totals = [d * (k - 1) for k, d in zip(taps, dilation, strict=True)]
        return [(total // 2, total - total // 2) for total in totals]
    if stated == "valid":
        return [(0, 0)] * len(taps)
    return [(p, p) for p in site.each("padding", len(taps))]


def _windows(
    taps: Sequence[int], stride: Sequence[int], paddings: Sequence[tuple[int, int]],
    dilation: Sequence[int],
) -> tuple[Window, ...]:  # fmt: skip
    return window(tuple(taps), tuple(stride), padding=plain(paddings), dilation=tuple(dilation),
                  axes=AXES[len(taps)])  # fmt: skip


def plain(paddings: Sequence[tuple[Any, Any]]) -> list[Padding]:
    """No padding under its own name: ``valid``."""
    return ["valid" if amounts == (0, 0) else amounts for amounts in paddings]


def _numbers(sizes: Sequence[Any]) -> tuple[int, ...]:
    if not all(isinstance(size, int) for size in sizes) or prod(sizes) < 1:
        raise NetworkError(f"a kernel of size {tuple(sizes)} depends on the batch")
    return tuple(sizes)


RULES: Mapping[str, Rule] = dict.fromkeys(
    (
        "aten.conv1d", "aten.conv2d", "aten.conv3d", "aten.convolution", "aten._convolution",
        "aten.conv_transpose1d", "aten.conv_transpose2d", "aten.conv_transpose3d",
        "aten.convolution_overrideable", "aten.mkldnn_convolution", "aten.cudnn_convolution",
    ),
    _convolution,
)  # fmt: skip
