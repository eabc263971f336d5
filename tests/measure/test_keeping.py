"""Measurements that are done: stored, compared, and never lost."""

import sqlite3
import sys
import warnings

import pytest

from convcost import history, measure, verbs, zoo
from convcost.errors import ConvcostError, UsageError
from convcost.measure import Interval, Measurements
from convcost.measure.store import database, keeping
from convcost.measure.store.fingerprint import fingerprint
from convcost.measure.store.keeping import keep
from convcost.measure.store.store import Store
from support.stored import measurement

SMALL, LARGE = zoo.load("seed000"), zoo.load("alexnet")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "store.sqlite"


@pytest.fixture
def told():
    return []


def kept(path, told, networks=(SMALL,), *, against=None, write=True, **changes):
    """The measurements after made-up networks were measured."""
    found = Measurements(tuple(measurement(source=n.name, **changes) for n in networks), ())
    return keep(found, networks, path=path, write=write, against=against, warn=told.append).networks


def test_a_measurement_is_one_session(path, told):
    first = kept(path, told, (SMALL, LARGE))
    (second,) = kept(path, told)
    assert [one.run for one in (*first, second)] == [1, 2, 3]
    found = history(store=path)
    assert [run.id for run in found.runs] == [3, 2, 1]
    assert [run.session for run in found.runs] == [2, 1, 1]
    assert [run.fingerprint for run in found.runs][1:] == [fingerprint(LARGE), fingerprint(SMALL)]
    assert history(SMALL, store=path, last=1).total == 2
    assert told == []


def test_last_is_the_run_before_this_one(path, told):
    (first,) = kept(path, told, against="last")
    assert (first.run, first.against) == (1, None)
    kept(path, told, (SMALL, LARGE), seconds=Interval(2.0, 2.0, 2.0, 0.97))
    small, large = kept(path, told, (SMALL, LARGE), against="last")
    assert (small.against.run, large.against.run) == (2, 3)
    assert small.against.verdict == "faster"
    (again,) = kept(path, told, against="last", write=False)
    assert (again.run, again.against.run) == (None, 4)
    assert history(store=path).total == 5
    assert told == []


def test_networks_of_one_session_have_their_own_earlier_runs(path, told):
    kept(path, told, (SMALL, LARGE))
    kept(path, told, (SMALL,))
    for against in (1, "2"):
        small, large = kept(path, told, (SMALL, LARGE), against=against)
        assert (small.against.run, large.against.run) == (1, 2)
        assert small.against.changed == {}
    (other,) = kept(path, told, (LARGE,), against=3)
    assert other.against.run == 3
    assert list(other.against.changed) == ["network"]


def test_nothing_is_written_unless_asked(path, told):
    (one,) = kept(path, told, write=False, against="last")
    assert (one.run, one.against) == (None, None)
    assert not path.exists()
    assert told == []


@pytest.mark.parametrize("against", [None, "last"])
def test_a_damaged_store_loses_nothing(path, told, against):
    path.write_text("no database " * 1000)
    (one,) = kept(path, told, against=against)
    assert (one.source, one.run) == (SMALL.name, None)
    assert told[-1].startswith(f"not stored: the store of measurements {path} cannot be used: it")
    assert "move it away" in told[-1]
    assert len(told) == (1 if against is None else 2)


def test_a_locked_store_loses_nothing(path, told, monkeypatch):
    kept(path, told)
    monkeypatch.setattr(database, "TIMEOUT", 0.05)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    (one,) = kept(path, told, against="last")
    other.close()
    assert (one.run, one.against.run) == (None, 1)
    (message,) = told
    assert "kept it locked for too long" in message
    assert history(store=path).total == 1


def test_a_folder_that_cannot_be_made_loses_nothing(path, told):
    path.write_text("")
    (one,) = kept(path / "below" / "a file", told)
    assert one.run is None
    assert "cannot be used" in told[0]


