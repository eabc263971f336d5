"""Turns without processes: who runs when, and what an interruption leaves."""

import pytest

from convcost.measure import protocol
from convcost.measure.protocol import Effort, take
from convcost.measure.statistics import ENOUGH

#: What a worker says once the runs are timed.
AFTERWARDS = {
    "profile": {"plain": [1.0], "profiled": [1.0], "spans": [[]]},
    "peak": {"peak_bytes": 1_000},
}


class Scripted:
    """Stands for a worker: notes what it is asked, and is interrupted at a given turn."""

    def __init__(self, name, log, seconds, stop=None):
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


def turns(log):
    """The runs after the warm-up: b's ends where a is asked again."""
    names = [name for name, _, _ in log]
    first = names.index("a", names.index("b"))
    return [entry for entry in log[first:] if entry[1] == "run"]


def test_networks_take_turns():
    log = []
    workers = [Scripted("a", log, 0.004), Scripted("b", log, 0.01)]
    taken, interrupted = take(workers, EFFORT, lambda _: None)
    assert not interrupted
    a, b = taken
    assert len(a.samples) == len(b.samples) == ENOUGH
    assert turns(log) == [("a", "run", 13), ("b", "run", 6)] * len(a.samples)
    # the first of several runs is left out
    assert (set(a.samples), set(a.runs)) == ({0.004}, {12})
    assert (set(b.samples), set(b.runs)) == ({0.01}, {5})
    last = [("a", "profile"), ("a", "peak"), ("b", "profile"), ("b", "peak")]
    assert [entry[:2] for entry in log[-4:]] == last
    assert a.peak_bytes == b.peak_bytes == 1_000


def test_a_long_run_is_a_turn():
    log = []
    (one,), _ = take([Scripted("a", log, 2.0)], EFFORT, lambda _: None)
    assert set(one.runs) == {1}
    assert set(one.samples) == {2.0}
    assert len(one.samples) >= ENOUGH
    assert log[-2] == ("a", "profile", 3)


def test_the_first_run_of_a_turn_does_not_count():
    class Uneven(Scripted):
        def ask(self, command, number):
            answer = super().ask(command, number)
            seconds = {1: [3 / 128], 2: [3 / 128] * 2, 3: [9, 2 / 128, 4 / 128]}
            return answer if command in AFTERWARDS else {**answer, "seconds": seconds[number]}

    (one,), _ = take([Uneven("a", [], 3 / 128)], EFFORT, lambda _: None)
    assert set(one.runs) == {2}
    assert set(one.samples) == {3 / 128}


class Clocked:
    """A worker whose runs take what they are told on a clock of its own, the last ones again."""

    def __init__(self, monkeypatch, *seconds, again=1):
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
    worker = Clocked(monkeypatch, 9.0, 1.0, 1.5, 1.4, 1.35, 3.0)
    (one,), _ = take([worker], Effort(seconds=100), lambda _: None)
    assert (one.warm, one.run_seconds) == (True, 1.35)
    assert set(one.samples) == {3.0}


def test_the_warm_up_ends_where_none_agree(monkeypatch):
    worker = Clocked(monkeypatch, 1.0, 2.0, again=2)
    (one,), _ = take([worker], Effort(seconds=20), lambda _: None)
    assert not one.warm
    assert len(one.samples) >= ENOUGH


def test_turns_fill_their_share_of_the_time(monkeypatch):
    (one,), _ = take([Clocked(monkeypatch, 0.25)], Effort(seconds=20), lambda _: None)
    assert 0.6 * 20 <= sum(one.samples) <= 0.6 * 20 + 0.25


def test_an_interruption_keeps_pairs():
    log = []
    workers = [Scripted("a", log, 0.004), Scripted("b", log, 0.004, stop=7)]
    (a, b), interrupted = take(workers, EFFORT, lambda _: None)
    assert interrupted
    assert a.profile is b.profile is a.peak_bytes is None
    assert len(a.samples) == len(b.samples) == len(a.runs) == len(a.probes) >= 1
    assert len(turns(log)) == 2 * len(a.samples) + 1


def test_an_interruption_before_anything_was_timed():
    log = []
    with pytest.raises(KeyboardInterrupt):
        take([Scripted("a", log, 0.004, stop=1)], EFFORT, lambda _: None)
