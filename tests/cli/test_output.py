"""Where the result goes: pipes, terminals, files."""

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Run = Callable[..., Result]
Start = Callable[..., subprocess.CompletedProcess[str]]

ANSI = re.compile(r"\x1b")
BOXES = re.compile(r"[\u2500-\u259f]")


@pytest.mark.parametrize(
    "words",
    [
        ("count", "zoo:vgg16"),
        ("predict", "zoo:vgg16", "--device", "v100"),
        ("explain", "zoo:seed001-mlp", "zoo:seed001-cnn", "--device", "laptop-cpu"),
        ("devices", "a100"),
    ],
)
def test_piped_output_is_plain(start: Start, words: tuple[str, ...]) -> None:
    result = start(*words, COLUMNS="40", FORCE_COLOR="1", TERM="xterm-256color")
    assert result.returncode == 0, result.stderr
    assert not ANSI.search(result.stdout)
    assert not BOXES.search(result.stdout)
    assert not any(line != line.rstrip() for line in result.stdout.splitlines())
    assert result.stderr == ""


def test_piped_names_are_whole(start: Start) -> None:
    text = start("count", "zoo:seed000", COLUMNS="20").stdout
    assert re.search(r"^batch_normalization_1 .* 65,536 ", text, re.MULTILINE)


def on_terminal(*words: str, columns: int, **environment: str) -> str:
    """What the command prints on a terminal of that width."""
    leader, follower = pty.openpty()
    code = "import sys; from convcost.cli.main import main; main()"
    settings = {"TERM": "xterm", "COLUMNS": str(columns), "PYTHONIOENCODING": "utf-8"}
    inherited = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR")}
    process = subprocess.Popen(
        [sys.executable, "-c", code, *words],
        stdin=subprocess.DEVNULL,
        stdout=follower,
        env=inherited | settings | environment,
    )
    os.close(follower)
    parts = []
    while True:
        try:
            part = os.read(leader, 65536)
        except OSError:  # Linux: the other side is closed
            break
        if not part:
            break
        parts.append(part)
    os.close(leader)
    assert process.wait(60) == 0
    return b"".join(parts).decode().replace("\r\n", "\n")


def test_a_terminal_of_80_columns_keeps_names_and_figures() -> None:
    text = on_terminal("count", "zoo:seed000", columns=80)
    bare = re.sub(r"\x1b\[[0-9;]*m", "", text)
    assert ANSI.search(text)
    assert all(len(line) <= 80 for line in bare.splitlines())
    assert re.search(r"^batch_normalization_1 .* 64 ", bare, re.MULTILINE)
    assert "1,409,024" in bare


def test_no_color_is_honoured() -> None:
    text = on_terminal("count", "zoo:seed000", columns=100, NO_COLOR="1")
    assert not ANSI.search(text)
    assert BOXES.search(text)


def test_a_dumb_terminal_gets_plain_text() -> None:
    text = on_terminal("count", "zoo:seed000", columns=80, TERM="dumb")
    assert not ANSI.search(text)
    assert not BOXES.search(text)


def test_a_file_is_written_once(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "count.json"
    words = ("count", "zoo:seed000", "-o", str(path))
    first = run(*words)
    assert first.exit_code == 0
    assert first.stdout == ""
    assert first.stderr == f"wrote {path}\n"
    assert json.loads(path.read_text(encoding="utf-8"))["schema"] == "convcost/count/1"
    second = run(*words)
    assert second.exit_code == 2
    assert "exists" in second.stderr
    assert "next: add --force" in second.stderr
    assert run(*words, "--force", "--format", "csv").exit_code == 0
    assert path.read_text(encoding="utf-8").startswith("network,layer,")


@pytest.mark.parametrize(
    ("name", "start"),
    [("a.md", "**seed000: "), ("a.csv", "network,"), ("a.txt", "seed000: "), ("a", "seed000: ")],
)
def test_the_suffix_chooses_the_format(run: Run, tmp_path: Path, name: str, start: str) -> None:
    assert run("count", "zoo:seed000", "-o", str(tmp_path / name)).exit_code == 0
    assert (tmp_path / name).read_text(encoding="utf-8").startswith(start)


@pytest.mark.parametrize("name", ["model.onnx", "model.keras", "a.log"])
@pytest.mark.parametrize("command", ["count", "explain", "report"])
def test_a_suffix_of_something_else_is_refused(
    run: Run, tmp_path: Path, command: str, name: str
) -> None:
    path = tmp_path / name
    result = run(command, "zoo:seed000", "-o", str(path))
    assert result.exit_code == 2
    assert f"{name}: results are not written as '{path.suffix}' files" in result.stderr
    assert "networks are written by convcost read -o" in result.stderr
    assert (".svg" in result.stderr) == (command != "count")
    assert not path.exists()
    assert run("count", "zoo:seed000", "--json", "-o", str(path)).exit_code == 0


def test_a_file_that_cannot_be_written(run: Run, tmp_path: Path) -> None:
    result = run("count", "zoo:seed000", "-o", str(tmp_path / "no" / "such" / "folder.txt"))
    assert result.exit_code == 1
    assert "cannot be written" in result.stderr


def test_formats_that_exclude_each_other(run: Run) -> None:
    assert run("count", "zoo:seed000", "--json", "--format", "csv").exit_code == 2
    result = run("count", "zoo:seed000", "--format", "jsonn")
    assert result.exit_code == 2
    assert "did you mean json?" in result.stderr


def test_a_reader_that_stops_early_is_no_error() -> None:
    code = "import sys; from convcost.cli.main import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "count", *["zoo:vgg16"] * 60],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.read(1)
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    assert (process.wait(60), errors) == (0, b"")
