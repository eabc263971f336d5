"""Turns without processes: who runs when, and what an interruption leaves."""

from contextlib import contextmanager

import pytest

from convcost.measure import protocol
from convcost.measure.protocol import PROCESSES, Effort, take

#: What a worker says once the runs are timed.
AFTERWARDS = {
    "watch": {"plain": [1.0], "watched": [1.0], "spans": [[]]},
    "peak": {"peak_bytes": 1_000},
}


class Scripted:
    """Stands for a worker: notes what it is asked, and is interrupted at a given turn."""

    def __init__(self, name, log, seconds, stop=None):
        self.versions = {"fake": "1.2.3"}
        self.name, self.log, self.seconds, self.stop = name, log, seconds, stop

    def ask(self, command, number):
        if len([entry for entry in self.log if entry[0] == self.name]) == self.stop:
            raise KeyboardInterrupt
        self.log.append((self.name, command, number))
        if command in AFTERWARDS:
            return AFTERWARDS[command]
        cold = [9 * self.seconds] if number > 1 else []
        return {"seconds": cold + [self.seconds] * (number - len(cold)), "probes": [1, 1]}


#: No time at all: the fewest turns are taken.
EFFORT = Effort(seconds=1e-12)


def started(log, *workers):
    """Starts the same stand-ins for every process."""

    @contextmanager
    def start():
        log.append(("", "start", 0))
        yield workers

    return start


def taken_from(log, *workers, effort=EFFORT):
    """What is measured of stand-ins."""
    return take(started(log, *workers), len(workers), effort, lambda _: None)


def processes(log):
    """The runs of each process, warm-up included."""
    found = []
    for entry in log:
        if entry[1] == "start":
            found.append([])
        elif entry[1] == "run":
            found[-1].append(entry)
    return found


def test_networks_take_turns():
    log = []
    workers = [Scripted("a", log, 0.004), Scripted("b", log, 0.01)]
    taken, interrupted = taken_from(log, *workers)
    assert not interrupted
    a, b = taken
    assert a.processes == b.processes == [1] * PROCESSES
    assert len(a.samples) == len(b.samples) == PROCESSES
    for runs in processes(log):
        assert runs[-2:] == [("a", "run", 13), ("b", "run", 6)]
    assert len(processes(log)) == PROCESSES
    # the first of several runs is left out
    assert (set(a.samples), set(a.runs)) == ({0.004}, {12})
    assert (set(b.samples), set(b.runs)) == ({0.01}, {5})
    last = [("a", "watch"), ("a", "peak"), ("b", "watch"), ("b", "peak")]
    assert [entry[:2] for entry in log[-4:]] == last
    assert a.peak_bytes == b.peak_bytes == 1_000


def test_a_long_run_is_a_turn():
    log = []
    (one,), _ = taken_from(log, Scripted("a", log, 2.0))
    assert one.runs == [1] * PROCESSES
    assert one.samples == [2.0] * PROCESSES
    assert log[-2] == ("a", "watch", 3)


def test_the_first_run_of_a_turn_does_not_count():
    class Uneven(Scripted):
        def ask(self, command, number):
            answer = super().ask(command, number)
            seconds = {1: [3 / 128], 2: [3 / 128] * 2, 3: [9, 2 / 128, 4 / 128]}
            return answer if command in AFTERWARDS else {**answer, "seconds": seconds[number]}

    (one,), _ = taken_from([], Uneven("a", [], 3 / 128))
    assert set(one.runs) == {2}
    assert set(one.samples) == {3 / 128}


class Clocked:
    """A worker whose runs take what they are told on a clock of its own, the last ones again."""

    def __init__(self, monkeypatch, *seconds, again=1):
        self.versions = {"fake": "1.2.3"}
        self.left, self.again, self.now = list(seconds), again, 0.0
        monkeypatch.setattr(protocol, "monotonic", lambda: self.now)

    def ask(self, command, number):
        if command in AFTERWARDS:
            return AFTERWARDS[command]
        assert number == 1  # all are longer than a turn
        self.left.append(self.left[-self.again])
        seconds = self.left.pop(0)
        self.now += seconds
        return {"seconds": [seconds], "probes": [1, 1]}


def test_the_warm_up_ends_where_two_groups_agree(monkeypatch):
    # the first process has the first five; everything after them takes 3 s
    worker = Clocked(monkeypatch, 9.0, 1.0, 1.5, 1.4, 1.35, 3.0)
    (one,), _ = taken_from([], worker, effort=Effort(seconds=1000))
    assert one.warm
    assert set(one.samples) == {3.0}


def test_the_warm_up_ends_where_none_agree(monkeypatch):
    worker = Clocked(monkeypatch, 1.0, 2.0, again=2)
    (one,), _ = taken_from([], worker, effort=Effort(seconds=20))
    assert not one.warm
    assert len(one.processes) == PROCESSES


def test_a_very_long_run_is_warmed_up_by_one(monkeypatch):
    worker = Clocked(monkeypatch, 11.0)
    (one,), _ = taken_from([], worker, effort=Effort(seconds=1))
    assert worker.now == 2 * 11.0 * PROCESSES
    assert one.warm


def test_turns_fill_their_share_of_the_time(monkeypatch):
    (one,), _ = taken_from([], Clocked(monkeypatch, 0.25), effort=Effort(seconds=20))
    assert 0.6 * 20 <= sum(one.samples) <= 0.6 * 20 + 0.25 * PROCESSES
    assert sum(one.processes) == len(one.samples)


@pytest.mark.parametrize(("stop", "kept"), [(6, 1), (7, 1), (8, 2), (10, 2)])
def test_an_interruption_keeps_pairs(stop, kept):
    """Of four commands to a process the fourth is a turn."""
    log = []
    workers = [Scripted("a", log, 0.004), Scripted("b", log, 0.004, stop=stop)]
    (a, b), interrupted = taken_from(log, *workers)
    assert interrupted
    assert a.watched is b.watched is a.peak_bytes is None
    for one in (a, b):
        assert one.processes == [1] * kept
        assert len(one.samples) == len(one.runs) == len(one.probes) == kept


@pytest.mark.parametrize("stop", [1, 3])
def test_an_interruption_before_everything_was_timed(stop):
    log = []
    workers = [Scripted("a", log, 0.004), Scripted("b", log, 0.004, stop=stop)]
    with pytest.raises(KeyboardInterrupt):
        taken_from(log, *workers)
