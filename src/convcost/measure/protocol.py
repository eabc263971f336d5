"""How networks are timed side by side: processes, warm-up, turns A B A B, then layer by layer.

Where its memory lies, and what else a process finds, stays with it and makes it faster or slower
than the next one by several percent. No number of runs in one process shows that, so each network
is started anew several times, and the interval is of the medians of its processes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median
from time import monotonic
from typing import TYPE_CHECKING, Any

from convcost.errors import UsageError
from convcost.measure.statistics import ENOUGH

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from convcost.measure.process import Worker

#: Processes of each network, one after the other: as many as an interval of their medians needs.
PROCESSES = ENOUGH
#: Seconds of a turn: many times what the clock and a command cost, and short enough that a slow
#: moment of the machine meets the networks alike.
_TURN = 0.05
#: Runs of a turn: a bound on what one answer holds.
_MOST_RUNS = 1000
#: Warm enough: the medians of two groups of runs differ by less.
_WARM = 0.05
#: Shares of the time that the warm-up and the layers may take.
_WARM_UP_SHARE = 0.2
_LAYERS_SHARE = 0.2
#: Runs with the instrument.
_FEWEST_WATCHED = 3
_MOST_WATCHED = 20
#: Seconds of a run that holds its own warm-up, and in which the layers' times settle by themselves:
#: one of them is enough.
_LONG = 10.0
#: A run with the instrument and the two plain ones beside it: what a worker does for each.
RUNS_PER_WATCHED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How long to measure.

    Attributes:
        seconds: of all networks together, their start not contained. One turn in each process is
            taken in any case.
        timeout: seconds that starting a network, or one command to it, may take.

    Raises:
        UsageError: one of them is not above zero.
    """

    seconds: float = 30.0
    timeout: float = 600.0

    def __post_init__(self) -> None:
        for name in ("seconds", "timeout"):
            if not getattr(self, name) > 0:
                raise UsageError(f"{name} is {getattr(self, name)!r}; expected more than 0")


@dataclass(slots=True)
class Taken:
    """What was measured of one network so far.

    Attributes:
        versions: of what runs.
        run_seconds: about one run, after the warm-up.
        warm: whether two groups of runs in a row agreed, in every process.
        samples: seconds of a run, the median of a turn each.
        processes: how many of the samples each process gave, in order.
        probes: seconds of the reference work before and after each turn.
        runs: behind each sample.
        watched: what the worker saw; None before the layers were timed.
        peak_bytes: the most memory of a run; None where the framework has no record of it.
    """

    versions: Mapping[str, str] = field(default_factory=dict)
    run_seconds: float = 0.0
    warm: bool = True
    samples: list[float] = field(default_factory=list)
    processes: list[int] = field(default_factory=list)
    probes: list[tuple[float, float]] = field(default_factory=list)
    runs: list[int] = field(default_factory=list)
    watched: dict[str, Any] | None = None
    peak_bytes: int | None = None

    def keep(self, turns: int) -> None:
        """Forget what the last process measured after so many turns."""
        self.processes[-1:] = [turns] if turns else []
        for each in (self.samples, self.probes, self.runs):
            del each[sum(self.processes) :]


def take(
    start: Callable[[], AbstractContextManager[Sequence[Worker]]],
    networks: int,
    effort: Effort,
    say: Callable[[str], None],
) -> tuple[list[Taken], bool]:
    """Measure networks in processes that are started for it.

    Args:
        start: starts one process for each network, ready to run, and ends them afterwards.
        networks: how many there are.
        effort: how long to measure.
        say: told what is going on.

    Returns:
        What was measured of each, and whether Ctrl-C ended it early.

    Raises:
        KeyboardInterrupt: before every network was timed once.
        ConvcostError: a worker failed.
    """
    taken = [Taken() for _ in range(networks)]
    try:
        for number in range(1, PROCESSES + 1):
            say(f"starting process {number} of {PROCESSES}")
            with start() as workers:
                _process(workers, taken, effort, say)
                if number == PROCESSES:
                    say("timing the layers")
                    _look_inside(workers, taken, effort)
    except KeyboardInterrupt:
        if not all(one.samples for one in taken):
            raise
        _keep_pairs(taken)
        return taken, True
    return taken, False


def _keep_pairs(taken: Sequence[Taken]) -> None:
    """Turns that not every network had in the last process are none."""
    last = max(len(one.processes) for one in taken)
    for one in taken:
        one.processes += [0] * (last - len(one.processes))
    turns = min(one.processes[-1] for one in taken)
    for one in taken:
        one.keep(turns)


def _process(
    workers: Sequence[Worker], taken: Sequence[Taken], effort: Effort, say: Callable[[str], None]
) -> None:
    """One process of each network: warm-up, then turns A B A B for its part of the time."""
    seconds = effort.seconds / PROCESSES
    for worker, one in zip(workers, taken, strict=True):
        one.versions = worker.versions
        _warm_up(worker, one, seconds * _WARM_UP_SHARE / len(workers))
    if not taken[0].samples:
        least = max(effort.seconds, PROCESSES * sum(one.run_seconds for one in taken))
        say(f"measuring for about {least:.3g} s; Ctrl-C ends it and keeps what is there")
    for one in taken:
        one.processes.append(0)
    start = monotonic()
    while True:
        for worker, one in zip(workers, taken, strict=True):
            _turn(worker, one)
        if monotonic() - start >= seconds * (1 - _WARM_UP_SHARE - _LAYERS_SHARE):
            return


def _look_inside(workers: Sequence[Worker], taken: Sequence[Taken], effort: Effort) -> None:
    """Layers and memory, in the last process of each network."""
    for worker, one in zip(workers, taken, strict=True):
        share = effort.seconds * _LAYERS_SHARE / len(workers)
        one.watched = worker.ask("watch", _watched(share, one.run_seconds))
        one.peak_bytes = worker.ask("peak", 1)["peak_bytes"]


def _warm_up(worker: Worker, taken: Taken, limit: float) -> None:
    """Run until two groups of runs in a row agree, at most for about `limit` seconds."""
    start = monotonic()
    taken.run_seconds = _run(worker, 1)[0]  # allocates, compiles
    if taken.run_seconds > _LONG:
        return
    taken.run_seconds = _run(worker, 1)[0]
    while True:
        before = taken.run_seconds
        taken.run_seconds = median(_run(worker, _runs(before)))
        if abs(taken.run_seconds / before - 1) < _WARM:
            return
        if monotonic() - start > limit:
            taken.warm = False
            return


def _turn(worker: Worker, taken: Taken) -> None:
    number = _runs(taken.run_seconds)
    # a short run finds the caches as another network left them: its first one does not count
    first = int(number > 1)
    answer = worker.ask("run", number + first)
    taken.samples.append(median(answer["seconds"][first:]))
    before, after = answer["probes"]
    taken.probes.append((before, after))
    taken.runs.append(number)
    taken.processes[-1] += 1


def _run(worker: Worker, number: int) -> list[float]:
    seconds: list[float] = worker.ask("run", number)["seconds"]
    return seconds


def _runs(seconds: float) -> int:
    """How many runs of that length are a turn.

    >>> _runs(0.004), _runs(2.0)
    (12, 1)
    """
    return max(1, min(_MOST_RUNS, int(_TURN / max(seconds, 1e-9))))


def _watched(share: float, seconds: float) -> int:
    """How many runs with the instrument there is time for."""
    fit = int(share / max(RUNS_PER_WATCHED * seconds, 1e-9))
    fewest = 1 if seconds > _LONG else _FEWEST_WATCHED
    return max(fewest, min(_MOST_WATCHED, fit))
