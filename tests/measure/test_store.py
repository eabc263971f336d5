"""The store: what is written comes back, from several processes, and after SIGKILL."""

import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from convcost._version import __version__
from convcost.count import Workload
from convcost.errors import ConvcostError, UsageError
from convcost.measure import Interval, LayerTime, Verdict
from convcost.measure.layers import Instrument
from convcost.measure.store import database
from convcost.measure.store.store import Store, default_path
from support.stored import MACHINE, direct, layer, measurement

WRITERS = (sys.executable, str(Path(__file__).with_name("writers.py")))

# any text, half letters as well
TEXTS = st.text(st.characters(), max_size=8)
SECONDS = st.floats(min_value=1e-9, max_value=1e9)
NUMBERS = st.integers(min_value=1, max_value=2**40)
NAMES = st.lists(TEXTS, max_size=3).map(tuple)
WORKLOADS = st.one_of(
    st.builds(
        Workload, batch=NUMBERS, dtype=st.sampled_from([None, "float16"]), samples=st.none(),
    ),
    st.builds(
        Workload, batch=NUMBERS, training=st.just(True), loss=st.sampled_from([None, "mse"]),
        optimizer=st.sampled_from([None, "adam"]), freeze=NAMES, input_gradient=st.booleans(),
    ),
)  # fmt: skip
LAYERS = st.builds(
    LayerTime, name=TEXTS, layers=NAMES, seconds=SECONDS, share=SECONDS, kernels=NAMES,
    phases=st.dictionaries(TEXTS, SECONDS, max_size=3),
)  # fmt: skip
MEASUREMENTS = st.fixed_dictionaries(
    {
        "source": TEXTS,
        "runtime": TEXTS,
        "versions": st.dictionaries(TEXTS, TEXTS, max_size=3),
        "machine": st.fixed_dictionaries(
            {"model": TEXTS, "cores": NUMBERS, "threads": NUMBERS, "system": TEXTS}
        ),
        "workload": WORKLOADS,
        "seconds": st.builds(Interval, SECONDS, SECONDS, SECONDS, SECONDS),
        "runs": NUMBERS,
        "processes": st.just((2, 1, 1)),
        "samples": st.lists(SECONDS, min_size=4, max_size=4).map(tuple),
        "verdict": st.builds(Verdict, st.sampled_from(["stable", "noisy"]), NAMES, TEXTS),
        "layers": st.lists(LAYERS, max_size=3).map(tuple),
        "idle": NAMES,
        "instrument": st.none() | st.builds(Instrument, SECONDS, st.booleans()),
        "peak_bytes": st.none() | st.integers(0, 2**62),
        "predicted_peak_bytes": st.none() | st.integers(0, 2**62),
        "interrupted": st.booleans(),
        "loop": st.sampled_from(["step", "evaluate", "fit"]),
    }
).map(lambda values: measurement(**values))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "folder" / "store.sqlite"


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(measured=st.lists(MEASUREMENTS, min_size=1, max_size=3))
def test_what_is_written_comes_back(path, measured):
    with Store(path) as store:
        ids = store.add(measured, [f"mark {number}" for number in range(len(measured))])
    with Store(path) as store:
        runs = [store.run(id_) for id_ in ids]
        assert store.session(runs[0].session) == tuple(runs)
    assert [run.measurement for run in runs] == [
        replace(one, run=id_) for one, id_ in zip(measured, ids, strict=True)
    ]
    assert [run.fingerprint for run in runs] == [f"mark {n}" for n in range(len(measured))]
    assert {run.convcost for run in runs} == {__version__}


def test_the_columns_are_there_for_other_tools(path):
    one = measurement(peak_bytes=None, layers=(layer("x"),), verdict=Verdict("noisy", ("why",)))
    with Store(path) as store:
        store.add([one, measurement(source="b", interrupted=True)], ["one", "two"])
    columns = (
        "session, fingerprint, network, runtime, seconds, low, high, confidence, runs, verdict, "
        "reasons, peak_bytes, interrupted, json_extract(machine, '$.model'), "
        "json_extract(workload, '$.batch'), json_extract(layers, '$[0].name')"
    )
    first, second = direct(path, f"SELECT {columns} FROM runs ORDER BY id")  # noqa: S608 - ours
    assert first == (
        *(1, "one", "a net", "onnxruntime", 1.0, 0.9, 1.1, 0.96875, 12, "noisy"),
        *('["why"]', None, 0, MACHINE["model"], 32, "x"),
    )
    assert (second[2], second[11], second[12]) == ("b", 1_000_000, 1)
    ((time_, version),) = direct(path, "SELECT time, convcost FROM sessions")
    assert time_.endswith("+00:00")
    assert version == __version__
    assert direct(path, "PRAGMA journal_mode") == [("wal",)]
    assert direct(path, "PRAGMA user_version") == [(database.SCHEMA,)]


def test_runs_are_chosen(path):
    with Store(path) as store:
        first = store.add([measurement(), measurement(runtime="torch")], ["x", "y"])
        second = store.add([measurement(runtime="torch")], ["x"])
        assert [run.id for run in store.runs()] == [*second, *reversed(first)]
        assert [run.id for run in store.runs(last=1)] == [*second]
        assert [run.id for run in store.runs(["x"])] == [second[0], first[0]]
        assert [run.id for run in store.runs(["x", "y"], runtime="torch")] == [second[0], first[1]]
        assert store.runs([]) == ()
        assert (store.number(), store.number(["y"]), store.number(runtime="torch")) == (3, 1, 2)
        for id_ in (0, 99, 2**80):
            with pytest.raises(UsageError, match=f"no run {id_} in {path}"):
                store.run(id_)


