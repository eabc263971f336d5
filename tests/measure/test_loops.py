"""Loops over samples: what can be asked of which runtime, and what the answer says it is of."""

from __future__ import annotations

import sys

import pytest

import convcost
from convcost.count import Workload
from convcost.errors import UsageError
from convcost.measure import loops, measure, measuring
from convcost.runtime.runners.runner import Job
from convcost.zoo import load

NET = load("seed000")


@pytest.fixture
def looping(known_fake, fakes, monkeypatch):
    """Every name is a runtime that has all loops."""

    class Looping(known_fake):
        loops = frozenset({"step", "evaluate", "fit"})

    monkeypatch.setattr(measuring, "runner", Looping)
    return Looping


@pytest.mark.parametrize(
    ("loop", "workload", "message"),
    [
        ("step", Workload(samples=9), "samples belong to a loop"),
        ("evaluate", Workload(), "how many is not said"),
        ("evaluate", Workload(samples=9, training=True), "evaluate trains nothing"),
        ("fit", Workload(samples=9), "fit trains with an optimizer"),
        ("fit", Workload(samples=9, training=True), "fit trains with an optimizer"),
    ],
)
def test_what_makes_no_sense_is_refused(looping, loop, workload, message):
    with pytest.raises(UsageError, match=message) as caught:
        loops.check(looping("fake"), workload, loop)
    assert caught.value.hint


def test_a_runtime_without_the_loop_names_those_that_have_it(known_fake):
    with pytest.raises(UsageError, match="fake has no loop 'fit'") as caught:
        loops.check(known_fake("fake"), Workload(samples=9), "fit")
    assert "onnxruntime" not in caught.value.hint
    assert caught.value.hint.startswith("--runtime ")


def test_what_is_right_is_not_refused(looping):
    loops.check(looping("fake"), Workload(), "step")
    loops.check(looping("fake"), Workload(samples=9), "evaluate")
    loops.check(looping("fake"), Workload(samples=9, training=True, optimizer="sgd"), "fit")


def test_the_batches_of_a_job():
    assert (Job(batch=32).steps, Job(batch=32).every_batch) == (1, 32)
    even, uneven = Job(batch=32, samples=96), Job(batch=32, samples=97)
    assert (even.steps, even.every_batch) == (3, 32)
    assert (uneven.steps, uneven.every_batch) == (4, None)


@pytest.mark.usefixtures("looping")
@pytest.mark.parametrize(
    ("loop", "per", "training"), [("evaluate", "evaluate", False), ("fit", "epoch", True)]
)
def test_the_answer_says_what_its_time_is_of(effort, loop, per, training):
    workload = Workload(
        samples=100, batch=32, training=training, optimizer="sgd" if training else None
    )
    found = measure([NET], workload, runtime="fake", loop=loop, effort=effort)
    document = found.to_dict()["networks"][0]
    assert (document["loop"], document["seconds"]["per"]) == (loop, per)
    assert document["workload"]["samples"] == 100
    assert f"per {per}" in repr(found)


@pytest.mark.usefixtures("looping")
def test_fit_trains_with_an_optimizer_if_none_is_named(monkeypatch):
    seen = []

    def noted(networks, workload, **options):
        seen.append((workload, options["loop"]))
        raise KeyboardInterrupt

    monkeypatch.setattr(sys.modules["convcost.measure"], "measure", noted)
    for loop in ("fit", "evaluate"):
        with pytest.raises(KeyboardInterrupt):
            convcost.measure(NET, loop=loop, samples=100, store=False)
    (fit, _), (evaluate, _) = seen
    assert (fit.training, fit.optimizer, fit.loss, fit.batch) == (
        True, "rmsprop", "cross-entropy", 32,
    )  # fmt: skip
    assert (evaluate.training, evaluate.optimizer, evaluate.batch) == (False, None, 32)


def test_a_runtime_is_chosen_that_has_the_loop_and_is_installed(monkeypatch, known_fake):
    class Loops(known_fake):
        loops = frozenset({"step", "fit"})

    class Missing(Loops):
        packages = ("no_such_package",)

    known = [Missing("keras-tensorflow"), known_fake("onnxruntime"), Loops("torch")]
    monkeypatch.setattr(measuring, "runners", lambda: {each.name: each for each in known})
    assert NET.framework == "keras"
    assert measuring.runtime_for([NET], training=False) == "onnxruntime"
    assert measuring.runtime_for([NET], training=False, loop="fit") == "torch"
    known[0] = Loops("keras-tensorflow")
    assert measuring.runtime_for([NET], training=False, loop="fit") == "keras-tensorflow"
    assert not Missing("x").installed
    assert Loops("x").installed
