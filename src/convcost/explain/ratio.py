"""How many times longer one network takes than another."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcost.measure import Interval
    from convcost.predict import Estimate


@dataclass(frozen=True, slots=True)
class MeasuredRatio:
    """A measured time(a) / time(b).

    Attributes:
        value: of a batch; of a training step where steps were measured.
        low: of the interval of the median; None where single times are compared.
        high: its counterpart.
        confidence: the probability that such an interval holds the true ratio; None without one.
    """

    value: float
    low: float | None = None
    high: float | None = None
    confidence: float | None = None

    @classmethod
    def of(cls, times: Interval) -> MeasuredRatio:
        """A ratio whose median and interval are known."""
        return cls(times.median, times.low, times.high, times.confidence)

    def times(self, factor: float) -> MeasuredRatio:
        """The ratio of a part, which has this factor more of a's time than of b's."""
        low, high = (None if end is None else end * factor for end in (self.low, self.high))
        return MeasuredRatio(self.value * factor, low, high, self.confidence)

    def to_dict(self) -> dict[str, float]:
        """Plain values; without the interval where there is none."""
        return {name: value for name, value in asdict(self).items() if value is not None}


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times longer one network takes than another: time(a) / time(b).

    Attributes:
        a: index of the later network.
        b: index of the network it is compared with.
        predicted: by the runtime's kernels on the device.
        measured: from times that the user gave, the sources tell or convcost took; None without.
        measured_forward: of the forward passes alone, where they are what is predicted; None where
            that is `measured` itself, or is not known.
    """

    a: int
    b: int
    predicted: Estimate
    measured: MeasuredRatio | None = None
    measured_forward: MeasuredRatio | None = None

    def to_dict(self, sources: Sequence[str]) -> dict[str, Any]:
        """Plain values.

        Args:
            sources: the names of the networks.
        """
        measured = {"measured": self.measured, "measured_forward": self.measured_forward}
        return {
            "a": sources[self.a],
            "b": sources[self.b],
            "predicted": self.predicted.to_dict(),
            **{name: each.to_dict() for name, each in measured.items() if each is not None},
        }
