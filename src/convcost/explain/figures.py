"""Figures of a comparison that several rules, the answer and the ablations look at."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from convcost.network.dims import number

if TYPE_CHECKING:
    from collections.abc import Iterable

    from convcost.explain.evidence import Case
    from convcost.predict import KernelTime, LayerPrediction

#: Ratios of some figure and of time that differ by less than this factor agree well enough.
_LEAST_FACTOR = 2.0
#: A vector that is filled to more than this is no reason to complain.
_MOST_FILL = 0.5


def misleads(figure: float, seconds: float) -> bool:
    """Whether a ratio of some figure is far from the ratio of the times."""
    return figure > 0 and abs(math.log(seconds / figure)) > math.log(_LEAST_FACTOR)


def narrow(case: Case) -> list[LayerPrediction]:
    """The convolutions that fill at most half of a vector."""
    layers = case.prediction.layers
    return [layer for layer in layers if layer.op != "dense" and fill_of(layer) <= _MOST_FILL]


def fill_of(layer: LayerPrediction) -> float:
    """The smallest part of a vector that a kernel of a layer fills; 1 without kernels."""
    return min((time.fill for time in layer.kernels), default=1.0)


def traffic(kernels: Iterable[KernelTime]) -> dict[str, int]:
    """Bytes that some kernels read and write."""
    costs = [time.kernel.cost for time in kernels]
    return {
        "read_bytes": sum(number(cost.read_bytes, "bytes") for cost in costs),
        "write_bytes": sum(number(cost.write_bytes, "bytes") for cost in costs),
    }