def test_ctrl_c_while_it_waits_loses_nothing(path, told, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Store, "add", interrupted)
    (one,) = kept(path, told)
    assert one.run is None
    assert told == ["not stored: interrupted"]


@pytest.mark.parametrize("against", ["lasst", "-1", "1.5", "", "9" * 30, "²"])
def test_what_is_no_run(path, against):
    with pytest.raises(UsageError, match="is no earlier run"):
        keeping.check(against, path)


def test_a_run_that_is_not_there(path, told):
    with pytest.raises(UsageError, match="no run 1: there is no store"):
        keeping.check(1, path)
    assert not path.exists()
    kept(path, told)
    keeping.check(1, path)
    with pytest.raises(UsageError, match=f"no run 2 in {path}"):
        keeping.check("2", path)


# the verbs


@pytest.fixture
def measured(monkeypatch):
    """The verb without a framework."""

    def made_up(networks, *_, **__):
        return Measurements(tuple(measurement(source=n.name) for n in networks), ())

    monkeypatch.setattr(sys.modules["convcost.measure"], "measure", made_up)


@pytest.mark.usefixtures("measured")
def test_the_verb_stores_where_it_is_told(path, tmp_path, monkeypatch):
    monkeypatch.setenv("CONVCOST_STORE", str(tmp_path / "own.sqlite"))
    assert measure(SMALL).networks[0].run == 1
    assert measure(SMALL, store=False, against="last").networks[0].against.run == 1
    assert measure(SMALL, store=path).networks[0].run == 1
    assert measure(SMALL, store=str(path)).networks[0].run == 2
    assert (history().total, history(store=path).total) == (1, 2)
    (run,) = history(run=1).runs
    assert run.measurement.source == SMALL.name
    assert repr(run).startswith("<Run 1 of 20")
    assert repr(history()) == f"<History: 1 of 1 runs in {tmp_path / 'own.sqlite'}>"


@pytest.mark.usefixtures("measured")
def test_the_verb_warns_and_goes_on(tmp_path):
    with pytest.warns(UserWarning, match="not stored: .* cannot be used"):
        found = measure(SMALL, store=tmp_path)
    assert found.networks[0].run is None


def test_the_verb_refuses_before_it_measures(path, monkeypatch):
    monkeypatch.setattr(sys.modules["convcost.measure"], "measure", None)
    with pytest.raises(UsageError, match="no run 5"):
        measure(SMALL, store=path, against=5)


def test_history_refuses(path, told):
    kept(path, told)
    for wrong in ({"last": 0}, {"run": 1, "last": 2}, {"runtime": "onnxruntim"}, {"run": 2}):
        with pytest.raises(UsageError):
            history(store=path, **wrong)
    with pytest.raises(UsageError, match="expected a network"):
        history("zoo:seed000", store=path)
    path.write_text("no database " * 1000)
    with pytest.raises(ConvcostError, match=str(path)):
        history(store=path)


def test_history_of_no_store(path):
    with warnings.catch_warnings(action="error"):
        found = history(store=path)
    assert (found.runs, found.total, found.store) == ((), 0, str(path))
    assert not path.exists()
    assert verbs.history is history


def test_the_document_of_a_list_has_no_layers_and_one_run_has(path, told):
    kept(path, told, (SMALL, LARGE))
    listed = history(store=path).to_dict()
    assert listed["schema"] == "convcost/history/1"
    assert (listed["total"], listed["ratios"]) == (2, [])
    assert all("layers" not in run and "samples" not in run["seconds"] for run in listed["runs"])
    one = history(store=path, run=2).to_dict()
    (run,) = one["runs"]
    assert (run["run"], run["source"]) == (2, LARGE.name)
    assert run["layers"][0]["name"] == "conv"
    assert len(run["seconds"]["samples"]) == 6
    (ratio,) = one["ratios"]
    assert (ratio["a"], ratio["b"], ratio["value"]) == (LARGE.name, SMALL.name, 1.0)
