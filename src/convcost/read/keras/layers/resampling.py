"""Layers that cut images, or make them larger or smaller."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.errors import NetworkError
from convcost.ops.crop import Cropping
from convcost.ops.resize import Resize, Upsample, interpolation_charge
from convcost.ops.window import AXES
from convcost.read.keras.layers.site import each, sides

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.network.op import Op
    from convcost.read.keras.layers.site import Rule, Site


def _upsampling(rank: int) -> Rule:
    def rule(site: Site) -> Op:
        factors = each(site.get("size", 2), rank)
        return Upsample(
            factors=tuple(zip(AXES[rank], factors, strict=True)),
            interpolation=_interpolation(site, "nearest"),
        )

    return rule


def _cropping(rank: int) -> Rule:
    def rule(site: Site) -> Op:
        return Cropping(sides(site.get("cropping", 0 if rank == 2 else 1), rank))

    return rule


def _resizing(site: Site) -> Op:
    if site.get("antialias", False):
        raise NetworkError("how many values antialiasing smooths over is not known")
    return Resize(sizes=_target(site), interpolation=_interpolation(site, "bilinear"))


def _center_crop(site: Site) -> Op:
    """A crop, or where the image is smaller than the target, Keras's resizing."""
    amounts = []
    for axis, target in _target(site):
        size = site.inputs[0].size(axis)
        if isinstance(size, int) and size < target:
            return Resize(sizes=_target(site))
        before = (size - target) // 2
        amounts.append((axis, before, size - target - before))
    return Cropping(tuple(amounts))


def _random_crop(site: Site) -> Op:
    """As documented: at inference the image is resized and cropped to the target."""
    return Resize(sizes=_target(site))


def _target(site: Site) -> tuple[tuple[str, int], ...]:
    return ("height", site.need("height")), ("width", site.need("width"))


def _interpolation(site: Site, default: str) -> str:
    interpolation = str(site.get("interpolation", default)).lower()
    interpolation_charge(interpolation, 1)
    return interpolation


RULES: Mapping[str, Rule] = {
    **{f"UpSampling{rank}D": _upsampling(rank) for rank in (1, 2, 3)},
    **{f"Cropping{rank}D": _cropping(rank) for rank in (1, 2, 3)},
    "Resizing": _resizing,
    "CenterCrop": _center_crop,
    "RandomCrop": _random_crop,
}
