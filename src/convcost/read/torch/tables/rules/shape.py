"""Rules for layers that flatten, pad and enlarge."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from convcost.errors import NetworkError
from convcost.ops.pad import ZeroPadding
from convcost.ops.reshape import Flatten
from convcost.ops.resize import Upsample
from convcost.ops.window import AXES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.network.op import Op
    from convcost.read.torch.tables.site import Rule, TorchSite

_PADS = ("Zero", "Constant", "Reflection", "Replication", "Circular")


def _flatten(site: TorchSite) -> Op:
    if site.input is None:
        raise NetworkError("the layer before it is not known")
    return Flatten()


def _pad(rank: int, site: TorchSite) -> Op:
    """Whatever it is filled with: every value is copied."""
    amounts = []
    for axis in AXES[rank]:
        size = site.given(axis)
        if size is None or site.input is None:
            raise NetworkError("the layer before it is not known")
        more = site.printed(axis) - size
        if more < 0:
            raise NetworkError(f"its output is smaller than its input along {axis}")
        amounts.append((axis, more // 2, more - more // 2))
    return ZeroPadding(tuple(amounts))


def _upsample(interpolation: str, site: TorchSite) -> Op:
    if site.input is None:
        raise NetworkError("the layer before it is not known")
    factors = []
    for axis in ("depth", "height", "width", "time"):
        if site.output.has(axis) and site.output.axes[1].name == "channel":
            size = site.given(axis)
            factor, rest = divmod(site.printed(axis), size) if size else (0, 1)
            if rest:
                raise NetworkError(f"it does not enlarge {axis} by a whole factor")
            factors.append((axis, factor))
    if site.row.kind == "Upsample":
        site.note("assumed", "a printout does not show the interpolation of Upsample: nearest")
    return Upsample(factors=tuple(factors), interpolation=interpolation)


RULES: Mapping[str, Rule] = {
    **{f"{name}Pad{rank}d": partial(_pad, rank) for name in _PADS for rank in (1, 2, 3)},
    "Flatten": _flatten,
    "Upsample": partial(_upsample, "nearest"),
    "UpsamplingBilinear2d": partial(_upsample, "bilinear"),
    "UpsamplingNearest2d": partial(_upsample, "nearest"),
}
