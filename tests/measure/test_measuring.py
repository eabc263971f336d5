"""The protocol with a fake framework: times, layers, pairs, errors, what is left behind."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from convcost import zoo
from convcost.count import Workload
from convcost.errors import ConvcostError, MissingFramework, NetworkError, UsageError
from convcost.measure import measure, measuring, process
from convcost.measure.process import Worker
from convcost.measure.protocol import PROCESSES, Effort, Taken
from convcost.measure.statistics import ENOUGH
from convcost.read.exchange.document import networks_of

SMALL, LARGE = zoo.load("seed000"), zoo.load("alexnet")
PER_LAYER, LOOP = 0.004, 0.001


def seconds_of(network):
    return PER_LAYER * sum(bool(layer.parameters) for layer in network.layers) + LOOP


@pytest.mark.usefixtures("fakes")
def test_the_times_are_those_of_the_clock(effort):
    found = measure([SMALL, LARGE], runtime="fake", effort=effort)
    for network, one in zip((SMALL, LARGE), found.networks, strict=True):
        assert one.seconds.median == pytest.approx(seconds_of(network), rel=1e-3)
        assert one.seconds.low <= one.seconds.median <= one.seconds.high
        assert one.seconds.confidence >= 0.95
        assert len(one.samples) >= ENOUGH
        assert one.runs >= len(one.samples)
        assert one.verdict.name == "stable", one.verdict
        assert one.versions["fake"] == "1.2.3"
    (ratio,) = found.ratios
    assert (ratio.a, ratio.b) == (LARGE.name, SMALL.name)
    assert ratio.times.median == pytest.approx(seconds_of(LARGE) / seconds_of(SMALL), rel=1e-3)
    assert len({len(one.samples) for one in found.networks}) == 1
    assert not found.interrupted


@pytest.mark.usefixtures("fakes")
def test_layers_are_scaled_to_the_run_without_the_instrument(effort):
    (one,) = measure([SMALL], runtime="fake", effort=effort).networks
    assert one.instrument.overhead == pytest.approx(0.25, rel=1e-2)
    assert one.instrument.scaled
    *layers, loop = one.layers
    named = [layer.name for layer in SMALL.layers if layer.parameters]
    assert [layer.name for layer in layers] == named
    for layer in layers:
        assert layer.seconds == pytest.approx(PER_LAYER, rel=1e-2)
        assert layer.phases == {"forward": layer.seconds}
        assert layer.kernels == ("Fake",)
    assert (loop.name, loop.layers, loop.is_loop) == ("loop", (), True)
    assert sum(row.share for row in one.layers) == pytest.approx(1)
    expected = PER_LAYER * len(named) / seconds_of(SMALL)
    assert one.layers_over_whole == pytest.approx(expected, rel=1e-2)
    without = [layer.name for layer in SMALL.layers if not layer.parameters]
    assert list(one.idle) == [name for name in without if SMALL.layer(name).op.kind != "input"]


@pytest.mark.usefixtures("fakes")
def test_fused_layers_are_one_row(effort):
    found = measure([SMALL], runtime="fake-fused", effort=effort).networks[0].to_dict()
    first, *others = [layer.name for layer in SMALL.layers if layer.parameters]
    row = found["layers"][0]
    assert (row["name"], row["fused_with"]) == (first, others)
    assert found["layers"][1]["name"] == "loop"
    assert "fused_with" not in found["layers"][1]


@pytest.mark.usefixtures("fakes")
def test_the_document_is_plain_json(effort):
    found = measure([SMALL, LARGE], Workload(batch=4), runtime="fake", effort=effort).to_dict()
    assert json.loads(json.dumps(found)) == found
    assert found["schema"] == "convcost/measure/1"
    one = found["networks"][0]
    assert one["workload"]["batch"] == 4
    assert one["machine"]["threads"] >= 1
    assert {"median", "low", "high", "runs", "per"} <= one["seconds"].keys()
    assert set(found["ratios"][0]) == {"a", "b", "value", "low", "high", "confidence"}


@pytest.mark.usefixtures("fakes")
def test_the_worker_gets_threads_and_no_input(effort):
    with pytest.raises(ConvcostError, match=r"ValueError: threads 3 3 ''"):
        measure([SMALL], runtime="fake-environment", threads=3, effort=effort)


@pytest.mark.usefixtures("fakes")
@pytest.mark.parametrize(
    ("runtime", "kind", "message"),
    [
        ("fake-missing", MissingFramework, "^measuring in fake needs fake\n.*pip install fake"),
        ("fake-refuses", NetworkError, "'network 1': layer 'x' has no counterpart"),
        ("fake-raises", ConvcostError, "cannot run 'network 1': RuntimeError: tensor of 8 PB"),
        ("fake-crashes", ConvcostError, r"ended while loading \(exit code 3\)"),
        ("fake-dies", ConvcostError, r"ended while run \d+ \(signal 6(.|\n)*last words"),
    ],
)
def test_what_fails_is_told(effort, runtime, kind, message):
    network = type(SMALL)("network 1", SMALL.layers, SMALL.table, SMALL.outputs)
    with pytest.raises(ConvcostError, match=message) as caught:
        measure([network], runtime=runtime, effort=effort)
    assert type(caught.value) is kind
    assert caught.value.hint
    assert caught.value.network == "network 1"


@pytest.mark.usefixtures("fakes")
def test_a_run_that_hangs_is_ended():
    with pytest.raises(ConvcostError, match="took longer than 1 s"):
        measure([SMALL], runtime="fake-hangs", effort=Effort(seconds=0.05, timeout=1))


@pytest.mark.usefixtures("fakes")
def test_a_runtime_that_does_not_train_is_refused(effort):
    with pytest.raises(UsageError, match="fake-eval runs no training steps"):
        measure([SMALL], Workload(training=True), runtime="fake-eval", effort=effort)


@pytest.mark.usefixtures("fakes")
def test_every_worker_is_gone_after_an_error(effort, monkeypatch):
    started = []

    class Noted(Worker):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            started.append(self._process)

    monkeypatch.setattr(process, "Worker", Noted)
    with pytest.raises(ConvcostError):
        measure([SMALL, LARGE], runtime="fake-raises", effort=effort)
    measure([SMALL], runtime="fake", effort=effort)
    assert len(started) == 2 + PROCESSES
    assert all(child.poll() is not None for child in started)


@pytest.mark.parametrize(
    ("names", "training", "expected"),
    [
        (("torch",), False, "torch"),
        (("keras",), False, "onnxruntime"),
        ((None,), False, "onnxruntime"),
        (("keras",), True, "torch"),
        (("torch", "keras"), False, "onnxruntime"),
    ],
)
def test_the_runtime_that_is_chosen(monkeypatch, known_fake, names, training, expected):
    known = [known_fake("onnxruntime", trains=False), known_fake("torch")]
    monkeypatch.setattr(measuring, "runners", lambda: {each.name: each for each in known})
    networks = [replace(SMALL, framework=name) for name in names]
    assert measuring.runtime_for(networks, training=training) == expected


def taken(**more):
    return Taken(
        **({"samples": [1.0] * 6, "processes": [1] * 6, "probes": [(1.0, 1.0)] * 6} | more)
    )


def test_what_the_protocol_saw_is_in_the_verdict():
    assert measuring._verdict(taken(), interrupted=False).name == "stable"
    cold = measuring._verdict(taken(warm=False), interrupted=False)
    assert cold.name == "noisy"
    assert cold.reasons == ("it was not warm yet when the warm-up was over",)
    assert cold.advice
    # a slow probe on either side of a turn
    probes = [(1.0, 2.0), (2.0, 1.0), *[(1.0, 1.0)] * 4]
    beside = measuring._verdict(taken(probes=probes), interrupted=False)
    assert beside.name == "noisy"
    assert "33 % of the samples" in beside.reasons[0]


def test_nothing_can_train(monkeypatch):
    monkeypatch.setattr(measuring, "runners", dict)
    with pytest.raises(UsageError, match="no runtime"):
        measuring.runtime_for([SMALL], training=True)


@pytest.mark.usefixtures("fakes")
def test_frozen_layers_and_the_type_reach_the_worker(effort, monkeypatch):
    orders = []

    class Noted(Worker):
        def __init__(self, name, order, **options):
            orders.append(order)
            super().__init__(name, order, **options)

    monkeypatch.setattr(process, "Worker", Noted)
    workload = Workload(
        batch=2, training=True, loss="mse", optimizer="adam", dtype="float16", freeze=("conv*",)
    )
    measure([SMALL], workload, runtime="fake", threads=2, effort=effort)
    order, *others = orders
    assert others == [order] * (PROCESSES - 1)
    assert order["job"] == {
        "batch": 2, "training": True, "loss": "mse", "optimizer": "adam", "threads": 2, "seed": 0,
        "loop": "step", "samples": None,
    }  # fmt: skip
    (network,) = networks_of(order["network"].encode())
    assert [layer.name for layer in network.layers] == [layer.name for layer in SMALL.layers]
    assert {p.dtype for p in network.table.values()} == {"float16"}
    first = next(layer for layer in network.layers if layer.parameters)
    assert not any(network.table[id_].trainable for id_ in first.parameters)


def test_a_runtime_that_nothing_runs():
    with pytest.raises(UsageError, match="runtime to measure in 'keras-tf1'"):
        measure([SMALL], runtime="keras-tf1")


@pytest.mark.parametrize("value", [0, -1, float("nan")])
def test_time_is_above_zero(value):
    with pytest.raises(UsageError, match="expected more than 0"):
        Effort(seconds=value)


# what the user does to the process: in a process of its own

MEASURE = """
import signal
import sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
from convcost import zoo
from convcost.measure import measuring, process
sys.path.insert(0, {folder!r})
from conftest import COMMAND, EFFORT, KnownFake
process.COMMAND = COMMAND
measuring.runner = KnownFake
from convcost.measure import measure
found = measure([zoo.load("seed000")], runtime="fake-slow", effort=EFFORT)
print(found.interrupted, found.verdict, found.verdict.reasons[0], len(found.networks[0].samples))
"""


@pytest.fixture
def busy(tmp_path):
    """A process that measures, and the id of its worker, which is in the middle of a run."""
    mark = tmp_path / "busy"
    code = MEASURE.format(folder=str(Path(__file__).parent))
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "FAKE_WORKER_BUSY": str(mark)},
    ) as parent:
        until(lambda: mark.exists() and mark.read_text())
        yield parent, int(mark.read_text())
        parent.kill()


def until(true, limit=30.0):
    """Wait for something to happen."""
    end = time.monotonic() + limit
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def is_gone(pid):
    """Whether a process has ended, be it that nobody has waited for it yet."""
    with contextlib.suppress(OSError):
        return "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text()
    return True


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_ctrl_c_keeps_what_is_there(busy):
    parent, worker = busy
    parent.send_signal(signal.SIGINT)
    out, err = parent.communicate(timeout=30)
    assert out.startswith("True noisy interrupted: these are the samples until then"), (out, err)
    assert int(out.split()[-1]) >= 1
    assert "chatter" not in out + err
    until(lambda: is_gone(worker))


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_killed_parent_leaves_no_orphan(busy):
    parent, worker = busy
    assert not is_gone(worker)
    parent.kill()
    parent.wait()
    until(lambda: is_gone(worker))


def test_a_worker_without_a_parent_ends():
    ended = subprocess.run(process.COMMAND, input=b"", capture_output=True, timeout=60, check=False)
    assert (ended.returncode, ended.stdout) == (0, b"")
