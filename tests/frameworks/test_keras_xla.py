"""Networks run in Keras on TensorFlow with XLA: numbers, whose time it is, what is printed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from typing import Any

import pytest

from convcost import runtime, zoo
from convcost.count import Workload
from support.files import ROOT

RUNTIME = "keras-tensorflow-xla"
GROUPS_SCRIPT = ROOT / "tests/support/recorded_groups.py"
SCRIPT = ROOT / "tests/support/keras_xla_runs.py"
ENVIRONMENT = {x: y for x, y in os.environ.items() if x not in {"KERAS_BACKEND", "COLUMNS"}}

pytestmark = pytest.mark.skipif(
    find_spec("keras") is None or find_spec("tensorflow") is None,
    reason="Keras or TensorFlow is not installed: pip install keras tensorflow-cpu",
)

#: Convolutions and the dense layer alone, what is between them together.
GROUPS = {("once",), ("relu",), ("again",), ("sum", "norm"), ("head",)}


@pytest.fixture(scope="module")
def runs() -> Any:
    """What the script found."""
    done = subprocess.run(
        [sys.executable, str(SCRIPT)], env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("name", ["seed000", "seed001-cnn", "inception-v3-block"])
def test_xla_changes_no_results(runs: Any, name: str) -> None:
    assert runs["forward"][name] < 1e-4


def test_a_loop_of_the_program_changes_no_results(runs: Any) -> None:
    assert runs["sequence"] < 1e-4


@pytest.mark.parametrize("loop", ["step", "fit"])
def test_training_ends_where_it_does_without_xla(runs: Any, loop: str) -> None:
    change, off = runs[loop]
    assert change > 0
    # the last digits of the parameters: a step changes little of them
    assert off < 1e-2


@pytest.mark.parametrize(
    ("run", "phases"),
    [
        ("inference", {"forward", "loop"}),
        ("evaluate", {"forward", "loss", "loop"}),
        ("gradients", {"forward", "backward", "loss", "loop"}),
        ("training", {"forward", "backward", "loss", "update", "loop"}),
        ("fit", {"forward", "backward", "loss", "update", "loop"}),
    ],
)
def test_all_layers_and_phases_have_times_that_are_the_whole(
    runs: Any, run: str, phases: set[str]
) -> None:
    found = runs["watched"][run]
    assert {phase for _, phase, _, _ in found["spans"]} == phases
    groups = {tuple(names) for names, *_ in found["spans"] if names}
    if run == "inference":
        assert groups == GROUPS
    names = [name for group in groups for name in group]
    assert sorted(names) == ["again", "head", "norm", "once", "relu", "sum"]
    assert all(spent >= 0 for *_, spent, _ in found["spans"])
    assert sum(spent for *_, spent, _ in found["spans"]) == pytest.approx(found["seconds"])


@pytest.mark.parametrize("run", ["training", "fit"])
def test_kernels_are_those_of_xla(runs: Any, run: str) -> None:
    spans = runs["watched"][run]["spans"]
    kernels = {(*names, phase): op for names, phase, _, op in spans if op in {"convolution", "dot"}}
    assert {("once", "forward"), ("again", "forward"), ("again", "backward")} <= kernels.keys()
    # the gradient of the first convolution's weights: XLA keeps no name of it
    assert ("once", "backward") in kernels
    assert not any(op.startswith("_Mkl") for *_, op in spans)


def test_kernels_in_a_loop_of_the_program_belong_to_its_layer(runs: Any) -> None:
    found = runs["watched"]["sequence"]["spans"]
    assert {tuple(names) for names, *_ in found if names} == {("loop over time",), ("head",)}


def measured(*options: str) -> str:
    command = [sys.executable, "-m", "convcost", "measure", "zoo:seed000", "--no-store"]
    runtime = ["--runtime", "keras-tensorflow-xla", "--time", "0.1s"]
    done = subprocess.run(
        [*command, *runtime, *options], env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_layers_are_told_with_several_threads() -> None:
    out = measured("--threads", "2", "--batch", "32", "--json")
    (found,) = json.loads(out)["networks"]
    assert found["runtime"] == "keras-tensorflow-xla"
    assert [row["name"] for row in found["layers"]] == [
        "conv2d_1", "batch_normalization_1", "dense_1", "loop"
    ]  # fmt: skip
    assert 0 < found["layers_over_whole"] <= 1.2


def test_a_measured_training_step_as_a_trace() -> None:
    step = ("--training", "--optimizer", "sgd", "--batch", "2", "--threads", "1")
    out = measured(*step, "--format", "trace")
    events = [each for each in json.loads(out)["traceEvents"] if each["ph"] == "X"]
    assert [(each["name"], each["cat"]) for each in events] == [
        ("conv2d_1", "forward"), ("batch_normalization_1", "forward"), ("dense_1", "forward"),
        ("loss", "loss"),
        ("dense_1", "backward"), ("batch_normalization_1", "backward"), ("conv2d_1", "backward"),
        ("update", "update"), ("loop", "loop"),
    ]  # fmt: skip
    assert events[0]["args"]["ops"] == ["conv"]


def test_the_rules_give_the_groups_that_the_record_has() -> None:
    """A product, and the chain behind it with its bias; poolings join chains in some networks."""
    names = ("seed000", "seed001-cnn")
    done = subprocess.run(
        [sys.executable, str(GROUPS_SCRIPT), RUNTIME, *names],
        env=ENVIRONMENT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = json.loads(done.stdout.splitlines()[-1])
    assert set(found) == set(names)
    for name, runs in found.items():
        for mode, spans in runs.items():
            training = mode == "training"
            workload = Workload(
                batch=2, training=training, loss="cross-entropy" if training else None
            )
            kernels = runtime.lower_step(zoo.load(name), workload, runtime.load(RUNTIME), "cpu")
            there = {(tuple(layers), phase) for layers, phase, _ in spans if layers}
            assert {(each.layers, each.phase) for each in kernels} == there
