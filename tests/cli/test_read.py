"""`convcost read`: any source as a file that every command reads back."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

from click.testing import Result

import convcost
from convcost.write.exchange import to_text

Run = Callable[..., Result]
Start = Callable[..., subprocess.CompletedProcess[str]]


def test_the_result_is_the_file_and_only_that(run: Run, summary: str) -> None:
    result = run("read", summary)
    assert result.exit_code == 0
    assert result.stderr == ""
    assert result.stdout == to_text(convcost.read(summary))


def test_what_is_written_counts_alike(run: Run, summary: str, tmp_path: Path) -> None:
    path = str(tmp_path / "net.json")
    result = run("read", summary, "zoo:seed001-cnn", "-o", path)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", f"wrote {path}\n")
    for source, number in ((summary, 1), ("zoo:seed001-cnn", 2)):
        direct, stored = (run("count", s, "--json") for s in (source, f"{path}#{number}"))
        assert direct.exit_code == stored.exit_code == 0
        networks = [json.loads(r.stdout)["networks"] for r in (direct, stored)]
        assert networks[0] == networks[1]
    assert run("count", f"{path}#3").exit_code == 1


def test_nothing_is_overwritten_unasked(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "net.json"
    path.write_text("mine", encoding="utf-8")
    refused = run("read", "zoo:seed000", "-o", str(path))
    assert refused.exit_code == 2
    assert "add --force to overwrite it" in refused.stderr
    assert path.read_text(encoding="utf-8") == "mine"
    assert run("read", "zoo:seed000", "-o", str(path), "--force").exit_code == 0
    assert convcost.read(path) == convcost.read("zoo:seed000")


def test_sizes_are_set_before_writing(run: Run) -> None:
    words = [f"--dim={name}={size}" for name, size in zip("XKPS", (32, 5, 2, 1), strict=True)]
    text = run("read", "zoo:seed004", *words).stdout
    assert convcost.read(text).symbols == {"N", "Cin", "Cout"}


def test_a_pipe_carries_networks(start: Start) -> None:
    written = start("read", "zoo:seed000", "zoo:seed001-mlp")
    assert written.returncode == 0
    counted = start("count", "-", "--json", text=written.stdout)
    assert counted.returncode == 0, counted.stderr
    names = [network["source"] for network in json.loads(counted.stdout)["networks"]]
    assert names == ["seed000", "seed001-mlp"]


def test_a_damaged_file_is_an_error_with_its_place(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "net.json"
    text = run("read", "zoo:seed000").stdout
    path.write_text(text.replace('"filters": 32', '"filters": "many kinds"', 1), encoding="utf-8")
    result = run("count", str(path))
    assert result.exit_code == 1
    assert f"{path}: networks[0].layers[" in result.stderr
    assert ".op.filters: expected a size, got 'many kinds'" in result.stderr
    assert "next: " in result.stderr


def test_random_values_are_told(run: Run, tmp_path: Path) -> None:
    path, again = (str(tmp_path / name) for name in ("net.onnx", "again.onnx"))
    told = "; all parameters have random values: the source has none for them\n"
    assert run("read", "zoo:seed001-mlp", "-o", path).stderr == f"wrote {path}{told}"
    assert run("read", path, "-o", again).stderr == f"wrote {again}\n"
