"""Upsampling and resizing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.errors import NetworkError
from convcost.network.dims import number
from convcost.ops.resize import Resize, Upsample
from convcost.write.layout import channels_first

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.write.onnx.site import Rule, Site

_MODES = {"nearest": "nearest", "linear": "linear", "bilinear": "linear", "trilinear": "linear",
          "cubic": "cubic", "bicubic": "cubic"}  # fmt: skip


def _resize(site: Site) -> None:
    """To sizes, with positions measured from the middle of values or between the outer ones.

    The nearest value is that from below.
    """
    import numpy as np

    op: Any = site.op
    mode = _MODES.get(op.interpolation)
    if mode is None or (mode == "cubic" and site.framework == "keras"):
        raise NetworkError(f"the interpolation '{op.interpolation}' cannot be written to ONNX")
    result = site.results[0]
    order = channels_first(result)
    sizes = [number(result.axes[place].size, "a size") for place in order[2:]]
    positions = "align_corners" if op.align_corners else "half_pixel"
    more: dict[str, Any] = {"coordinate_transformation_mode": positions}
    if mode == "nearest":
        more = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
        if site.framework == "keras":  # from the middle of values
            more = {"coordinate_transformation_mode": "half_pixel",
                    "nearest_mode": "round_prefer_ceil"}  # fmt: skip
    if mode == "cubic":
        more["cubic_coeff_a"] = -0.75
    factors = [size / number(site.tensors[0].axes[p].size, "a size")
               for size, p in zip(sizes, order[2:], strict=True)]  # fmt: skip
    x = site.channels_first()
    # onnxruntime 1.31 cannot move a transposition past sizes of some axes only
    if all(factor.is_integer() for factor in factors):
        scales = site.stored(np.array([1, 1, *factors], "float32"), "scales")
        made = site.node("Resize", x, "", scales, mode=mode, **more)
    else:
        kept = site.node("Shape", x, start=0, end=2)
        every = site.node("Concat", kept, site.graph.whole_numbers(sizes), axis=0)
        made = site.node("Resize", x, "", "", every, mode=mode, **more)
    site.give_channels_first(made)


RULES: Mapping[str, Rule] = {Upsample.kind: _resize, Resize.kind: _resize}
