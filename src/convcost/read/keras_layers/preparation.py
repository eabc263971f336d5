"""Layers that prepare data: scaling, masks, categories, random changes in training."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
    from convcost.read.keras_layers.site import Rule, Site

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
    if "axis" in site.config and site.config["axis"] is None:
        return Normalization(axes=(), stored=not given)
    axes = site.get("axis", -1)
    last = axes in (-1, (-1,), [-1])
    return Normalization(axes=None if last else site.axes("axis"), stored=not given)


def _rescaling(site: Site) -> Op:
    scale, offset = site.get("scale"), site.get("offset", 0.0)
    plain = isinstance(scale, (int, float)) and isinstance(offset, (int, float))
    return Rescaling(float(scale), float(offset)) if plain else Rescaling()


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
