"""What training gave, as values: accuracy per epoch over seeds, of two networks."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from statistics import median
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from convcost.measure.statistics import of_processes
from convcost.rewrite.training.means import mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.measure.statistics import Interval
    from convcost.rewrite.training.means import Mean
    from convcost.runtime.runners.learning import Epoch

#: What parameters begin as: the ``source``'s values, or ``fresh`` ones.
Start: TypeAlias = Literal["source", "fresh"]


@dataclass(frozen=True, slots=True)
class Run:
    """One training of one network.

    Attributes:
        seed: of the order of samples, and of the numbers it began with where these were fresh.
        epochs: in order.
    """

    seed: int
    epochs: tuple[Epoch, ...]


@dataclass(frozen=True, slots=True)
class Curve:
    """A network's trainings, one per seed, of as many epochs each.

    Attributes:
        source: the network's name.
        runs: at least one, of at least one epoch.
    """

    source: str
    runs: tuple[Run, ...]

    @property
    def per_epoch(self) -> tuple[Mean, ...]:
        """The accuracy after each epoch, over the seeds."""
        return tuple(
            mean([epoch.accuracy for epoch in epochs])
            for epochs in zip(*(run.epochs for run in self.runs), strict=True)
        )

    @property
    def accuracy(self) -> Mean:
        """After the last epoch."""
        return self.per_epoch[-1]

    @property
    def epoch_seconds(self) -> float:
        """The median; of first epochs, in which frameworks compile, only without others."""
        return median(epoch.seconds for run in self.runs for epoch in _warm(run))

    def to_dict(self) -> dict[str, Any]:
        """Plain values; a loss that is no finite number is None."""
        return {
            "source": self.source,
            "accuracy": self.accuracy.to_dict(),
            "per_epoch": [each.to_dict() for each in self.per_epoch],
            "epoch_seconds": self.epoch_seconds,
            "runs": [
                {"seed": run.seed, "epochs": [_plain(epoch) for epoch in run.epochs]}
                for run in self.runs
            ],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """Two networks trained alike: the same samples in the same order for the same seed.

    Attributes:
        before: the original.
        after: the rewritten network.
        runtime: whose loop trained them.
        versions: of what ran.
        data: where the samples come from.
        trained: samples that they were trained on.
        tested: samples that their accuracy is of.
        start: what they began with.
        batch: samples per step.
        optimizer: what updated the parameters.
        rate: of learning.
        epochs: of a run, as they were asked for.
        interrupted: Ctrl-C ended it early: there may be fewer epochs and seeds.
        remarks: what was assumed of the data.
    """

    before: Curve
    after: Curve
    runtime: str
    versions: Mapping[str, str]
    data: str
    trained: int
    tested: int
    start: Start
    batch: int
    optimizer: str
    rate: float
    epochs: int
    interrupted: bool
    remarks: tuple[str, ...] = ()

    @property
    def gained(self) -> Mean:
        """Accuracy of the rewritten network less that of the original, seed by seed."""
        pairs = zip(self.before.runs, self.after.runs, strict=True)
        return mean([b.epochs[-1].accuracy - a.epochs[-1].accuracy for a, b in pairs])

    @property
    def epoch_ratio(self) -> Interval:
        """Seconds of an epoch after the rewrite over before, epochs side by side."""
        samples, processes = [], []
        for one, other in zip(self.before.runs, self.after.runs, strict=True):
            pairs = list(zip(_warm(one), _warm(other), strict=True))
            samples += [b.seconds / a.seconds for a, b in pairs]
            processes.append(len(pairs))
        return of_processes(samples, processes)

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "runtime": self.runtime,
            "versions": dict(self.versions),
            "data": self.data,
            "trained": self.trained,
            "tested": self.tested,
            "start": self.start,
            "batch": self.batch,
            "optimizer": self.optimizer,
            "rate": self.rate,
            "epochs": self.epochs,
            "seeds": [run.seed for run in self.before.runs],
            "interrupted": self.interrupted,
            "before": self.before.to_dict(),
            "after": self.after.to_dict(),
            "gained": self.gained.to_dict(),
            "epoch_ratio": self.epoch_ratio.to_dict("value"),
            "remarks": list(self.remarks),
        }


def _warm(run: Run) -> tuple[Epoch, ...]:
    return run.epochs[1:] or run.epochs


def _plain(epoch: Epoch) -> dict[str, float | None]:
    return {**asdict(epoch), "loss": epoch.loss if math.isfinite(epoch.loss) else None}
