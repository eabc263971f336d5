"""Results as Parquet files: written, piped, refused on a terminal, or missing its package."""

import io
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from pyarrow import parquet

import convcost

Run = Callable[..., Result]
Start = Callable[..., subprocess.CompletedProcess[str]]


@pytest.mark.parametrize(
    "words",
    [
        ("count", "zoo:seed000"),
        ("predict", "zoo:seed000", "--device", "a100"),
        ("memory", "zoo:seed000", "--training"),
        ("compare", "zoo:seed000", "zoo:alexnet", "--device", "a100"),
        ("sweep", "zoo:seed000", "--vary", "batch=1..8", "--device", "a100"),
        ("count", "zoo:seed000", "--as", "fvcore"),
        ("devices",),
        ("runtimes",),
    ],
)
def test_the_suffix_writes_the_records(run: Run, tmp_path: Path, words: tuple[str, ...]) -> None:
    path = tmp_path / "result.parquet"
    result = run(*words, "-o", str(path))
    assert result.exit_code == 0, result.stderr
    assert result.stdout == ""
    table = parquet.read_table(path)
    lines = run(*words, "--format", "csv").stdout.splitlines()
    assert ",".join(table.column_names) == lines[0]
    assert table.num_rows == len(lines) - 1


def test_a_pipe_gets_the_bytes(run: Run) -> None:
    result = run("count", "zoo:vgg16", "--format", "parquet")
    assert result.exit_code == 0
    table = parquet.read_table(io.BytesIO(result.stdout_bytes))
    macs = convcost.count(convcost.read("zoo:vgg16")).total.forward.macs
    assert sum(table.column("macs").to_pylist()) == macs == 15_470_264_320


def test_a_terminal_does_not() -> None:
    leader, follower = pty.openpty()
    code = "from convcost.cli.main import main; main()"
    words = [sys.executable, "-c", code, "count", "zoo:vgg16", "--format", "parquet"]
    process = subprocess.run(
        words, stdout=follower, stderr=subprocess.PIPE, timeout=60, check=False
    )
    os.close(follower)
    os.close(leader)
    assert process.returncode == 2
    assert b"the format 'parquet' is not for terminals" in process.stderr
    assert b"next: write it to a file: -o FILE" in process.stderr


def test_without_pyarrow_it_ends_before_the_work(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    path = tmp_path / "result.parquet"
    result = run("count", "no-such-file.txt", "-o", str(path))
    assert result.exit_code == 4
    assert "pip install 'convcost[pandas]'" in result.stderr
    assert not path.exists()
