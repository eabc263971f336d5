"""Layers that prepare data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.ops.preparation import Normalization, Rescaling
from convcost.write.layout import spread
from convcost.write.preparation import LEAST_DEVIATION, rescaled, statistics

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.write.onnx.site import Rule, Site


def _normalization(site: Site) -> None:
    """``(x - mean) / deviation``, where the deviation is worked out beforehand."""
    import numpy as np

    op: Any = site.op
    tensor, value = site.tensors[0], site.values[0]
    found = statistics(op, tensor, site.weights, exact=site.exact)
    deviation = np.maximum(np.sqrt(found.variance), LEAST_DEVIATION).astype(tensor.dtype)
    mean, divisor = (spread(each, tensor, found.places, value.order)
                     for each in (found.mean, deviation))  # fmt: skip
    made = site.node("Sub", value.name, site.stored(mean, "mean"))
    site.like_input(site.node("Div", made, site.stored(divisor, "deviation")))


def _rescaling(site: Site) -> None:
    """``x * scale + offset``."""
    op: Any = site.op
    tensor, value = site.tensors[0], site.values[0]
    last = (len(tensor.axes) - 1,)
    scale, offset = (
        array if array.ndim == 0 else spread(array, tensor, last, value.order)
        for array in rescaled(op, tensor, exact=site.exact)
    )
    made = site.node("Mul", value.name, site.stored(scale, "scale"))
    site.like_input(site.node("Add", made, site.stored(offset, "offset")))


RULES: Mapping[str, Rule] = {Normalization.kind: _normalization, Rescaling.kind: _rescaling}
