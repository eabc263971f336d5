"""Examples of the commands' help that need a framework."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from convcost.cli.main import group
from support.examples import done, examples, framework_of, hurry, lay_out

if TYPE_CHECKING:
    from pathlib import Path

FOUND = {
    example: framework
    for command in group.list_commands(None)  # type: ignore[arg-type]
    for example in examples(command)
    if (framework := framework_of(example)) is not None
}


def test_there_are_some() -> None:
    assert set(FOUND.values()) == {"torch", "keras"}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("example", FOUND)
def test_it_runs(example: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if find_spec(FOUND[example]) is None:
        pytest.skip(f"{FOUND[example]} is not installed")
    lay_out(tmp_path)
    hurry(monkeypatch, seconds=12.0)  # PyTorch alone takes several to start
    monkeypatch.chdir(tmp_path)
    result = done(example)
    assert result.exit_code == 0, result.stderr
    assert result.stdout or result.stderr.startswith("wrote ")
