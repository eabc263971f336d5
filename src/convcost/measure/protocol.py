"""How networks are timed side by side: warm-up, turns A B A B, then layer by layer."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median
from time import monotonic
from typing import TYPE_CHECKING, Any

from convcost.errors import UsageError
from convcost.measure.statistics import ENOUGH

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from convcost.measure.process import Worker

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
_FEWEST_PROFILES = 3
_MOST_PROFILES = 20
#: Seconds of a run in which the layers' times settle by themselves: one profile is enough.
_LONG = 10.0
#: A run with the instrument and the two plain ones beside it.
_RUNS_PER_PROFILE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How long to measure.

    Attributes:
        seconds: of all networks together, their start not contained. The fewest turns that give an
            interval are taken in any case.
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
        run_seconds: about one run, after the warm-up.
        warm: whether two groups of runs in a row agreed.
        samples: seconds of a run, the median of a turn each.
        probes: seconds of the reference work before and after each turn.
        runs: behind each sample.
        profile: the worker's answer; None before the layers were timed.
        peak_bytes: the most memory of a run; None where the framework has no record of it.
    """

    run_seconds: float = 0.0
    warm: bool = False
    samples: list[float] = field(default_factory=list)
    probes: list[tuple[float, float]] = field(default_factory=list)
    runs: list[int] = field(default_factory=list)
    profile: dict[str, Any] | None = None
    peak_bytes: int | None = None


def take(
    workers: Sequence[Worker], effort: Effort, say: Callable[[str], None]
) -> tuple[list[Taken], bool]:
    """Measure the networks of workers that are ready.

    Returns:
        What was measured of each, and whether Ctrl-C ended it early.

    Raises:
        KeyboardInterrupt: before every network was timed once.
        ConvcostError: a worker failed.
    """
    taken = [Taken() for _ in workers]
    try:
        say("warming up")
        for worker, one in zip(workers, taken, strict=True):
            _warm_up(worker, one, effort.seconds * _WARM_UP_SHARE / len(workers))
        _turns(workers, taken, effort.seconds * (1 - _WARM_UP_SHARE - _LAYERS_SHARE), say)
        say("timing the layers")
        for worker, one in zip(workers, taken, strict=True):
            share = effort.seconds * _LAYERS_SHARE / len(workers)
            one.profile = worker.ask("profile", _profiles(share, one.run_seconds))
            one.peak_bytes = worker.ask("peak", 1)["peak_bytes"]
    except KeyboardInterrupt:
        if not all(one.samples for one in taken):
            raise
        turns = min(len(one.samples) for one in taken)
        for one in taken:  # pairs stay pairs
            del one.samples[turns:], one.probes[turns:], one.runs[turns:]
        return taken, True
    return taken, False


def _warm_up(worker: Worker, taken: Taken, limit: float) -> None:
    """Run until two groups of runs in a row agree, at most for about `limit` seconds."""
    start = monotonic()
    taken.run_seconds = _run(worker, 1)[0]  # allocates, compiles
    taken.run_seconds = _run(worker, 1)[0]
    while True:
        before = taken.run_seconds
        taken.run_seconds = median(_run(worker, _runs(before)))
        taken.warm = abs(taken.run_seconds / before - 1) < _WARM
        if taken.warm or monotonic() - start > limit:
            return


def _turns(
    workers: Sequence[Worker], taken: Sequence[Taken], seconds: float, say: Callable[[str], None]
) -> None:
    """A B A B, until the time is over and there are enough for an interval."""
    start = monotonic()
    least = ENOUGH * sum(one.run_seconds for one in taken)
    say(f"measuring for about {max(seconds, least):.3g} s; Ctrl-C ends it and keeps what is there")
    turns = 0
    while turns < ENOUGH or monotonic() - start < seconds:
        for worker, one in zip(workers, taken, strict=True):
            _turn(worker, one)
        turns += 1


def _turn(worker: Worker, taken: Taken) -> None:
    number = _runs(taken.run_seconds)
    # a short run finds the caches as another network left them: its first one does not count
    first = int(number > 1)
    answer = worker.ask("run", number + first)
    taken.samples.append(median(answer["seconds"][first:]))
    before, after = answer["probes"]
    taken.probes.append((before, after))
    taken.runs.append(number)


def _run(worker: Worker, number: int) -> list[float]:
    seconds: list[float] = worker.ask("run", number)["seconds"]
    return seconds


def _runs(seconds: float) -> int:
    """How many runs of that length are a turn.

    >>> _runs(0.004), _runs(2.0)
    (12, 1)
    """
    return max(1, min(_MOST_RUNS, int(_TURN / max(seconds, 1e-9))))


def _profiles(share: float, seconds: float) -> int:
    """How many profiles there is time for."""
    fit = int(share / max(_RUNS_PER_PROFILE * seconds, 1e-9))
    fewest = 1 if seconds > _LONG else _FEWEST_PROFILES
    return max(fewest, min(_MOST_PROFILES, fit))
