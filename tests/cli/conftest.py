"""The command line in this process, and as a user starts it."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from convcost.cli.main import group

SUMMARY = """\
_________________________________________________________________
Layer (type)                 Output Shape              Param #
=================================================================
conv2d_36 (Conv2D)           (None, 26, 26, 32)        320
_________________________________________________________________
flatten_17 (Flatten)         (None, 21632)             0
_________________________________________________________________
dense_40 (Dense)             (None, 10)                216330
=================================================================
Total params: 216,650
Trainable params: 216,650
Non-trainable params: 0
_________________________________________________________________
"""


@pytest.fixture
def run() -> Callable[..., Result]:
    """Run a command line in this process; stdout and stderr are kept apart."""

    def invoke(*words: str, text: str | None = None) -> Result:
        return CliRunner().invoke(group, list(words), input=text, prog_name="convcost")

    return invoke


@pytest.fixture
def start() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Start `python -m convcost` with its output piped."""

    def process(
        *words: str, text: str = "", python: tuple[str, ...] = (), **environment: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *python, "-m", "convcost", *words],
            input=text,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            encoding="utf-8",
            env={**os.environ, "PYTHONIOENCODING": "utf-8", **environment},
        )

    return process


@pytest.fixture
def summary(tmp_path: Path) -> str:
    """The path of a pasted summary."""
    path = tmp_path / "my summary.txt"
    path.write_text(SUMMARY, encoding="utf-8")
    return str(path)
