"""A figure that is not known exactly."""

from __future__ import annotations

import math
from dataclasses import dataclass

#: Half of a normal distribution's 90 % interval, in standard deviations.
_Z90 = 1.645


@dataclass(frozen=True, slots=True)
class Estimate:
    """Seconds with a 90 % band."""

    value: float
    low: float
    high: float

    def times(self, factor: float) -> Estimate:
        """The estimate of doing it that many times."""
        return Estimate(self.value * factor, self.low * factor, self.high * factor)

    def plus(self, seconds: float) -> Estimate:
        """The estimate with a known duration added."""
        return Estimate(self.value + seconds, self.low + seconds, self.high + seconds)

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
