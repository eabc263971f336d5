"""Errors: one message, a next step, an exit code; hostile names are shown, never interpreted."""

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

import convcost.count  # noqa: F401 - tests patch the package
from convcost.cli.main import group, main

Run = Callable[..., Result]

HOSTILE_TABLE = """\
Layer (type)                 Output Shape              Param #
=================================================================
\x1b[31m[red]x|y (Dense)       (None, 10)                7850
=================================================================
Total params: 7,850
"""


def test_no_source_is_a_usage_error(run: Run) -> None:
    result = run("count")
    assert result.exit_code == 2
    assert result.stdout == ""


@pytest.mark.parametrize("command", ["predict", "explain"])
def test_an_unknown_device_lists_the_nearest(run: Run, command: str) -> None:
    result = run(command, "zoo:seed000", "--device", "gtx-1080")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("error: unknown device 'gtx-1080'\n  next: did you mean gtx")


@pytest.mark.parametrize(
    "words",
    [
        ("devices", "gtx"),
        ("runtimes", "tensorflow"),
        ("predict", "zoo:seed000", "--runtime", "keras"),
        ("count", "zoo:alexnext"),
        ("count", "zoo:seed000", "--dtype", "float31"),
        ("count", "zoo:seed000", "--batch", "0"),
        ("count", "-", "-"),
        ("count", "zoo:seed000", "--colour"),
        ("rewritten", "zoo:seed000"),
    ],
)
def test_a_wrong_request_exits_with_2(run: Run, words: tuple[str, ...]) -> None:
    assert run(*words).exit_code == 2


def test_an_unreadable_source_exits_with_1_and_is_named(run: Run, summary: str) -> None:
    result = run("count", summary, "no such file.txt", "zoo:seed000")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith("error: ")
    assert "no such file.txt" in result.stderr
    assert "\n  next: " in result.stderr


def test_standard_input_that_holds_no_network(run: Run, summary: str) -> None:
    result = run("count", summary, "-", text="hello\n")
    assert result.exit_code == 1
    assert result.stderr.startswith("error: standard input: ")


@pytest.mark.parametrize("format_", ["table", "json", "csv", "markdown"])
def test_hostile_names_reach_no_output_raw(run: Run, tmp_path: Path, format_: str) -> None:
    path = tmp_path / "hostile.txt"
    path.write_text(HOSTILE_TABLE, encoding="utf-8")
    result = run("count", str(path), "--format", format_)
    assert result.exit_code in (0, 1)
    assert "\x1b" not in result.stdout + result.stderr


def test_a_hostile_path_in_an_error(run: Run) -> None:
    result = run("count", "\x1b[31m\u202efile")
    assert result.exit_code == 1
    assert "\x1b" not in result.stderr
    assert "\\x1b[31m\\u202efile" in result.stderr


@pytest.fixture
def fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault of convcost's own."""

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("by accident")

    monkeypatch.setattr(sys.modules["convcost.count"], "count", broken)


@pytest.mark.usefixtures("fault")
def test_a_fault_of_ours_says_how_to_report_it(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CONVCOST_DEBUG", raising=False)
    result = run("count", "zoo:seed000")
    assert result.exit_code == 1
    assert result.stderr.startswith("error: internal: ZeroDivisionError: by accident\n  next: ")
    assert "CONVCOST_DEBUG=1" in result.stderr


@pytest.mark.usefixtures("fault")
def test_the_traceback_is_there_on_request(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONVCOST_DEBUG", "1")
    assert isinstance(run("count", "zoo:seed000").exception, ZeroDivisionError)


def test_an_interrupt_exits_with_130(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(sys.modules["convcost.count"], "count", interrupted)
    monkeypatch.setattr(sys, "argv", ["convcost", "count", "zoo:seed000"])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 130
    assert capsys.readouterr().err.split() == ["interrupted"]


WAITING = """
import signal
import time
from importlib import import_module
from convcost.cli.main import main

def wait(source, **options):
    print("reading", flush=True)
    time.sleep(60)

import_module("convcost.read").read_source = wait
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
main()
"""


def test_a_signal_while_reading_exits_with_130() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", WAITING, "count", "-"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"reading\n"
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert errors.split() == [b"interrupted"]


def test_the_group_refuses_what_is_no_command() -> None:
    assert group.get_command(None, "support") is None
    assert group.get_command(None, "main") is None
