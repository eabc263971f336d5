"""A figure that is not known exactly."""

from __future__ import annotations

from dataclasses import dataclass


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

    def to_dict(self) -> dict[str, float]:
        """Plain values."""
        return {"value": self.value, "low": self.low, "high": self.high}
