"""Help: every command has examples that run, and says what a SOURCE is."""

import re
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest
from click.testing import Result

from convcost.cli.main import group
from convcost.read import MAX_TEXT_BYTES
from support.examples import done, examples, framework_of, hurry, lay_out

Run = Callable[..., Result]

COMMANDS = (
    *(
        "calibrate",
        "compare",
        "count",
        "devices",
        "explain",
        "history",
        "measure",
        "memory",
        "predict",
    ),
    *("read", "report", "rewrite", "runtimes", "serve", "sweep"),
)
#: Those that take networks.
SOURCES = [name for name in COMMANDS if name not in {"calibrate", "devices", "runtimes", "serve"}]
LIMIT = f"{MAX_TEXT_BYTES // 2**20} MiB"


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
    assert examples(command)
    codes = text.partition("Exit codes:")[2]
    found = re.findall(r"^ +([0-9]+) +[a-z]", codes, re.MULTILINE)
    assert found == ["0", "1", "2", "3", "4", "130"]


@pytest.mark.parametrize("command", SOURCES)
def test_help_says_what_a_source_is(run: Run, command: str) -> None:
    text = " ".join(run(command, "-h").stdout.split())
    for part in ("PATH", ".onnx", "zoo:NAME", "FILE#2", "standard input", f"at most {LIMIT} of"):
        assert part in text


@pytest.mark.parametrize("command", [name for name in COMMANDS if name != "serve"])
def test_examples_run(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that need a framework say so here, and run in tests/frameworks.

    A server does not end by itself: see tests/serve.
    """
    lay_out(tmp_path)
    hurry(monkeypatch)
    monkeypatch.chdir(tmp_path)
    found = examples(command)
    for example in found:
        needed = framework_of(example)
        result = done(example)
        if needed is not None and find_spec(needed) is None:
            assert (result.exit_code, "pip install" in result.stderr) == (4, True), example
            continue
        assert result.exit_code == 0, (example, result.stderr)
        assert result.stdout or "wrote " in result.stderr
    assert found
