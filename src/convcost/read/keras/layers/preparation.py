"""Layers that prepare data: scaling, masks, categories, random changes in training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.errors import NetworkError
from convcost.ops.augmentation import Augmentation
from convcost.ops.preparation import (
    CategoryEncoding,
    Discretization,
    Masking,
    Normalization,
    Rescaling,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.network.op import Op
    from convcost.read.keras.layers.site import Rule, Site

#: The identity at inference.
_RANDOM = (
    *("AugMix", "CutMix", "Equalization", "MixUp", "RandAugment", "RandomBrightness"),
    *("RandomColorDegeneration", "RandomColorJitter", "RandomContrast", "RandomElasticTransform"),
    *("RandomErasing", "RandomFlip", "RandomGaussianBlur", "RandomGrayscale", "RandomHue"),
    *("RandomInvert", "RandomPerspective", "RandomPosterization", "RandomRotation"),
    *("RandomSaturation", "RandomSharpness", "RandomShear", "RandomTranslation", "RandomZoom"),
    "Solarization",
)


def _normalization(site: Site) -> Op:
    given = site.config.get("mean") is not None
    mean, variance = (_numbers(site.get(name)) for name in ("mean", "variance"))
    if mean is None or variance is None:
        mean = variance = None
    if "axis" in site.config and site.config["axis"] is None:
        return Normalization(axes=(), stored=not given, mean=mean, variance=variance)
    axes = site.get("axis", -1)
    names = None if axes in (-1, (-1,), [-1]) else site.axes("axis")
    return Normalization(axes=names, stored=not given, mean=mean, variance=variance)


def _rescaling(site: Site) -> Op:
    scale, offset = (_numbers(each) for each in (site.get("scale"), site.get("offset", 0.0)))
    if scale is None or offset is None:
        return Rescaling()
    if len(scale) == len(offset) == 1:
        return Rescaling(scale[0], offset[0])
    return Rescaling() if site.channels_first else Rescaling(scale, offset)


def _numbers(stated: Any) -> tuple[float, ...] | None:
    """A number, or several in a row; None for anything else."""
    several = stated if isinstance(stated, (tuple, list)) else (stated,)
    plain = all(isinstance(each, (int, float)) for each in several)
    return tuple(map(float, several)) if several and plain else None


def _discretization(site: Site) -> Op:
    if site.get("output_mode", "int") != "int":
        raise NetworkError("only discretization to whole numbers is covered")
    boundaries = site.get("bin_boundaries")
    bins = len(boundaries) + 1 if isinstance(boundaries, (tuple, list)) else site.need("num_bins")
    return Discretization(bins)


def _category_encoding(site: Site) -> Op:
    tokens, mode = site.need("num_tokens"), site.get("output_mode", "multi_hot")
    if mode not in ("one_hot", "multi_hot", "count"):
        raise NetworkError(f"output mode {mode!r} is not known")
    behind = mode == "one_hot" and site.inputs[0].axes[-1].size != 1
    names = site.names(len(site.inputs[0].axes) + behind)
    return CategoryEncoding(categories=tokens, mode=mode, names=names)


def _random(name: str) -> Rule:
    return lambda _: Augmentation(name)


RULES: Mapping[str, Rule] = {
    "Normalization": _normalization,
    "Rescaling": _rescaling,
    "Masking": lambda _: Masking(),
    "Discretization": _discretization,
    "CategoryEncoding": _category_encoding,
    **{name: _random(name) for name in _RANDOM},
}
