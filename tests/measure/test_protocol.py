"""Turns without processes: who runs when, and what an interruption leaves."""

import pytest

from convcost.measure.protocol import Effort, take
from convcost.measure.statistics import ENOUGH


class Scripted:
    """Stands for a worker: notes what it is asked, and is interrupted at a given turn."""

    def __init__(self, name, log, seconds, stop=None):
        self.name, self.log, self.seconds, self.stop = name, log, seconds, stop

    def ask(self, command, number):
        if len([entry for entry in self.log if entry[0] == self.name]) == self.stop:
            raise KeyboardInterrupt
        self.log.append((self.name, command, number))
        if command == "profile":
            return {"plain": [1.0], "profiled": [1.0], "spans": [[]]}
        cold = [9 * self.seconds] if number > 1 else []
        return {"seconds": cold + [self.seconds] * (number - len(cold)), "probes": [1, 1]}


EFFORT = Effort(seconds=0.001)


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
    assert len(a.samples) == len(b.samples) >= ENOUGH
    assert turns(log) == [("a", "run", 13), ("b", "run", 6)] * len(a.samples)
    # the first of several runs is left out
    assert (set(a.samples), set(a.runs)) == ({0.004}, {12})
    assert (set(b.samples), set(b.runs)) == ({0.01}, {5})
    assert [entry[:2] for entry in log[-2:]] == [("a", "profile"), ("b", "profile")]


def test_a_long_run_is_a_turn():
    log = []
    (one,), _ = take([Scripted("a", log, 2.0)], EFFORT, lambda _: None)
    assert set(one.runs) == {1}
    assert set(one.samples) == {2.0}
    assert len(one.samples) >= ENOUGH
    assert log[-1] == ("a", "profile", 3)


def test_an_interruption_keeps_pairs():
    log = []
    workers = [Scripted("a", log, 0.004), Scripted("b", log, 0.004, stop=7)]
    (a, b), interrupted = take(workers, EFFORT, lambda _: None)
    assert interrupted
    assert a.profile is b.profile is None
    assert len(a.samples) == len(b.samples) == len(a.runs) == len(a.probes) >= 1
    assert len(turns(log)) == 2 * len(a.samples) + 1


def test_an_interruption_before_anything_was_timed():
    log = []
    with pytest.raises(KeyboardInterrupt):
        take([Scripted("a", log, 0.004, stop=1)], EFFORT, lambda _: None)
