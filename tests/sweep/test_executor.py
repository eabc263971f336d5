"""Parts of a sweep elsewhere, kept, and lost on the way."""

import multiprocessing
import os
import signal

import numpy as np
import pytest

from convcost.device import load as device
from convcost.errors import ConvcostError, UsageError
from convcost.runtime import load as runtime
from convcost.sweep import executor, parse, sweep
from convcost.zoo import load

#: Words make networks of their own: 24 parts.
TEXTS = ("conv*.activation=relu,tanh,elu,gelu,silu,sigmoid", "conv*.padding=same,valid",
         "dense*.activation=linear,softmax", "batch=1..64")  # fmt: skip
PARTS = 24


def swept(**options):
    return sweep(load("seed001-cnn"), [parse(text) for text in TEXTS], device=device("laptop-cpu"),
                 runtime=runtime("torch"), **options)  # fmt: skip


def same(a, b):
    return all(
        np.array_equal(getattr(a.figures, name), getattr(b.figures, name), equal_nan=True)
        for name in a.figures.__slots__
    )


@pytest.fixture(scope="module")
def here():
    return swept()


def test_processes_of_this_machine(here):
    said = []
    found = swept(executor="local:2", say=said.append)
    assert same(found, here)
    assert said[-1] == f"{PARTS} of {PARTS} parts"


@pytest.mark.filterwarnings("ignore")
def test_a_cluster_that_loses_a_worker(here):
    distributed = pytest.importorskip("distributed")
    killed = []
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50
    ) as cluster:
        address = cluster.scheduler_address.removeprefix("tcp://")

        def say(text):
            if text.startswith("4 of") and not killed:
                pid = next(iter(cluster.workers.values())).pid
                os.kill(pid, signal.SIGKILL)
                killed.append(pid)

        found = swept(executor=f"dask://{address}", say=say)
    assert killed
    assert same(found, here)


def test_parts_that_are_done_are_not_done_again(here, tmp_path, monkeypatch):
    original, done = executor.evaluate, []

    def evaluate(task):
        if len(done) == 10:
            raise KeyboardInterrupt
        done.append(task)
        return original(task)

    monkeypatch.setattr(executor, "evaluate", evaluate)
    with pytest.raises(KeyboardInterrupt):
        swept(keep=tmp_path)
    assert len(list(tmp_path.glob("*.npz"))) == 10
    cut_off = next(tmp_path.glob("*.npz"))
    cut_off.write_bytes(cut_off.read_bytes()[:500])
    monkeypatch.setattr(executor, "evaluate", lambda task: done.append(task) or original(task))
    assert same(swept(keep=tmp_path), here)
    assert len(done) == PARTS + 1
    assert same(swept(keep=tmp_path), here)
    assert len(done) == PARTS + 1
    swept(keep=tmp_path, workload=None)
    other = sweep(load("seed001-cnn"), [parse("batch=1,2")], device=device("a100"),
                  runtime=runtime("torch"), keep=tmp_path)  # fmt: skip
    assert len(other) == 2
    assert len(done) == PARTS + 2


@pytest.mark.parametrize("name", ["remote", "local:0", "local:", "local:x", "local:²", "dask:/x"])
def test_no_such_executor(name):
    with pytest.raises(UsageError, match="no executor"):
        swept(executor=name)


def test_a_process_that_is_killed_is_no_traceback(tmp_path):
    def say(text):
        if text.startswith("1 of"):
            os.kill(multiprocessing.active_children()[0].pid, signal.SIGKILL)

    with pytest.raises(ConvcostError, match="a process of the sweep ended") as caught:
        swept(executor="local:1", keep=tmp_path, say=say)
    assert "--keep FOLDER" in caught.value.hint
    assert list(tmp_path.glob("*.npz"))


def test_a_folder_that_is_a_file_is_no_traceback(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ConvcostError, match="file: ") as caught:
        swept(keep=tmp_path / "file")
    assert "--keep FOLDER" in caught.value.hint


@pytest.mark.filterwarnings("ignore")
def test_no_cluster_there(monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr(executor, "_SECONDS", 1)
    with pytest.raises(UsageError, match="no Dask scheduler"):
        swept(executor="dask://127.0.0.1:9")
