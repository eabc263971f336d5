"""Pooling over windows, over whole images, over regions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.errors import NetworkError
from convcost.ops.elementwise import Elementwise
from convcost.ops.pool import GlobalPool, Pool
from convcost.ops.window import AXES, window
from convcost.read.axis_names import axis_names
from convcost.read.onnx.rules.convolution import image
from convcost.read.onnx.step import Step
from convcost.read.onnx.windows import each, slid, windows_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.read.onnx.site import Rule, Site


def _pool(site: Site) -> Step:
    tensor, spatial = image(site)
    if site.integers("kernel_shape") is None:
        raise NetworkError("its attribute 'kernel_shape' is missing")
    taps = each(site, "kernel_shape", spatial)
    windows = windows_of(site, tensor, taps, ceil=bool(site.integer("ceil_mode")))
    result = site.resized(tensor, (*tensor.sizes[:2], *slid(windows, tensor.sizes[2:])))
    kind = site.node.op_type
    function: Any = "max" if "Max" in kind else "average"
    # without padding there is nothing to count: what rounding up adds never is
    padded = any(site.integers("pads") or ()) or site.text("auto_pad", "NOTSET") != "NOTSET"
    counted = function == "average" and padded and bool(site.integer("count_include_pad"))
    op: Any = Pool(function=function, windows=windows, count_padding=counted)
    if kind == "LpPool":
        # powers and roots around sums
        from convcost.ops.chain import Chain

        op = Chain((Elementwise(function="power"), op, Elementwise(function="power")))
    places = (site.like(result, "int64", 1),) if site.wants(1) else ()
    return Step(op, (tensor,), (result,), byproducts=places)


def _global_pool(site: Site) -> Step:
    tensor = site.value(0)
    tensor = site.named(tensor, axis_names(tensor.rank, channels_first=True))
    shape = (*tensor.sizes[:2], *(1,) * (tensor.rank - 2))
    result = site.resized(tensor, shape)
    kind = site.node.op_type
    if kind == "GlobalLpPool":
        positions = tuple(range(2, tensor.rank))
        from convcost.ops.reduce import Reduce

        return Step(Reduce(function="norm", positions=positions, keep_axes=True),
                    (tensor,), (result,))  # fmt: skip
    function: Any = "max" if "Max" in kind else "average"
    axes = AXES.get(tensor.rank - 2)
    if axes is None:
        positions = tuple(range(2, tensor.rank))
        reduced: Any = "max" if function == "max" else "mean"
        from convcost.ops.reduce import Reduce

        op: Any = Reduce(function=reduced, positions=positions, keep_axes=True)
    else:
        op = GlobalPool(function=function, axes=axes, keep_axes=True)
    return Step(op, (tensor,), (result,))


def _quantized(site: Site) -> Step:
    """With its scales and zero points as further inputs, which are no data."""
    if site.integer("channels_last"):
        raise NetworkError("pooling with channels last")
    return _global_pool(site) if "Global" in site.node.op_type else _pool(site)


def _region_align(site: Site) -> Step:
    """Every bin of every region is the average of points between pixels."""
    from convcost.ops.grid_sample import GridSample

    tensor, _ = image(site)
    regions = site.value(1)
    height, width = site.integer("output_height", 1), site.integer("output_width", 1)
    points = site.integer("sampling_ratio")
    if points < 1:
        raise NetworkError("as many points per bin as its region is large: sampling_ratio is 0")
    result = site.new((regions.sizes[0], tensor.sizes[1], height, width))
    result.axes.take(("batch", "channel", "height", "width"))
    sampled = (regions.sizes[0], tensor.sizes[1], height * points, width * points)
    grid = site.new(sampled)
    grid.axes.take(("batch", "channel", "height", "width"))
    site.building.layer(
        "points", Step(lambda out: GridSample(result=out[0]), (tensor, regions), (grid,)),
        site.scope, site.node,
    )  # fmt: skip
    function: Any = "max" if site.text("mode", "avg") == "max" else "average"
    op = Pool(function=function, windows=window((points, points), (points, points)))
    return Step(op, (grid,), (result,))


RULES: Mapping[str, Rule] = {
    **dict.fromkeys(("MaxPool", "AveragePool", "LpPool"), _pool),
    **dict.fromkeys(("GlobalMaxPool", "GlobalAveragePool", "GlobalLpPool"), _global_pool),
    "com.microsoft:QLinearAveragePool": _quantized,
    "com.microsoft:QLinearGlobalAveragePool": _quantized,
    "RoiAlign": _region_align,
}
