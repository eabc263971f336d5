"""The examples of the commands' help, run."""

from __future__ import annotations

import shlex
from pathlib import Path
from shutil import copyfile
from typing import TYPE_CHECKING

from click.testing import CliRunner

from convcost.cli import calibrate as command
from convcost.cli.main import group
from convcost.cli.support import measuring
from convcost.measure import protocol
from convcost.predict.calibration import calibrate
from support.files import ROOT

if TYPE_CHECKING:
    import pytest
    from click.testing import Result

#: The files that examples name -> what stands in them.
FILES = {"summary.txt": "keras3.txt", "three-summaries.txt": "mlp-or-cnn.txt"}
#: Options and files that need a framework -> its package.
FRAMEWORKS = {
    "measure zoo:seed000 --runtime torch": "torch",
    "calibrate --runtime torch": "torch",
    "-o model.keras": "keras",
}


def run(*words: str, text: str | None = None) -> Result:
    """Run a command line in this process; stdout and stderr are kept apart."""
    return CliRunner().invoke(group, list(words), input=text, prog_name="convcost")


def examples(command: str) -> list[str]:
    """The lines of a command's help that are command lines."""
    lines = [line.strip() for line in run(command, "--help").stdout.splitlines()]
    return [line for line in lines if line.startswith("convcost ")]


def framework_of(example: str) -> str | None:
    """The package that an example needs; None where convcost alone is enough."""
    return next((name for part, name in FRAMEWORKS.items() if part in example), None)


def lay_out(folder: Path) -> None:
    """The files that examples name."""
    for name, content in FILES.items():
        copyfile(ROOT / "examples" / content, folder / name)
    run("read", "zoo:seed001-mlp", "-o", str(folder / "network.onnx"))


def hurry(monkeypatch: pytest.MonkeyPatch, seconds: float = 1.0) -> None:
    """Calibrations of seconds instead of minutes: of the networks that there is time for.

    Measurements in two processes: enough to see that they run.
    """
    monkeypatch.setattr(command, "_USUAL", seconds)
    monkeypatch.setattr(command, "_QUICK", seconds)
    monkeypatch.setattr(calibrate, "FEWEST", 2)
    monkeypatch.setattr(measuring, "_QUICK", 0.5)
    monkeypatch.setattr(protocol, "PROCESSES", 2)


def done(example: str) -> Result:
    """An example, run in the current folder."""
    words, _, pasted = example.partition(" < ")
    return run(*shlex.split(words)[1:], text=Path(pasted).read_text() if pasted else None)
