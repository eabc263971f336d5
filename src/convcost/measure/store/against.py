"""A measurement against an earlier run: how much the time has changed, and what else has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from convcost._version import __version__
from convcost.measure.statistics import Interval

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.measure.measurement import Measurement
    from convcost.measure.store.runs import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Against:
    """How many times as long a network takes now as in an earlier run.

    Attributes:
        run: the earlier one's id in the store.
        time: when that was: UTC, ISO 8601.
        ratio: time now / time then. The samples were not taken side by side, so its interval goes
            from the lowest of now over the highest of then to the highest over the lowest; its
            confidence is the least that two intervals that know nothing of each other give.
        changed: what is not as it was then -> its value then and now; None is "not there".
    """

    run: int
    time: str
    ratio: Interval
    changed: Mapping[str, tuple[Any, Any]]

    @property
    def verdict(self) -> Literal["faster", "slower", "no difference seen"]:
        """What the interval says: a difference where it does not contain 1."""
        if self.ratio.high < 1:
            return "faster"
        return "slower" if self.ratio.low > 1 else "no difference seen"

    def to_dict(self) -> dict[str, Any]:
        """Plain values by the JSON contract."""
        return {
            "run": self.run,
            "time": self.time,
            "verdict": self.verdict,
            "ratio": self.ratio.to_dict("value"),
            "changed": {
                name: {"then": then, "now": now} for name, (then, now) in self.changed.items()
            },
        }


def compared(now: Measurement, fingerprint: str, then: Run) -> Against:
    """A measurement against an earlier run.

    Args:
        now: what was measured just now.
        fingerprint: of its network.
        then: the earlier run.
    """
    before = then.measurement
    earlier = _circumstances(before, then.fingerprint, then.convcost)
    today = _circumstances(now, fingerprint, __version__)
    # two names of the same network are no change
    if then.fingerprint == fingerprint:
        del earlier["network"], today["network"]
    names = dict.fromkeys((*earlier, *today))
    return Against(
        run=then.id,
        time=then.time,
        ratio=ratio(now.seconds, before.seconds),
        changed={
            name: (earlier.get(name), today.get(name))
            for name in names
            # what is off is as if it were not there
            if (earlier.get(name) or None) != (today.get(name) or None)
        },
    )


def ratio(a: Interval, b: Interval) -> Interval:
    """The ratio a / b of two medians whose samples were not taken side by side.

    >>> ratio(Interval(4.0, 3.0, 6.0, 0.96875), Interval(2.0, 1.0, 4.0, 0.96875))
    Interval(median=2.0, low=0.75, high=6.0, confidence=0.9384765625)
    """
    return Interval(
        median=a.median / b.median,
        low=a.low / b.high,
        high=a.high / b.low,
        confidence=a.confidence * b.confidence,
    )


def _circumstances(one: Measurement, fingerprint: str, convcost: str) -> dict[str, Any]:
    """All that a time may depend on, in one flat table."""
    return {
        "network": f"{one.source} ({fingerprint[:8]})",
        "runtime": one.runtime,
        "convcost": convcost,
        **one.versions,
        **one.machine,
        **one.workload.to_dict(),
        "loop": one.loop,
    }
