"""The convention ``tf.profiler`` beside TensorFlow's profiler on the same Keras models."""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).parent / "tf_models.py"
MODELS = runpy.run_path(str(SCRIPT))["MODELS"]

pytestmark = pytest.mark.skipif(
    find_spec("keras") is None or find_spec("tensorflow") is None,
    reason="the oracle is TensorFlow's profiler on Keras models: pip install keras tensorflow-cpu",
)

#: Model -> why the figures differ. One that agrees fails its test.
EXCEPTIONS = {
    "LSTM unrolled": "a network does not say whether Keras unrolls the loop",
    "embedding that masks": "a network does not say whether indices are compared with 0",
}

#: Models of which the convention says that it does not know.
NOT_COMPARED = ("GroupNorm", "ConvLSTM", "cells in a stack")

#: Figures of another run of the same profiler.
KNOWN = {
    "seed 000": 4_686_274,
    "seed 000 without BatchNorm": 4_620_546,
    "seed 001, dense": 1_338_428,
    "seed 001, convolutions": 21_902_780,
    "MobileNet": 1_147_687_920,
}


@pytest.fixture(scope="module")
def figures() -> Any:
    """Model -> batch -> (profiler, ours, complete, layers without a reason)."""
    told = {**os.environ, "KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, str(SCRIPT)]
    done = subprocess.run(command, env=told, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("name", [name for name in MODELS if name not in NOT_COMPARED])
def test_the_profiler_says_what_the_convention_says(name: str, figures: Any) -> None:
    for profiler, ours, complete, unexplained in figures[name].values():
        assert complete
        assert not unexplained
        assert (ours == profiler) == (name not in EXCEPTIONS)


@pytest.mark.parametrize("name", KNOWN)
def test_figures_of_another_run(name: str, figures: Any) -> None:
    assert figures[name]["1"][0] == KNOWN[name]


@pytest.mark.parametrize("name", NOT_COMPARED)
def test_what_was_not_compared_is_not_known(name: str, figures: Any) -> None:
    assert not figures[name]["1"][2]


def test_exceptions_are_of_models() -> None:
    assert {*EXCEPTIONS, *KNOWN, *NOT_COMPARED} <= set(MODELS)
