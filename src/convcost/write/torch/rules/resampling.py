"""Upsampling and resizing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.errors import NetworkError
from convcost.network.dims import number
from convcost.ops.resize import Resize, Upsample
from convcost.write.layout import channels_first

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.write.torch.site import Rule, Site

_LINEAR = ("linear", "bilinear", "trilinear")
_CUBIC = ("cubic", "bicubic")


def _resize(site: Site) -> None:
    """To sizes, with positions measured from the middle of values or between the outer ones.

    The nearest value is that from below in PyTorch, from the middle in Keras, whose cubic
    interpolation has other coefficients.
    """
    import torch

    op: Any = site.op
    result = site.results[0]
    sizes = tuple(number(result.axes[place].size, "a size") for place in channels_first(result)[2:])
    keras = site.framework == "keras"
    if op.interpolation == "nearest":
        mode = "nearest-exact" if keras else "nearest"
    elif op.interpolation in _LINEAR and len(sizes) <= len(_LINEAR):
        mode = _LINEAR[len(sizes) - 1]
    elif op.interpolation in _CUBIC and len(sizes) == 2 and not keras:
        mode = "bicubic"
    else:
        raise NetworkError(
            f"the interpolation '{op.interpolation}' of {len(sizes)} axes cannot be written to "
            "PyTorch"
        )
    corners = {"align_corners": True} if op.align_corners else {}
    site.give_channels_first(
        site.module(lambda: torch.nn.Upsample(sizes, mode=mode, **corners), site.channels_first())
    )


RULES: Mapping[str, Rule] = {Upsample.kind: _resize, Resize.kind: _resize}
