"""Upsampling and resizing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.errors import NetworkError
from convcost.ops.resize import Resize, Upsample
from convcost.write.layout import channels_first, number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.write.onnx.site import Rule, Site

_MODES = {"nearest": "nearest", "linear": "linear", "bilinear": "linear", "trilinear": "linear",
          "cubic": "cubic", "bicubic": "cubic"}  # fmt: skip


def _resize(site: Site) -> None:
    """To sizes, with positions measured from the middle of values; the nearest from below."""
    op: Any = site.op
    mode = _MODES.get(op.interpolation)
    if mode is None:
        raise NetworkError(f"the interpolation '{op.interpolation}' cannot be written to ONNX")
    result = site.results[0]
    order = channels_first(result)
    sizes = [number(result.axes[place].size, "a size") for place in order[2:]]
    more: dict[str, Any] = {"coordinate_transformation_mode": "half_pixel"}
    if mode == "nearest":
        more = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    if mode == "cubic":
        more["cubic_coeff_a"] = -0.75
    made = site.node(
        "Resize", site.channels_first(), "", "", site.graph.whole_numbers(sizes), mode=mode,
        axes=list(range(2, len(order))), **more,
    )  # fmt: skip
    site.give_channels_first(made)


RULES: Mapping[str, Rule] = {Upsample.kind: _resize, Resize.kind: _resize}
