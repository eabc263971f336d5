"""Intervals that know of earlier runs."""

from dataclasses import replace

import numpy as np
import pytest

from convcost.measure.measurement import Measurements
from convcost.measure.statistics import Interval, Verdict, interval
from convcost.measure.store.earlier import widened, with_earlier
from convcost.measure.store.keeping import keep
from convcost.measure.store.store import Store
from convcost.zoo import load
from support.stored import measurement


def one(median=2.0, low=1.9, high=2.1, **changes):
    return replace(measurement(), seconds=Interval(median, low, high, 0.97),
                   verdict=Verdict("stable"), **changes)  # fmt: skip


def test_without_earlier_runs_nothing_changes():
    assert widened(one(), []) == one()


def test_the_interval_holds_their_medians():
    found = widened(one(), [2.05, 1.85])
    assert (found.seconds.low, found.seconds.median, found.seconds.high) == (1.85, 2.0, 2.1)
    assert found.earlier == 2
    assert found.verdict.name == "noisy"
    assert found.verdict.reasons == ("runs of the same network differ by up to 11 %",)
    assert widened(one(), [2.05, 1.95]).verdict.name == "stable"


def test_only_runs_that_should_have_come_out_the_same_count(tmp_path):
    like = one()
    others = (
        replace(like, versions={"onnxruntime": "0.1"}),
        replace(like, interrupted=True),
        replace(like, machine={**like.machine, "threads": 7}),
        replace(like, workload=replace(like.workload, batch=99)),
    )
    with Store(tmp_path / "s.sqlite") as store:
        store.add([*others, one(1.0)], ["a"] * 4 + ["another network"])
        assert with_earlier(like, store, "a").earlier == 0
        store.add([one(3.0)], ["a"])
        assert with_earlier(like, store, "a").seconds.high == 3.0
        store.add([one()] * 20, ["a"] * 20)
        found = with_earlier(like, store, "a")
    assert (found.earlier, found.seconds.high) == (10, 2.1)


def test_what_is_stored_is_the_run_itself(tmp_path):
    path, network = tmp_path / "s.sqlite", load("seed000")
    warnings = []
    for median in (2.0, 2.5):
        found = keep(
            Measurements((one(median, median, median),), ()), [network], path=path,
            write=True, against=None, warn=warnings.append,
        )  # fmt: skip
    assert (found.networks[0].seconds.low, found.networks[0].seconds.high) == (2.0, 2.5)
    assert found.networks[0].to_dict()["earlier"] == 1
    with Store(path) as store:
        newest = store.runs()[0].measurement
    assert (newest.seconds.low, newest.seconds.high, newest.earlier) == (2.5, 2.5, 0)
    assert warnings == []


def repeated(state, *, remembers):
    """Ten runs of six processes on a machine that drifts from run to run; how many intervals hold
    the median of the ten.
    """
    runs, drift = [], 0.0
    for _ in range(10):
        drift = 0.7 * drift + state.normal(0, 0.04)
        runs.append(interval((2 + drift + state.normal(0, 0.05, 6)).tolist()))
    medians = [run.median for run in runs]
    middle = sorted(medians)[4:6]
    inside = 0
    for place, run in enumerate(runs):
        found = one(run.median, run.low, run.high)
        found = widened(found, medians[:place]) if remembers else found
        inside += found.seconds.low <= sum(middle) / 2 <= found.seconds.high
    return inside


@pytest.mark.parametrize("remembers", [False, True])
def test_on_a_machine_that_drifts(remembers):
    """Without memory fewer than nine of ten intervals hold the median of the ten, with it more."""
    state = np.random.default_rng(3)
    found = [repeated(state, remembers=remembers) for _ in range(200)]
    assert (sum(found) / len(found) >= 9) == remembers
