"""`convcost explain --verify`: what is refused, and real runs: structure, never a time."""

import csv
import io
import json
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import pytest
from click.testing import Result

import convcost
from convcost.cli.support import measuring
from convcost.measure import Effort, protocol
from convcost.measure.process import Worker

Run = Callable[..., Result]

NETWORKS = ("zoo:seed001-mlp", "zoo:seed001-cnn4")
WORDS = ("explain", *NETWORKS, "--batch", "2", "--verify", "--runtime", "onnxruntime",
         "--threads", "1", "--ablate", "none")  # fmt: skip
in_onnxruntime = pytest.mark.skipif(
    find_spec("onnxruntime") is None or find_spec("onnx") is None, reason="needs onnxruntime"
)


@pytest.fixture
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two processes instead of six, and a second: enough to see what is printed."""
    monkeypatch.setattr(protocol, "PROCESSES", 2)
    monkeypatch.setattr(measuring, "_QUICK", 1.0)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--verify", "--runtime", "keras-tf1"), "next: these can: --runtime "),
        (("--verify", "--runtime", "onnxruntim"), "did you mean onnxruntime"),
        (("--verify", "--device", "v100"), "what is measured is this machine, not v100"),
        (("--verify", "--measured", "1s"), "exclude each other\n  next: leave out --measured or"),
        (("--verify", "--samples", "10"), "leave out --samples"),
        (("--verify", "--quick", "--time", "3s"), "--quick and --time exclude each other"),
        (("--verify", "--time", "soon"), "'soon' is not a duration"),
        (("--verify", "--training", "--input-gradient"), "leave out --input-gradient"),
        (("--quick",), "--timeout and --no-store are for measuring\n  next: add --verify"),
        (("--no-store",), "next: add --verify"),
        (("--time", "1s"), "next: add --verify"),
        (("--threads", "1"), "next: add --verify"),
    ],
)
def test_wrong_questions(run: Run, words: tuple[str, ...], expected: str) -> None:
    result = run("explain", "zoo:seed000", *words)
    assert result.exit_code == 2, result.output
    assert expected in result.stderr
    assert not result.stdout


@pytest.mark.parametrize(
    ("words", "seconds"), [((), 30.0), (("--quick",), 5.0), (("--time", "2min"), 120.0)]
)
def test_how_long(
    run: Run, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], seconds: float
) -> None:
    asked: list[Any] = []

    def explain(*nets: object, verify: Effort, **options: object) -> None:
        asked.append(verify)
        raise KeyboardInterrupt

    monkeypatch.setattr("convcost.verbs.explain", explain)
    run("explain", "zoo:seed000", "--verify", *words)
    assert asked == [Effort(seconds=seconds, timeout=600.0)]


@in_onnxruntime
def test_predicted_and_measured_in_json(run: Run) -> None:
    result = run(*WORDS, "--time", "1s", "--json")
    assert result.exit_code == 0, result.stderr
    assert "timing the layers ..." in result.stderr
    document = json.loads(result.stdout)
    assert document["schema"] == "convcost/explain/1"
    assert any(line.startswith("measured in onnxruntime") for line in
               (document["answer"], *document["checks"]))  # fmt: skip
    (ratio,) = document["ratios"]
    assert {"low", "high"} <= ratio["predicted"].keys()
    assert 0 < ratio["measured"]["low"] <= ratio["measured"]["value"] <= ratio["measured"]["high"]
    for name, one in zip(NETWORKS, document["networks"], strict=True):
        measured = one["measured"]
        assert 0 < measured["low"] <= measured["median"] <= measured["high"]
        assert measured["verdict"] in ("stable", "noisy")
        assert (measured["verdict"] == "noisy") == bool(measured["reasons"])
        assert (measured["runtime"], measured["machine"]["threads"]) == ("onnxruntime", 1)
        assert measured["workload"]["batch"] == one["workload"]["batch"] == 2
        rows = measured["layers"]
        predicted = sum(row["predicted_seconds"] or 0.0 for row in rows)
        assert predicted == pytest.approx(one["seconds"]["value"])
        layers = {layer.name for layer in convcost.read(name).layers}
        inside = [layer for row in rows for layer in row["layers"]]
        assert len(inside) == len(set(inside))
        assert set(inside) <= layers
        assert any(row["measured_seconds"] and row["predicted_seconds"] for row in rows)
    timed = [f for f in document["findings"] if "seconds" in f["numbers"]]
    assert timed
    assert all("measured_seconds" in finding["numbers"] for finding in timed)
    assert all("measured: " in finding["text"] for finding in timed)


@in_onnxruntime
@pytest.mark.usefixtures("_hurry")
def test_a_quick_look_in_words(run: Run) -> None:
    result = run(*WORDS[:6], "--ablate", "none", "--quick")
    assert result.exit_code == 0, result.stderr
    first, second, *rest = result.stdout.splitlines()
    measured = "measured in onnxruntime (the prediction is for Keras 3 on TensorFlow), "
    assert first.startswith(measured) or second.startswith(measured)
    assert "the predicted " in (first + second)
    assert "predicted and measured, per batch of 2:" in rest
    assert any(line.split()[:1] == ["whole"] for line in rest)
    assert rest[-1] == (
        "next: convcost measure zoo:seed001-mlp zoo:seed001-cnn4 --batch 2 --quick --runtime "
        "onnxruntime"
    )


@in_onnxruntime
@pytest.mark.usefixtures("_hurry")
@pytest.mark.parametrize("format_", ["csv", "markdown"])
def test_other_formats(run: Run, format_: str) -> None:
    result = run(*WORDS, "--time", "100ms", "--format", format_)
    assert result.exit_code == 0, result.stderr
    if format_ == "markdown":
        assert "| predicted | measured |" in " ".join(result.stdout.split())
        return
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert {row["network"] for row in rows} == {"seed001-mlp", "seed001-cnn4"}
    assert {row["measured_in"] for row in rows} == {"onnxruntime"}
    conv = next(row for row in rows if row["layer"].startswith("conv2d"))
    assert float(conv["seconds"]) > 0
    assert float(conv["predicted_seconds"]) > 0


@in_onnxruntime
@pytest.mark.usefixtures("_hurry")
def test_interrupted_prints_what_is_there(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Worker.ask

    def ask(worker: Worker, command: str, number: int) -> dict[str, Any]:
        if command == "watch":
            raise KeyboardInterrupt
        return real(worker, command, number)

    monkeypatch.setattr(Worker, "ask", ask)
    result = run(*WORDS, "--time", "100ms", "--json")
    assert result.exit_code == 130
    document = json.loads(result.stdout)
    for one in document["networks"]:
        assert one["measured"]["interrupted"]
        assert one["measured"]["median"] > 0
        assert one["measured"]["layers"] == []
    assert "measured" in document["ratios"][0]
    table = run(*WORDS, "--time", "100ms")
    assert table.exit_code == 130
    assert "; interrupted" in table.stdout
    assert "where the time goes: " in table.stdout  # predicted: the layers were not timed
