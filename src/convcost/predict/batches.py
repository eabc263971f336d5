"""One network at several batches: from where on arithmetic takes more than launches."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from convcost.predict.kernel import parts_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from convcost.count import Workload
    from convcost.predict.estimate import Estimate
    from convcost.predict.prediction import Prediction

#: A batch is as good as the best one where a sample takes at most so many times as long.
_AS_GOOD = 1.1


@dataclass(frozen=True, slots=True, kw_only=True)
class AtBatch:
    """The time of a batch, and what it consists of.

    Attributes:
        batch: samples.
        seconds: of the batch.
        launch: share that is launches, and the framework between the layers.
        compute: share of arithmetic.
        memory: share of memory traffic, loss and update among it.
    """

    batch: int
    seconds: Estimate
    launch: float
    compute: float
    memory: float

    @property
    def per_sample(self) -> float:
        """Seconds."""
        return self.seconds.value / self.batch

    def to_dict(self) -> dict[str, Any]:
        """Plain values by the JSON contract."""
        return {
            "batch": self.batch,
            "seconds": self.seconds.to_dict(),
            "seconds_per_sample": self.per_sample,
            "launch": self.launch,
            "compute": self.compute,
            "memory": self.memory,
        }


@dataclass(frozen=True, slots=True)
class Batches:
    """The same network at several batches, the smallest first."""

    rows: tuple[AtBatch, ...]

    @property
    def crossover(self) -> int | None:
        """The smallest batch from which on launches are less than half of the time; None: none."""
        found = None
        for row in reversed(self.rows):
            if row.launch >= 1 / 2:
                break
            found = row.batch
        return found

    @property
    def enough(self) -> int:
        """The smallest batch at which a sample takes little more than at the best one."""
        best = min(row.per_sample for row in self.rows)
        return next(row.batch for row in self.rows if row.per_sample <= _AS_GOOD * best)

    def to_dict(self) -> dict[str, Any]:
        """Plain values by the JSON contract."""
        return {
            "rows": [row.to_dict() for row in self.rows],
            "crossover": self.crossover,
            "enough": self.enough,
        }


def over_batches(
    predicted: Callable[[Workload], Prediction], workload: Workload, batches: Sequence[int]
) -> Batches:
    """Predict several batches.

    Args:
        predicted: the prediction of a workload.
        workload: of which only the batch changes.
        batches: samples.
    """
    rows = (predicted(replace(workload, batch=batch)) for batch in sorted(set(batches)))
    return Batches(tuple(map(_row, rows)))


def _row(prediction: Prediction) -> AtBatch:
    whole = prediction.seconds.value
    parts, rest = parts_of(prediction.kernels), prediction.rest
    others = sum(seconds for phase, seconds in rest.items() if phase != "loop")
    return AtBatch(
        batch=prediction.workload.batch,
        seconds=prediction.seconds,
        launch=(parts["launch"] + rest.get("loop", 0.0)) / whole,
        compute=parts["compute"] / whole,
        memory=(parts["memory"] + others) / whole,
    )
