"""Layers of Keras's own whose cost convcost leaves unknown, each for a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from convcost.errors import NetworkError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.read.keras.layers.site import Rule, Site

_CODE = "it runs code that the source does not hold"
_TEXT = "it works on text or tables on the way to the network, not on its tensors"
_SIGNAL = "it is a transform of signals by Fourier's method, which no op covers yet"
_IMAGE = "it changes images by their own histograms, also at inference"

#: Class -> why its cost is unknown.
REASONS: Mapping[str, str] = {
    "Lambda": "a Lambda holds the user's own code, which is never run",
    **dict.fromkeys(("FlaxLayer", "JaxLayer", "TFSMLayer", "TorchModuleWrapper"), _CODE),
    **dict.fromkeys(("Hashing", "HashedCrossing", "IntegerLookup", "StringLookup"), _TEXT),
    "TextVectorization": _TEXT,
    **dict.fromkeys(("MelSpectrogram", "STFTSpectrogram"), _SIGNAL),
    **dict.fromkeys(("AutoContrast", "ContrastLimitedAdaptiveHistogramEqualization"), _IMAGE),
    "MaxNumBoundingBoxes": "it counts boxes beside the images, not values of a tensor",
    **dict.fromkeys(("RandomHeight", "RandomWidth"), "its output has a random size"),
}


def _unknown(why: str) -> Rule:
    def rule(site: Site) -> NoReturn:
        del site
        raise NetworkError(why)

    return rule


RULES: Mapping[str, Rule] = {name: _unknown(why) for name, why in REASONS.items()}