def test_the_last_run_that_can_be_compared(path):
    with Store(path) as store:
        old, new, *_ = (store.add([measurement()], ["x"])[0] for _ in range(2))
        for other in (
            {"workload": Workload(batch=1)},
            {"workload": Workload(batch=32, training=True)},
            {"runtime": "torch"},
            {"loop": "evaluate"},
            {"machine": {**MACHINE, "threads": 1}},
            {"machine": {**MACHINE, "model": "Another CPU"}},
        ):
            assert store.last("x", measurement(**other)) is None
            store.add([measurement(**other)], ["x"])
        store.add([measurement()], ["y"])
        system = {**MACHINE, "system": "Linux-7"}
        like = measurement(source="z", machine=system, versions={}, peak_bytes=None)
        assert store.last("x", like).id == new > old
        assert store.last("z", like) is None


def test_a_failed_measurement_leaves_nothing(path):
    with Store(path) as store:
        with pytest.raises(ValueError, match="zip"):
            store.add([measurement(), measurement()], ["only one"])
        with pytest.raises(ValueError, match="JSON"):
            store.add([measurement(runs=float("nan"))], ["x"])
        assert store.number() == 0
        (id_,) = store.add([measurement()], ["x"])
        assert store.run(id_).fingerprint == "x"
    assert direct(path, "SELECT COUNT(*) FROM sessions") == [(1,)]


# several processes


class Writers:
    """Writers of a store, some at a time; what they say is written, by name."""

    def __init__(self, path):
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "bufsize": 1}
        self._process = subprocess.Popen([*WRITERS, str(path)], **pipes)
        self.said = {}

    def run(self, *names, number, after_first=lambda _: None):
        """Until all have ended: their exit codes.

        `after_first` is told a writer's process when it has said that something is written.
        """
        self._process.stdin.write(f"{' '.join(names)} {number}\n")
        pids, ended = {}, {}
        while len(ended) < len(names):
            name, what, *values = self._process.stdout.readline().split()
            if what == "pid":
                pids[name] = int(values[0])
            elif what == "ended":
                ended[name] = int(values[0])
            else:
                turn, *ids = values
                self.said |= {f"{name} {turn} {x}": int(i) for x, i in zip("ab", ids, strict=True)}
                if turn == "0":
                    after_first(pids[name])
        return [ended[name] for name in names]

    def close(self):
        self._process.communicate(timeout=30)


@pytest.fixture
def writers(path):
    found = Writers(path)
    yield found
    found.close()


@pytest.mark.skipif(sys.platform == "win32", reason="forks")
def test_two_processes_lose_nothing(path, writers):
    """Both find no file, and make it."""
    assert writers.run("first", "second", number=50) == [0, 0]
    names = [f"{x} {turn} {y}" for x in ("first", "second") for turn in range(50) for y in "ab"]
    assert writers.said.keys() == set(names)
    assert dict(direct(path, "SELECT network, id FROM runs")) == writers.said


@pytest.mark.skipif(sys.platform == "win32", reason="forks")
def test_killed_writers_leave_what_they_said(path, writers):
    """Two writers at a time, killed at random moments, ten times."""
    moments = random.Random(16)  # noqa: S311 - no secret

    def kill(pid):
        time.sleep(moments.uniform(0, 0.03))
        os.kill(pid, signal.SIGKILL)

    for turn in range(10):
        ended = writers.run(f"{turn}x", f"{turn}y", number=100_000, after_first=kill)
        assert ended == [-signal.SIGKILL] * 2
        assert direct(path, "PRAGMA integrity_check") == [("ok",)]
        assert direct(path, "PRAGMA foreign_key_check") == []
        with Store(path) as store:
            assert store.number() >= len(writers.said)
    written = dict(direct(path, "SELECT network, id FROM runs"))
    assert len(writers.said) >= 2 * 20
    assert writers.said.items() <= written.items()
    # whole measurements only
    halves = "SELECT session FROM runs GROUP BY session HAVING COUNT(*) <> 2"
    assert direct(path, halves) == []
    assert direct(path, "SELECT COUNT(*) FROM sessions") == [(len(written) // 2,)]


# where it is


def test_the_path_respects_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("CONVCOST_STORE", str(tmp_path / "own.sqlite"))
    assert default_path() == tmp_path / "own.sqlite"
    monkeypatch.delenv("CONVCOST_STORE")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    if sys.platform == "linux":
        assert default_path() == tmp_path / "convcost" / "measurements.sqlite"
    assert default_path().name == "measurements.sqlite"


def test_nobody_without_a_home_gets_a_folder_named_tilde(monkeypatch):
    monkeypatch.delenv("CONVCOST_STORE", raising=False)
    monkeypatch.setattr("platformdirs.user_data_path", lambda *_, **__: Path("~/.local/share"))
    with pytest.raises(ConvcostError, match="no folder"):
        default_path()
