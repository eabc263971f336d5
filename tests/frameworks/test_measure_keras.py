"""Networks run in Keras on TensorFlow: numbers, steps, whose time it is, what is printed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from typing import Any

import pytest

from convcost.count.optimizers import OPTIMIZERS
from convcost.ops.loss import LOSSES
from support.files import ROOT

SCRIPT = ROOT / "tests/support/keras_runs.py"

pytestmark = pytest.mark.skipif(
    find_spec("keras") is None or find_spec("tensorflow") is None,
    reason="Keras or TensorFlow is not installed: pip install keras tensorflow-cpu",
)

#: Numbers of a parameter's size that Keras's optimizers keep.
STATES = {
    "sgd": 0, "momentum": 1, "nesterov": 1, "rmsprop": 1, "adam": 2, "adamw": 2, "adagrad": 1,
    "adadelta": 2, "lion": 1,
}  # fmt: skip
#: Of the network: kernel and bias of a convolution and of a dense layer, scale and shift.
TRAINED = 6
#: A convolution with its bias and what follows it element by element is one kernel of oneDNN.
FORWARD = [("once", "relu"), ("again", "sum"), ("norm",), ("head",)]


@pytest.fixture(scope="module")
def runs() -> Any:
    """What the script found."""
    told = {key: value for key, value in os.environ.items() if key != "KERAS_BACKEND"}
    done = subprocess.run(
        [sys.executable, str(SCRIPT)], env=told, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


def seconds(profile: dict[str, Any], phase: str) -> dict[tuple[str, ...], float]:
    """By layers."""
    found: dict[tuple[str, ...], float] = {}
    for names, each, spent, _ in profile["spans"]:
        if each == phase:
            found[tuple(names)] = found.get(tuple(names), 0.0) + spent
    return found


@pytest.mark.parametrize("name", ["seed000", "seed001-cnn", "resnet18?image=64"])
def test_keras_and_onnxruntime_compute_the_same(runs: Any, name: str) -> None:
    assert runs["forward"][name] < 1e-4


@pytest.mark.parametrize(
    ("run", "phases"),
    [
        ("inference", {"forward", "loop"}),
        ("evaluate", {"forward", "loss", "loop"}),
        ("gradients", {"forward", "backward", "loss", "loop"}),
        ("training", {"forward", "backward", "loss", "update", "loop"}),
        ("fit", {"forward", "backward", "loss", "update", "loop"}),
        ("one step", {"forward", "loss", "loop"}),
    ],
)
def test_all_layers_and_phases_have_times_that_are_the_whole(
    runs: Any, run: str, phases: set[str]
) -> None:
    found = runs[run]
    assert {phase for _, phase, _, _ in found["spans"]} == phases
    assert set(FORWARD) <= seconds(found, "forward").keys()
    if "backward" in phases:
        assert {name for names in seconds(found, "backward") for name in names} >= {
            "once", "relu", "again", "norm", "head"
        }  # fmt: skip
    assert all(spent >= 0 for *_, spent, _ in found["spans"])
    assert sum(spent for *_, spent, _ in found["spans"]) == pytest.approx(found["seconds"])


def test_a_layer_that_is_called_twice_has_a_time_for_each_call(runs: Any) -> None:
    backward = seconds(runs["training"], "backward")
    assert backward["once",] > 0
    assert backward["again",] > 0
    kernels = [op for names, _, _, op in runs["training"]["spans"] if names == ["again"]]
    # the gradient of its input, which the first call does not need
    assert any("Conv2DBackpropInput" in op for op in kernels)
    first = [op for names, _, _, op in runs["training"]["spans"] if names == ["once"]]
    assert not any("Conv2DBackpropInput" in op for op in first)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_step_is_the_one_that_keras_takes(runs: Any, name: str) -> None:
    change, off, states = runs["trained"][name]
    assert change > 0
    assert off < 1e-3
    # Keras keeps the number of steps and the learning rate beside them; Adam-like ones a product
    assert states - STATES[name] * TRAINED in {2, 3}


@pytest.mark.parametrize("name", LOSSES)
def test_every_loss_trains(runs: Any, name: str) -> None:
    change, off, _ = runs["losses"][name]
    assert change > 0
    assert off < 1e-3


def test_what_cannot_be_run_is_said(runs: Any) -> None:
    refused = runs["refused"]
    assert "'branches' has no parameters that are trained" in refused["frozen"]
    assert refused["samples"].startswith("NetworkError: the input 'image' is (batch=4")


def measured(*options: str, code: int = 0) -> tuple[str, str]:
    """What the command prints on stdout and stderr."""
    command = [sys.executable, "-m", "convcost", "measure", "--no-store", "--threads", "1"]
    told = {
        key: value for key, value in os.environ.items() if key not in {"KERAS_BACKEND", "COLUMNS"}
    }
    done = subprocess.run(
        [*command, *options], env=told, capture_output=True, text=True, check=False
    )
    assert done.returncode == code, done.stderr
    return done.stdout, done.stderr


KERAS = ("zoo:seed000", "--runtime", "keras-tensorflow", "--time", "0.1s")


def test_nothing_that_tensorflow_says_reaches_the_user() -> None:
    out, err = measured(*KERAS, "--training", "--optimizer", "adam", "--batch", "2")
    first, *others = [f"starting process {number} of 6 ..." for number in range(1, 7)]
    assert [line.split(" for ")[0] for line in err.splitlines()] == [
        "measuring in keras-tensorflow ...", first, "measuring", *others, "timing the layers ...",
    ]  # fmt: skip
    assert "per training step, batch of 2 in keras-tensorflow" in out.splitlines()[0]
    rows = {line.split()[0] for line in out.splitlines() if line}
    assert {"conv2d_1", "batch_normalization_1", "dense_1", "loss", "update", "loop"} <= rows
    assert "forward" in out
    assert "backward" in out


def test_the_loops_of_keras_as_json() -> None:
    out, _ = measured(*KERAS, "--loop", "evaluate", "--samples", "10", "--batch", "4", "--json")
    (found,) = json.loads(out)["networks"]
    assert (found["seconds"]["per"], found["loop"]) == ("evaluate", "evaluate")
    assert {"keras", "tensorflow"} <= found["versions"].keys()
    rows = {row["name"]: row for row in found["layers"]}
    assert {"conv2d_1", "batch_normalization_1", "dense_1", "loss", "loop"} <= rows.keys()
    assert 0 < found["layers_over_whole"] <= 1.2


def test_a_backend_without_an_instrument_says_so() -> None:
    pytest.importorskip("torch")
    out, _ = measured("zoo:seed000", "--runtime", "keras-torch", "--time", "0.1s")
    assert "keras-torch has no instrument for layers: only the whole is known" in out


def test_a_missing_backend_is_said() -> None:
    if find_spec("jax") is not None:
        pytest.skip("JAX is installed")
    out, err = measured("zoo:seed000", "--runtime", "keras-jax", code=4)
    assert not out
    assert "measuring in keras-jax needs jax" in err
    assert "pip install" in err
