"""Layers that cut images, or make them larger or smaller."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.errors import NetworkError
from convcost.ops.crop import Cropping
from convcost.ops.pool import AdaptivePool
from convcost.ops.resize import INTERPOLATION_TAPS, Resize, Upsample
from convcost.ops.window import AXES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.network.op import Op
    from convcost.read.keras.solve.site import Rule, Site


def _upsampling(rank: int) -> Rule:
    def rule(site: Site) -> Op:
        factors = []
        for axis in AXES[rank]:
            size, output = site.given(axis), site.printed(axis)
            factor, rest = divmod(output, size) if size and output else (2, 0)
            if rest or factor < 1:
                raise NetworkError(f"its output is no multiple of its input along {axis}")
            factors.append((axis, factor))
        return Upsample(factors=tuple(factors), interpolation=_interpolation(site, "nearest"))

    return rule


def _cropping(rank: int) -> Rule:
    def rule(site: Site) -> Op:
        amounts = []
        for axis in AXES[rank]:
            size, output = site.given(axis), site.printed(axis)
            total = 0 if size is None or output is None else size - output
            if total < 0:
                raise NetworkError(f"its output is larger than its input along {axis}")
            amounts.append((axis, total // 2, total - total // 2))
        return Cropping(tuple(amounts))

    return rule


def _adaptive_pool(rank: int, function: str) -> Rule:
    def rule(site: Site) -> Op:
        parts = tuple((axis, site.need(axis)) for axis in AXES[rank])
        return AdaptivePool(function=function, parts=parts)  # type: ignore[arg-type]

    return rule


def _resizing(site: Site) -> Op:
    sizes = tuple((axis, site.need(axis)) for axis in AXES[2])
    return Resize(sizes=sizes, interpolation=_interpolation(site, "bilinear"))


def _interpolation(site: Site, default: str) -> str:
    """By code, or Keras's default: a summary does not print it."""
    stated = site.config("interpolation")
    return stated if stated in INTERPOLATION_TAPS else default


RULES: Mapping[str, Rule] = {
    **{f"UpSampling{rank}D": _upsampling(rank) for rank in (1, 2, 3)},
    **{f"Cropping{rank}D": _cropping(rank) for rank in (1, 2, 3)},
    **{
        f"Adaptive{name}Pooling{rank}D": _adaptive_pool(rank, function)
        for rank in (1, 2, 3)
        for name, function in (("Max", "max"), ("Average", "average"))
    },
    "CenterCrop": _cropping(2),
    "RandomCrop": _resizing,
    "Resizing": _resizing,
}
