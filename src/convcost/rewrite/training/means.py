"""The mean of a few samples, with its interval."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from statistics import fmean, stdev
from typing import TYPE_CHECKING

from convcost.measure.statistics import CONFIDENCE

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Quantiles of Student's t distribution at 97.5 % for 1, 2, 3 ... degrees of freedom; more have at
#: most the last one.
_STUDENT = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
    2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
    2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean and the interval that holds the true one, by Student's t.

    Attributes:
        mean: of the samples.
        low: the interval's lower end; None with a single sample.
        high: its upper end.
        confidence: of the interval, for samples that are normally distributed.
    """

    mean: float
    low: float | None
    high: float | None
    confidence: float = CONFIDENCE

    def to_dict(self) -> dict[str, float | None]:
        """Plain values."""
        return asdict(self)


def mean(samples: Sequence[float]) -> Mean:
    """The mean of independent samples, at least one.

    >>> mean([1.0, 2.0, 3.0]).mean, round(mean([1.0, 2.0, 3.0]).high, 3)
    (2.0, 4.484)
    """
    middle = fmean(samples)
    if len(samples) < 2:
        return Mean(middle, None, None)
    quantile = _STUDENT[min(len(samples) - 1, len(_STUDENT)) - 1]
    half = quantile * stdev(samples) / math.sqrt(len(samples))
    return Mean(middle, middle - half, middle + half)
