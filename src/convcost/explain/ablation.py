"""A network without one cause of its time: what was taken out, and what that changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from convcost.explain.agreement import sure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.explain.difference import Cause
    from convcost.network.network import Network

#: From this share of a network's time on a cause matters: how much it takes has to be predicted
#: right, not the direction alone, and it is taken out without being named.
MATTERS = 0.1
#: Predicted and measured share agree where they differ by at most this part of the measured one.
WITHIN = 0.25

#: Of a measured change with a predicted one: as predicted within 25 %; more or less, but in the
#: same direction; the other way; or not sure enough to tell the direction.
Agreement: TypeAlias = Literal["as predicted", "same direction", "opposite direction", "unsure"]


def agreement(predicted: Change, measured: Change) -> Agreement:
    """Whether a cause takes what is predicted of it.

    Shares of the whole time are compared, not seconds:

    - What the whole is off by is told of the whole, with its band. A machine that is slower than
      predicted throughout makes all seconds longer and leaves the shares right; a whole that is
      predicted too short and a share that is too large make seconds that are right by accident.
    - The share is measured turn by turn and has an interval. The seconds also depend on how fast
      the machine was just then, which that interval leaves out.

    The share saved is compared, not the share left, which is near 1 for every small cause. It is
    the measured median that counts: a wide interval would agree with anything. Where no share is
    predicted, as only a part of the whole is, the seconds are compared.

    Args:
        predicted: the change by prediction.
        measured: the measured one.

    >>> found = Change(-9.0, -9.1, -8.9, whole=30.0, confidence=0.97)
    >>> agreement(Change(-2.0, whole=8.0), found), agreement(Change(-9.0, whole=20.0), found)
    ('as predicted', 'same direction')
    """
    if not measured.direction:
        return "unsure"
    if measured.direction * predicted.seconds <= 0:
        return "opposite direction"
    found, expected = measured.share, predicted.share
    if found is None or expected is None:
        found, expected = measured.seconds, predicted.seconds
    near = abs(found - expected) <= WITHIN * abs(found)
    return "as predicted" if near else "same direction"


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
        whole: the time with it; None where what is predicted of that is only a part.
        confidence: of a measured interval; None of a prediction.
    """

    seconds: float
    low: float | None = None
    high: float | None = None
    whole: float | None = None
    confidence: float | None = None

    @property
    def share(self) -> float | None:
        """Of the time with the cause; None where that is not known."""
        return None if self.whole is None else self.seconds / self.whole

    @property
    def shares(self) -> tuple[float, float] | None:
        """The ends of the band or the interval as shares; None where they are not known."""
        if self.whole is None or self.low is None or self.high is None:
            return None
        return self.low / self.whole, self.high / self.whole

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
        failure: why it could not be measured; empty where it could, or was not asked for.
    """

    name: str
    network: int
    without: Without
    predicted: Change
    measured: Change | None = None
    causes: Mapping[Cause, float] = field(default_factory=dict)
    interrupted: bool = False
    failure: str = ""

    @property
    def agreement(self) -> Agreement | None:
        """Whether the measured change is the predicted one; None without a measured one."""
        return None if self.measured is None else agreement(self.predicted, self.measured)

    @property
    def matters(self) -> bool:
        """Whether the cause takes `MATTERS` of the time or more, predicted or measured."""
        changes = (self.predicted, self.measured)
        shares = [each.share for each in changes if each is not None]
        return any(share is not None and abs(share) >= MATTERS for share in shares)

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
            **({"failure": self.failure} if self.failure else {}),
        }
