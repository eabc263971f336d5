"""Help: every command has examples that run, and says what a SOURCE is."""

import shlex
from collections.abc import Callable
from pathlib import Path
from shutil import copyfile

import pytest
from click.testing import Result

from convcost.cli.main import group
from convcost.read import MAX_TEXT_BYTES

Run = Callable[..., Result]

COMMANDS = ("count", "devices", "explain", "measure", "memory", "predict", "read", "runtimes")
EXAMPLES = Path(__file__).parents[2] / "examples"
LIMIT = f"{MAX_TEXT_BYTES // 2**20} MiB"


def examples(run: Run, command: str) -> list[str]:
    """The lines of a command's help that are command lines."""
    lines = [line.strip() for line in run(command, "--help").stdout.splitlines()]
    return [line for line in lines if line.startswith("convcost ")]


def test_the_group_lists_its_commands_and_the_completion(run: Run) -> None:
    result = run("--help")
    assert result.exit_code == 0
    assert tuple(group.list_commands(None)) == COMMANDS
    for command in COMMANDS:
        assert f"\n  {command} " in result.stdout
    assert "_CONVCOST_COMPLETE=bash_source convcost" in result.stdout
    assert "..." not in result.stdout.split("Commands:")[1].split("Examples:")[0]
    assert run("-h").stdout == result.stdout


def test_the_version(run: Run) -> None:
    from convcost import __version__

    assert run("--version").stdout == f"convcost {__version__}\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_help_ends_in_examples_and_exit_codes(run: Run, command: str) -> None:
    text = run(command, "-h").stdout
    assert examples(run, command)
    assert "Exit codes:" in text
    assert "130  interrupted" in text


@pytest.mark.parametrize("command", ["count", "explain", "measure", "memory", "predict", "read"])
def test_help_says_what_a_source_is(run: Run, command: str) -> None:
    text = " ".join(run(command, "-h").stdout.split())
    for part in ("PATH", ".onnx", "zoo:NAME", "FILE#2", "standard input", f"at most {LIMIT} of"):
        assert part in text


#: The files that examples name -> what stands in them.
FILES = {"summary.txt": "keras3.txt", "three-summaries.txt": "mlp-or-cnn.txt"}


@pytest.mark.parametrize("command", COMMANDS)
def test_examples_run(
    run: Run, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, example in FILES.items():
        copyfile(EXAMPLES / example, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    found = examples(run, command)
    for example in found:
        words, _, pasted = example.partition(" < ")
        result = run(*shlex.split(words)[1:], text=Path(pasted).read_text() if pasted else None)
        assert result.exit_code == 0, (example, result.stderr)
        assert result.stdout or result.stderr.startswith("wrote ")
    assert found
