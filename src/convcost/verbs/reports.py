"""The whole of what is known of networks, or of runs that were measured, for one page."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from convcost.measure.measurement import Measurements, ratios
from convcost.result import Result
from convcost.verbs.counts import memory
from convcost.verbs.named import BATCH_OF_MANY
from convcost.verbs.runs import history
from convcost.verbs.times import explain, predict

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator, Sequence

    from convcost.explain import Explanation
    from convcost.measure import Effort, Measurement
    from convcost.network.network import Network
    from convcost.predict import Prediction
    from convcost.runtime.memory import Memory

#: Batches of the curve of a sample's time.
_BATCHES = (1, 2, 4, 8, 16, 32, 64, 128, 256)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview(Result):
    """All of one or several networks.

    Attributes:
        explanation: counts, predictions, findings; measurements where they were asked for.
        memories: of a pass, one per network.
        over_batches: predictions at several batches, likewise.
    """

    explanation: Explanation
    memories: tuple[Memory, ...]
    over_batches: tuple[Prediction, ...]

    def __repr__(self) -> str:
        return f"<Overview: {self.explanation.answer}>"

    def to_dict(self) -> dict[str, Any]:
        """Plain values by the JSON contract: `convcost/report/1`."""
        return {
            "schema": "convcost/report/1",
            **self.explanation.to_dict(),
            "memory": [each.to_dict() for each in self.memories],
            "batches": [
                None if each.batches is None else {"source": each.source, **each.batches.to_dict()}
                for each in self.over_batches
            ],
        }


@dataclass(frozen=True, slots=True)
class Runs(Result):
    """Measurements of one or of several moments, beside each other.

    Attributes:
        names: what each is called: its number in the store, or its file.
        times: when each ended: UTC, ISO 8601; empty where nobody tells.
        moments: what was measured side by side, with the ratios; a name and a time per network.
    """

    names: tuple[str, ...]
    times: tuple[str, ...]
    moments: tuple[Measurements, ...]

    @property
    def measurements(self) -> tuple[Measurement, ...]:
        """All of them, in the order of the names."""
        return tuple(one for moment in self.moments for one in moment.networks)

    def __repr__(self) -> str:
        return f"<Runs: {', '.join(self.names)}>"

    def to_dict(self) -> dict[str, Any]:
        """Plain values by the JSON contract: those of `convcost/measure/1`."""
        ratios = tuple(ratio for moment in self.moments for ratio in moment.ratios)
        return Measurements(self.measurements, ratios).to_dict()


def report(
    *nets: Network,
    device: str | None = None,
    runtime: str | None = None,
    batch: int = BATCH_OF_MANY,
    training: bool = False,
    optimizer: str | None = None,
    loss: str | None = None,
    freeze: str | Sequence[str] = (),
    input_gradient: bool = False,
    dtype: str | None = None,
    samples: int | None = None,
    measured: Sequence[float] = (),
    basis: Literal["calibrated", "data sheet"] | None = None,
    profile: str | os.PathLike[str] | None = None,
    verify: bool | Effort = False,
    threads: int | None = None,
    store: bool | str | os.PathLike[str] = True,
    say: Callable[[str], None] = lambda _: None,
    warn: Callable[[str], None] = warnings.warn,
) -> Overview:
    """Everything about networks for one page: `report(net).to_html()`.

    Args:
        nets: one or more; each is compared with the first.
        device: as in `predict`.
        runtime: as in `predict`.
        batch: samples per batch.
        training: a training step.
        optimizer: as in `count`.
        loss: as in `count`.
        freeze: as in `count`.
        input_gradient: as in `count`.
        dtype: as in `predict`.
        samples: as in `explain`.
        measured: as in `explain`.
        basis: as in `predict`.
        profile: as in `predict`.
        verify: measure the networks too, as in `explain`.
        threads: as in `explain`.
        store: as in `explain`.
        say: as in `explain`.
        warn: as in `explain`.

    Raises:
        UsageError: as `explain`.
        MissingFramework: the runtime to verify in is not installed.
    """
    step: dict[str, Any] = {"training": training, "optimizer": optimizer, "dtype": dtype}
    whole: dict[str, Any] = {"loss": loss, "freeze": freeze, "input_gradient": input_gradient}
    explanation = explain(
        *nets, device=device, runtime=runtime, batch=batch, samples=samples, measured=measured,
        basis=basis, profile=profile, verify=verify, threads=threads, store=store, say=say,
        warn=warn, **step, **whole,
    )  # fmt: skip
    named = explanation.predictions[0].runtime.name
    return Overview(
        explanation=explanation,
        memories=tuple(memory(net, batch=batch, runtime=named, **step, **whole) for net in nets),
        over_batches=tuple(
            predict(
                net, device=device, runtime=named, batch=batch, basis=basis, profile=profile,
                batches=sorted({*_BATCHES, batch}), **step,
            )
            for net in nets
        ),
    )  # fmt: skip


def runs(names: Sequence[str], *, store: str | os.PathLike[str] | None = None) -> Runs:
    """Runs that were measured before.

    Args:
        names: numbers of runs in the store, or files that `convcost measure --json` wrote.
        store: as in `history`.

    Raises:
        UsageError: there is no run of that number.
        SourceError: a file is no result of `measure`.
        ConvcostError: a file, or the store, cannot be read.
    """
    moments: dict[object, list[_Found]] = {}
    for name in names:
        for each in _of_store(name, store) if is_number(name) else _of_file(name):
            moments.setdefault(each.moment, []).append(each)
    found = [each for moment in moments.values() for each in moment]
    together = [[each.measurement for each in moment] for moment in moments.values()]
    return Runs(
        names=tuple(each.name for each in found),
        times=tuple(each.time for each in found),
        moments=tuple(Measurements(tuple(each), ratios(each)) for each in together),
    )


def is_number(name: str) -> bool:
    """Whether a name is the number of a run.

    >>> is_number("12"), is_number("12.json"), is_number("\u00b2")
    (True, False, False)
    """
    return name.isascii() and name.isdigit()


@dataclass(frozen=True, slots=True)
class _Found:
    """A run, and the moment that it is of."""

    moment: object
    name: str
    time: str
    measurement: Measurement


def _of_store(number: str, store: str | os.PathLike[str] | None) -> Iterator[_Found]:
    (run,) = history(run=int(number), store=store).runs
    yield _Found(run.session, f"run {run.id}", run.time, run.measurement)


def _of_file(name: str) -> Iterator[_Found]:
    from convcost.measure.store.file import measurements

    for one in measurements(Path(name)):
        yield _Found(("file", name), name, "", one)
