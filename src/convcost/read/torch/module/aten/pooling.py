"""Pooling over windows, over parts, over whole axes; resampling; padding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from convcost.errors import NetworkError
from convcost.ops.copy import Copy
from convcost.ops.grid_sample import GridSample
from convcost.ops.pad import ZeroPadding
from convcost.ops.pool import AdaptivePool, GlobalPool, Pool
from convcost.ops.resize import Resize, Upsample
from convcost.ops.window import AXES, window
from convcost.read.axis_names import image_names
from convcost.read.torch.module.aten.convolution import plain
from convcost.read.torch.module.site import Step

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.read.torch.module.site import Rule, Site
    from convcost.read.torch.module.values import Operand


def _image(site: Site) -> tuple[Operand, int]:
    """The tensor with its axes named, and over how many it is pooled or resampled."""
    spatial = int(next(c for c in site.record.name if c in "123"))
    tensor = site.tensor()
    tensor = site.named(tensor, image_names(tensor.rank, spatial))
    for result in site.results:
        result.axes.unite(tensor.axes)
    return tensor, spatial


def _function(site: Site) -> Literal["max", "average"]:
    return "max" if "max" in site.record.name else "average"


def _pool(site: Site) -> Step:
    tensor, spatial = _image(site)
    kernel = site.each("kernel_size", spatial)
    stride = site.each("stride", spatial) if site.get("stride") else kernel
    dilation = site.each("dilation", spatial) if site.get("dilation") else (1,) * spatial
    paddings: list[tuple[Any, Any]] = []
    for axis, k, s, d, before in zip(
        AXES[spatial], kernel, stride, dilation, site.each("padding", spatial), strict=True
    ):
        # what the last window reads beyond the input, also where sizes are rounded up
        size, outputs = tensor.tensor.size(axis), site.result.tensor.size(axis)
        after = (outputs - 1) * s + d * (k - 1) + 1 - size - before
        exact = isinstance(after, int) and not -s < after <= before
        paddings.append((before, after if exact else before))
    windows = window(kernel, stride, padding=plain(paddings), dilation=dilation, axes=AXES[spatial])
    # without padding there is nothing to count: what rounding up adds never is
    counted = bool(site.get("count_include_pad")) and any(site.each("padding", spatial))
    op = Pool(function=_function(site), windows=windows, count_padding=counted)
    return Step(op, (tensor,))


def _adaptive_pool(site: Site) -> Step:
    tensor, spatial = _image(site)
    axes = AXES[spatial]
    parts = [site.result.tensor.size(axis) for axis in axes]
    if all(part == 1 for part in parts):
        return Step(GlobalPool(function=_function(site), axes=axes, keep_axes=True), (tensor,))
    numbers = [(axis, part) for axis, part in zip(axes, parts, strict=True)
               if isinstance(part, int)]  # fmt: skip
    if len(numbers) < len(parts):
        raise NetworkError("the number of parts depends on the batch")
    return Step(AdaptivePool(function=_function(site), parts=tuple(numbers)), (tensor,))


def _upsample(site: Site) -> Step:
    tensor, spatial = _image(site)
    name = site.record.name.removeprefix("aten.").removeprefix("_").removeprefix("upsample_")
    interpolation = name.rstrip("123d").removesuffix("_exact")
    corners = bool(site.get("align_corners"))
    sizes = [(a, tensor.tensor.size(a), site.result.tensor.size(a)) for a in AXES[spatial]]
    factors = tuple((axis, new // old) for axis, old, new in sizes)
    if all(old * factor == new for (_, old, new), (_, factor) in zip(sizes, factors, strict=True)):
        return Step(Upsample(factors=factors, interpolation=interpolation, align_corners=corners),
                    (tensor,))  # fmt: skip
    to = tuple((axis, new) for axis, _, new in sizes)
    return Step(Resize(sizes=to, interpolation=interpolation, align_corners=corners), (tensor,))


def _pad(site: Site) -> Step:
    tensor = site.tensor()
    site.like(tensor)
    amounts = list(site.raw("pad") or site.raw("padding"))
    mode = site.raw("mode") or "constant"
    zeros = mode == "constant" and "ion" not in site.function and not site.raw("value")
    if not zeros or min(amounts) < 0:
        name = site.function if site.function != "pad" else f"{mode}_pad"
        return Step(lambda out: Copy(function=name, result=out[0]), (tensor,))
    pairs = [(tensor.rank - 1 - i // 2, amounts[i], amounts[i + 1])
             for i in range(0, len(amounts), 2)]  # fmt: skip
    padded = [(site.axis(tensor, axis), before, after) for axis, before, after in pairs
              if before or after]  # fmt: skip
    return Step(ZeroPadding(tuple(reversed(padded))), (tensor,))


def _grid_sample(site: Site) -> Step:
    image, places = site.tensor(), site.operand("grid")
    spatial = image.rank - 2
    image = site.named(image, image_names(image.rank, spatial))
    site.result.axes.take(image.names)
    interpolation = ("bilinear", "nearest", "bicubic")[site.get("interpolation_mode")]
    op = lambda out: GridSample(result=out[0], interpolation=interpolation)  # noqa: E731
    return Step(op, (image, places))


RULES: Mapping[str, Rule] = {
    **{
        f"aten.{name}pool{n}d{end}": _pool
        for n in (1, 2, 3)
        for name, end in (("max_", ""), ("max_", "_with_indices"), ("avg_", ""))
    },
    **{
        f"aten.{prefix}adaptive_{function}_pool{n}d": _adaptive_pool
        for n in (1, 2, 3)
        for function in ("max", "avg")
        for prefix in ("", "_")
    },
    **{
        f"aten.{prefix}upsample_{name}": _upsample
        for name in (
            "nearest1d", "nearest2d", "nearest3d", "linear1d", "bilinear2d", "bicubic2d",
            "trilinear3d",
        )
        for prefix in ("",)
    },
    **{f"aten._upsample_nearest_exact{n}d": _upsample for n in (1, 2, 3)},
    **dict.fromkeys(("aten.grid_sampler", "aten.grid_sampler_2d", "aten.grid_sampler_3d"),
                    _grid_sample),
    **dict.fromkeys(("aten.pad", "aten.constant_pad_nd"), _pad),
    **{f"aten.{mode}_pad{n}d": _pad for mode in ("reflection", "replication") for n in (1, 2, 3)},
}  # fmt: skip
