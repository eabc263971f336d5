"""A network without one cause of its time: what was taken out, and what that changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from convcost.explain.agreement import sure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.explain.difference import Cause
    from convcost.network.network import Network

#: Predicted and measured change agree where they differ by at most this share of the measured one.
#: They are compared as shares of the whole time: what the whole is off by is told elsewhere.
WITHIN = 0.25

#: Of a measured change with a predicted one: as predicted within 25 %; more or less, but in the
#: same direction; the other way; or not sure enough to tell the direction.
Agreement: TypeAlias = Literal["as predicted", "same direction", "opposite direction", "unsure"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Without:
    """What an ablation makes of a network.

    Attributes:
        network: without the cause; None where the network stays as it is, and the framework's own
            loop around it is left out.
        layers: of the network as it was: those that are taken out, or changed.
        subject: what is taken out, for a sentence (``BatchNorm``).
        meaning: what becomes of the results, and what to make of the change.
        per_mac: whether the MACs change, so that the time is told for those of the network as it
            was: what they would take at the rate of the changed one.
        usual: whether it is tried without being named.
    """

    network: Network | None
    layers: tuple[str, ...]
    subject: str
    meaning: str
    per_mac: bool = False
    usual: bool = True


@dataclass(frozen=True, slots=True)
class Change:
    """Time without a cause less the time with it.

    Attributes:
        seconds: of a batch; below zero where time is saved.
        low: of the 90 % band of a prediction, or of the interval of a measured median; None where
            there is none.
        high: its counterpart.
        share: of the time with it; None where what is predicted of that is only a part.
        confidence: of a measured interval; None of a prediction.
    """

    seconds: float
    low: float | None = None
    high: float | None = None
    share: float | None = None
    confidence: float | None = None

    @property
    def direction(self) -> int:
        """1 or -1 where a measured change is surely up or down, else 0."""
        if self.low is None or self.high is None or not sure(self.confidence):
            return 0
        return (self.low > 0) - (self.high < 0)

    def to_dict(self) -> dict[str, float]:
        """Plain values; what is not known is left out."""
        figures = {
            "seconds": self.seconds, "low": self.low, "high": self.high, "share": self.share,
            "confidence": self.confidence,
        }  # fmt: skip
        return {name: value for name, value in figures.items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ablation:
    """What one cause takes of a network's time.

    Attributes:
        name: of the ablation: its file's, with dashes.
        network: index of the network.
        without: what was taken out.
        predicted: the change.
        measured: the change; None where it was not measured.
        causes: what the predicted change consists of.
        interrupted: Ctrl-C ended its measurement early, or before it began.
    """

    name: str
    network: int
    without: Without
    predicted: Change
    measured: Change | None = None
    causes: Mapping[Cause, float] = field(default_factory=dict)
    interrupted: bool = False

    @property
    def agreement(self) -> Agreement | None:
        """Whether the measured change is the predicted one; None without a measured one."""
        measured, predicted = self.measured, self.predicted
        if measured is None:
            return None
        if not measured.direction:
            return "unsure"
        if measured.direction * predicted.seconds <= 0:
            return "opposite direction"
        found, expected = measured.share, predicted.share
        if found is None or expected is None:
            found, expected = measured.seconds, predicted.seconds
        near = abs(found - expected) <= WITHIN * abs(found)
        return "as predicted" if near else "same direction"

    def to_dict(self, source: str) -> dict[str, Any]:
        """Plain values.

        Args:
            source: the name of the network.
        """
        without = self.without
        measured: dict[str, Any] = {}
        if self.measured is not None:
            measured = {"measured": self.measured.to_dict(), "agreement": self.agreement}
        return {
            "name": self.name,
            "network": source,
            "layers": list(without.layers),
            "subject": without.subject,
            "meaning": without.meaning,
            "per_mac": without.per_mac,
            "predicted": {**self.predicted.to_dict(), "causes": dict(self.causes)},
            **measured,
        }
