"""The time that a rewrite saves: measured side by side, beside what was predicted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from convcost.measure import measure
from convcost.network.dataclass import replace

if TYPE_CHECKING:
    from collections.abc import Callable

    from convcost.count import Workload
    from convcost.measure import Effort, Interval, Measurement
    from convcost.network.network import Network
    from convcost.predict import Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Both networks, measured in turns.

    Attributes:
        before: of the original.
        after: of the rewritten network.
        measured: time(after) / time(before), of pairs of runs side by side.
        predicted: the same by the prediction; None where none was given.
    """

    before: Measurement
    after: Measurement
    measured: Interval
    predicted: Estimate | None

    @property
    def faster(self) -> bool | None:
        """Whether the rewritten network is; None where the interval holds both answers."""
        if self.measured.high < 1:
            return True
        return False if self.measured.low > 1 else None

    @property
    def as_predicted(self) -> bool | None:
        """Whether the measured interval meets the predicted band; None without a prediction."""
        if self.predicted is None:
            return None
        return self.predicted.low <= self.measured.high and self.measured.low <= self.predicted.high

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "runtime": self.before.runtime,
            "before": _seconds(self.before),
            "after": _seconds(self.after),
            "ratio": {
                "measured": self.measured.to_dict("value"),
                "predicted": self.predicted and self.predicted.to_dict(),
            },
            "faster": self.faster,
            "as_predicted": self.as_predicted,
        }


def timing(
    before: Network,
    after: Network,
    workload: Workload | None = None,
    *,
    runtime: str | None = None,
    threads: int | None = None,
    effort: Effort | None = None,
    predicted: Estimate | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Timing:
    """Measure both; arguments and errors as `convcost.measure.measure`.

    Args:
        before: the original.
        after: the rewritten network.
        workload: what is run.
        runtime: its name.
        threads: of the framework.
        effort: how long to measure.
        predicted: time(after) / time(before).
        say: told what is going on.
    """
    if after.name == before.name:
        after = replace(after, name=f"{after.name}, rewritten")
    found = measure(
        [before, after], workload, runtime=runtime, threads=threads, effort=effort, say=say
    )
    (ratio,) = found.ratios
    one, other = found.networks
    return Timing(before=one, after=other, measured=ratio.times, predicted=predicted)


def _seconds(found: Measurement) -> dict[str, Any]:
    return {
        **found.seconds.to_dict(),
        "per": found.per,
        "peak_bytes": found.peak_bytes,
        **found.verdict.to_dict(),
        "interrupted": found.interrupted,
    }
