"""Images made larger or smaller, padded, or read at other places."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from convcost.errors import NetworkError
from convcost.network.dims import Expr
from convcost.ops.copy import Copy
from convcost.ops.grid_sample import GridSample
from convcost.ops.pad import ZeroPadding
from convcost.ops.resize import Resize, Upsample
from convcost.read.axis_names import axis_names, image_names
from convcost.read.onnx.site import place_of
from convcost.read.onnx.step import Step

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcost.network.dims import Dim
    from convcost.read.onnx.site import Rule, Site
    from convcost.read.onnx.values import Value

_MODES = {"nearest": "nearest", "linear": "bilinear", "bilinear": "bilinear", "cubic": "bicubic"}


def _resize(site: Site) -> Step | Value:
    """Scales are the second input until opset 10; then region, scales and sizes are."""
    tensor = site.value(0)
    if site.opset < 11:
        return _scaled(site, tensor, _numbers(site, 1))
    axes = [place_of(a, tensor.rank) for a in site.integers("axes") or range(tensor.rank)]
    sizes = site.sizes(3) if site.has(3) else None
    if sizes:
        return _to_sizes(site, tensor, axes, sizes)
    scales = dict(zip(axes, _numbers(site, 2), strict=True))
    return _scaled(site, tensor, [scales.get(place, 1) for place in range(tensor.rank)])


def _to_sizes(site: Site, tensor: Value, axes: Sequence[int], sizes: Sequence[Dim]) -> Step | Value:
    policy = site.text("keep_aspect_ratio_policy", "stretch")
    wanted = list(tensor.sizes)
    for place, size in zip(axes, sizes, strict=True):
        same = place == 0 and size == site.building.sizes.literal
        wanted[place] = tensor.sizes[0] if same else size
    if policy != "stretch":
        numbers = [(tensor.sizes[place], wanted[place]) for place in axes]
        if not all(isinstance(a, int) and isinstance(b, int) for a, b in numbers):
            raise NetworkError("an aspect ratio of open sizes")
        ratios = [Fraction(b, a) for a, b in numbers]  # type: ignore[arg-type]
        scale = min(ratios) if policy == "not_larger" else max(ratios)
        for place in axes:
            wanted[place] = int(scale * tensor.sizes[place] + Fraction(1, 2))  # type: ignore[operator]
    return _resampled(site, tensor, wanted)


def _upsample(site: Site) -> Step | Value:
    """Scales are an input since opset 9."""
    tensor = site.value(0)
    scales = _numbers(site, 1) if site.has(1) else list(site.attribute("scales") or ())
    if not scales and site.attribute("height_scale") is not None:
        scales = [1, 1, site.real("height_scale"), site.real("width_scale")]
    return _scaled(site, tensor, scales)


def _numbers(site: Site, place: int) -> list[Any]:
    found = site.known(place)
    if found is None or not found.items:
        raise NetworkError("neither scales nor sizes are given")
    return list(found.items)


def _scaled(site: Site, tensor: Value, scales: Sequence[Any]) -> Step | Value:
    if len(scales) != tensor.rank:
        raise NetworkError(f"{len(scales)} scales for a tensor of {tensor.rank} axes")
    sizes = []
    for size, scale in zip(tensor.sizes, scales, strict=True):
        if not isinstance(scale, (int, float)) or scale <= 0:
            raise NetworkError("its scales depend on open sizes")
        if isinstance(size, Expr):
            part = Fraction(scale).limit_denominator(1_000_000)
            sizes.append(size * part.numerator // part.denominator)
        else:
            sizes.append(int(size * scale))
    return _resampled(site, tensor, sizes)


def _resampled(site: Site, tensor: Value, sizes: Sequence[Dim]) -> Step | Value:
    mode = site.text("mode", "nearest")
    if mode not in _MODES:
        raise NetworkError(f"the interpolation {mode!r:.40} is not known")
    if tuple(sizes) == tensor.sizes:
        return tensor
    names = axis_names(tensor.rank, channels_first=True)
    tensor.axes.take(names)
    result = site.resized(tensor, sizes)
    pairs = list(zip(tensor.sizes, sizes, strict=True))
    changed = [place for place, (old, new) in enumerate(pairs) if old != new]
    axes = list(range(2, tensor.rank)) if min(changed) >= 2 else changed
    named = [(tensor.axes.at(place), *pairs[place]) for place in axes]
    factors = tuple((name, new // old) for name, old, new in named)
    whole = all(
        old * factor == new for (_, old, new), (_, factor) in zip(named, factors, strict=True)
    )
    interpolation = _MODES[mode]
    corners = site.text("coordinate_transformation_mode") == "align_corners"
    if whole:
        op: Any = Upsample(factors=factors, interpolation=interpolation, align_corners=corners)
    else:
        to = tuple((n, new) for n, _, new in named)
        op = Resize(sizes=to, interpolation=interpolation, align_corners=corners)
    return Step(op, (tensor,), (result,))


def _pad(site: Site) -> Step | Value:
    """Amounts are an input since opset 11; all before, then all after. Negative ones cut off."""
    tensor = site.value(0)
    amounts: Any = (
        site.sizes(1) if site.has(1) else site.integers("pads") or site.integers("paddings")
    )
    axes = site.numbers("axes", 3) or tuple(range(tensor.rank))
    if amounts is None or len(amounts) != 2 * len(axes):
        raise NetworkError(f"{amounts} amounts to pad a tensor of {tensor.rank} axes")
    shape = list(tensor.sizes)
    padded = []
    for number, axis in enumerate(axes):
        before, after = amounts[number], amounts[len(axes) + number]
        place = place_of(axis, tensor.rank)
        shape[place] = shape[place] + before + after
        if before != 0 or after != 0:
            padded.append((place, before, after))
    if not padded:
        return tensor
    result = site.resized(tensor, shape)
    mode = site.text("mode", "constant")
    negative = any(isinstance(n, int) and n < 0 for _, *pair in padded for n in pair)
    if mode != "constant" or negative:
        name = f"{mode}_pad"
        return Step(lambda out: Copy(function=name, result=out[0]), (tensor,), (result,))
    named = tuple((tensor.axes.at(place), before, after) for place, before, after in padded)
    return Step(ZeroPadding(named), (tensor,), (result,))


def _grid_sample(site: Site) -> Step:
    image, places = site.value(0), site.value(1)
    spatial = image.rank - 2
    if spatial not in (1, 2, 3):
        raise NetworkError(f"an image of {image.rank} axes")
    image = site.named(image, image_names(image.rank, spatial))
    result = site.new((*image.sizes[:2], *places.sizes[1:-1]), image.dtype)
    result.axes.take(image.names)
    interpolation = _MODES.get(site.text("mode", "linear").removeprefix("bi"))
    if interpolation is None:
        raise NetworkError(f"the interpolation {site.text('mode')!r:.40} is not known")
    return Step(lambda out: GridSample(result=out[0], interpolation=interpolation),
                (image, places), (result,))  # fmt: skip


def _depth_to_space(site: Site) -> Step:
    tensor, block = site.value(0), site.integer("blocksize", 1)
    tensor = site.named(tensor, image_names(tensor.rank, 2))
    batch, channels, height, width = tensor.sizes
    if site.node.op_type == "DepthToSpace":
        shape = (batch, channels // (block * block), height * block, width * block)
        function = "pixel_shuffle"
    else:
        shape = (batch, channels * block * block, height // block, width // block)
        function = "pixel_unshuffle"
    result = site.resized(tensor, shape)
    return Step(lambda out: Copy(function=function, result=out[0]), (tensor,), (result,))


def _crop(site: Site) -> Step:
    tensor, sizes = site.value(0), site.sizes(1)
    axes = site.integers("axes") or tuple(range(tensor.rank))
    if sizes is None or len(sizes) != len(axes):
        raise NetworkError("the sizes to crop to are missing")
    shape = list(tensor.sizes)
    for axis, size in zip(axes, sizes, strict=True):
        shape[place_of(axis, tensor.rank)] = size
    result = site.resized(tensor, shape)
    return Step(lambda out: Copy(function="center_crop", result=out[0]), (tensor,), (result,))


def _col_to_image(site: Site) -> Step:
    from convcost.network.dims import product
    from convcost.ops.scatter import ScatterAdd

    tensor, image, block = site.value(0), site.sizes(1), site.sizes(2)
    if not image or not block:
        raise NetworkError("the sizes of the image are missing")
    channels = tensor.sizes[1] // product(block)
    result = site.new((tensor.sizes[0], channels, *image), tensor.dtype)
    result.axes.take(axis_names(result.rank, channels_first=True))
    return Step(lambda out: ScatterAdd(result=out[0]), (tensor,), (result,))


RULES: Mapping[str, Rule] = {
    "Resize": _resize,
    "Upsample": _upsample,
    "Pad": _pad,
    "GridSample": _grid_sample,
    "DepthToSpace": _depth_to_space,
    "SpaceToDepth": _depth_to_space,
    "CenterCropPad": _crop,
    "Col2Im": _col_to_image,
}
