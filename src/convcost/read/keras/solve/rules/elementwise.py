"""Activations, dropout, and layers that prepare data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.ops.activation import Activation
from convcost.ops.augmentation import Augmentation
from convcost.ops.preparation import Masking, Rescaling
from convcost.ops.regularization import Dropout

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.network.op import Op
    from convcost.read.keras.solve.site import Rule, Site


def _activation(function: str | None = None) -> Rule:
    return lambda site: Activation(function or site.activation)


def _dropout(site: Site) -> Op:
    rate = site.config("rate")
    return Dropout(float(rate)) if isinstance(rate, (int, float)) else Dropout()


#: The identity at inference.
_RANDOM = ("Brightness", "Contrast", "Flip", "Rotation", "Translation", "Zoom")


def _random(name: str) -> Rule:
    return lambda _: Augmentation(name)


RULES: Mapping[str, Rule] = {
    "Activation": _activation(),
    "ReLU": _activation("relu"),
    "LeakyReLU": lambda _: Activation("leaky_relu", 0.3),  # Keras's default
    "ELU": _activation("elu"),
    "Softmax": _activation("softmax"),
    "ThresholdedReLU": _activation("threshold"),
    "Identity": _activation("linear"),
    "ActivityRegularization": _activation("linear"),
    "Masking": lambda _: Masking(),
    "Rescaling": lambda _: Rescaling(),
    **{f"Random{name}": _random(f"Random{name}") for name in _RANDOM},
    "Dropout": _dropout,
    "AlphaDropout": _dropout,
    "GaussianDropout": _dropout,
    "GaussianNoise": _dropout,
    **{f"SpatialDropout{rank}D": _dropout for rank in (1, 2, 3)},
}
