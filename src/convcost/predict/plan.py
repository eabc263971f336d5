"""What follows from the time of a batch: that of a data set, and whether a measured one fits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from convcost.count import Workload
    from convcost.predict.estimate import Estimate
    from convcost.predict.rates import Rates

#: Of a measured time against the range of the predicted one.
Verdict: TypeAlias = Literal["as predicted", "slower", "faster"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The time of a whole data set.

    Attributes:
        samples: in the data set.
        steps: batches over all epochs, the last of each perhaps smaller.
        epochs: passes.
        seconds: everything, the framework's loop included.
        loop_seconds: the framework's loop alone: feeding the data, callbacks.
        loop_source: where its time per batch comes from.
    """

    samples: int
    steps: int
    epochs: int
    seconds: Estimate
    loop_seconds: float
    loop_source: str

    def to_dict(self) -> dict[str, Any]:
        """Plain values by the JSON contract."""
        return {
            "samples": self.samples,
            "steps": self.steps,
            "epochs": self.epochs,
            "seconds": self.seconds.to_dict(),
            "loop_seconds": self.loop_seconds,
            "loop_source": self.loop_source,
        }


@dataclass(frozen=True, slots=True)
class LoopTime:
    """What the framework's own loop takes besides the steps.

    Attributes:
        seconds: per batch.
        source: where the figure comes from.
    """

    seconds: float
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A time that the user measured, against the predicted one.

    Attributes:
        seconds: measured.
        per: what was measured: a batch, or the plan's data set with all epochs.
        predicted: for the same.
        rates: what the machine does at the measured time.
    """

    seconds: float
    per: Literal["batch", "plan"]
    predicted: Estimate
    rates: Rates

    @property
    def ratio(self) -> float:
        """Measured over predicted."""
        return self.seconds / self.predicted.value

    @property
    def verdict(self) -> Verdict:
        """Whether the measured time lies in the range of the predicted one."""
        if self.seconds > self.predicted.high:
            return "slower"
        return "faster" if self.seconds < self.predicted.low else "as predicted"

    def to_dict(self) -> dict[str, Any]:
        """Plain values by the JSON contract."""
        return {
            "seconds": self.seconds,
            "per": self.per,
            "predicted": self.predicted.to_dict(),
            "ratio": self.ratio,
            "verdict": self.verdict,
            "rates": self.rates.to_dict(),
        }


def plan_of(workload: Workload, batch: Estimate, loop: LoopTime) -> Plan | None:
    """Whole batches at the batch's time; a last smaller batch is charged by its share.

    Args:
        workload: with the samples of the plan; None without them.
        batch: seconds of a step.
        loop: what comes to every step.
    """
    if workload.samples is None or workload.steps is None:
        return None
    loop_seconds = workload.steps * loop.seconds
    batches = workload.epochs * workload.samples / workload.batch
    return Plan(
        samples=workload.samples,
        steps=workload.steps,
        epochs=workload.epochs,
        seconds=batch.times(batches).plus(loop_seconds),
        loop_seconds=loop_seconds,
        loop_source=loop.source,
    )
