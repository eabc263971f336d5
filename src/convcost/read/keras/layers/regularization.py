"""Layers that act in training only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.ops.activation import Activation
from convcost.ops.regularization import Dropout

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.network.op import Op
    from convcost.read.keras.layers.site import Rule, Site


def _dropout(site: Site) -> Op:
    return Dropout(float(site.get("rate", 0.5)))


RULES: Mapping[str, Rule] = {
    "ActivityRegularization": lambda _: Activation("linear"),  # its penalty is the loss's affair
    "Dropout": _dropout,
    "AlphaDropout": _dropout,
    "GaussianDropout": _dropout,
    "GaussianNoise": _dropout,
    **{f"SpatialDropout{rank}D": _dropout for rank in (1, 2, 3)},
}
