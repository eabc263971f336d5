"""A figure that is not known exactly."""

from __future__ import annotations

import math
from dataclasses import dataclass

#: Half of a normal distribution's 90 % interval, in standard deviations.
_Z90 = 1.645


@dataclass(frozen=True, slots=True)
class Estimate:
    """Seconds with a 90 % band.

    Attributes:
        value: seconds.
        low: 5 % are below.
        high: 5 % are above.
        common: the share of the variance of its logarithm that all parts of what takes this time
            have in common, as far as that is known.
    """

    value: float
    low: float
    high: float
    common: float = 0.0

    def times(self, factor: float) -> Estimate:
        """The estimate of doing it that many times."""
        low, high = self.low * factor, self.high * factor
        return Estimate(self.value * factor, low, high, self.common)

    def plus(self, seconds: float) -> Estimate:
        """The estimate with a known duration added."""
        low, high = self.low + seconds, self.high + seconds
        return Estimate(self.value + seconds, low, high, self.common)

    @property
    def spread(self) -> float:
        """The standard deviation of the logarithm that the 90 % band corresponds to."""
        low = self.low if self.low > 0 else self.value**2 / self.high
        return math.log(self.high / low) / (2 * _Z90)

    def to_dict(self) -> dict[str, float]:
        """Plain values."""
        return {"value": self.value, "low": self.low, "high": self.high}


def interval(value: float, deviation: float) -> tuple[float, float]:
    """The 90 % interval of a figure whose logarithm has this standard deviation."""
    factor = math.exp(_Z90 * deviation)
    return value / factor, value * factor
