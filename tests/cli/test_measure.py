"""`convcost measure` on a real framework: structure, never a time. And what cannot be run."""

import json
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import pytest
from click.testing import Result

import convcost
from convcost import verbs
from convcost.errors import MissingFramework, UsageError
from convcost.measure import protocol
from convcost.measure.process import Worker

Run = Callable[..., Result]

WORDS = ("measure", "zoo:seed000", "--runtime", "onnxruntime", "--batch", "2", "--time", "100ms",
         "--threads", "1")  # fmt: skip
in_onnxruntime = pytest.mark.skipif(
    find_spec("onnxruntime") is None or find_spec("onnx") is None, reason="needs onnxruntime"
)


@pytest.fixture
def _once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test measures first is what it is shown again."""
    real, found = verbs.measure, []

    def measure(*nets: Any, **options: Any) -> Any:
        if not found:
            found.append(real(*nets, **options))
        return found[0]

    monkeypatch.setattr("convcost.verbs.measure", measure)


@in_onnxruntime
def test_the_keys_of_the_contract(run: Run) -> None:
    result = run(*WORDS, "--json")
    assert result.exit_code == 0, result.stderr
    document = json.loads(result.stdout)
    assert document["schema"] == "convcost/measure/1"
    assert document["ratios"] == []
    (one,) = document["networks"]
    seconds = one["seconds"]
    assert 0 < seconds["low"] <= seconds["median"] <= seconds["high"]
    assert seconds["low"] < seconds["high"]
    assert seconds["runs"] >= 5
    assert seconds["per"] == "batch"
    assert one["runtime"] == "onnxruntime"
    assert {"python", "onnxruntime"} <= one["versions"].keys()
    assert one["machine"]["threads"] == 1
    assert one["workload"]["batch"] == 2
    assert one["verdict"] in ("stable", "noisy")
    assert (one["verdict"] == "noisy") == bool(one["reasons"])
    assert one["layers_over_whole"] > 0
    network = convcost.read("zoo:seed000")
    names = [layer.name for layer in network.layers]
    timed = [name for layer in one["layers"] for name in layer["layers"]]
    assert set(timed) <= set(names)
    assert not set(timed) & set(one["idle"])
    assert "conv2d_1" in timed
    for layer in one["layers"]:
        assert layer["seconds"] == pytest.approx(sum(layer["phases"].values()))
        assert layer["share"] == pytest.approx(layer["seconds"] / seconds["median"])


@in_onnxruntime
@pytest.mark.usefixtures("_once")
def test_two_networks_in_words(run: Run) -> None:
    result = run(*WORDS, "zoo:seed001-mlp")
    assert result.exit_code == 0, result.stderr
    answer, *rest = result.stdout.splitlines()
    assert " in onnxruntime" in answer
    assert " per batch of 2" in answer
    assert " against " in answer
    assert {"seed000", "seed001-mlp"} <= set(rest)
    assert rest[-1] == (
        "next: convcost explain zoo:seed000 zoo:seed001-mlp --runtime onnxruntime --batch 2"
    )
    assert "starting process 6 of 6 ..." in result.stderr
    csv = run(*WORDS, "zoo:seed001-mlp", "--format", "csv").stdout.splitlines()
    assert csv[0].startswith("network,runtime,batch,layer,seconds,share,")
    assert {line.split(",")[0] for line in csv[1:]} == {"seed000", "seed001-mlp"}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--runtime", "onnxruntim"), "did you mean onnxruntime"),
        (("--runtime", "keras-tf1"), "runtime to measure in 'keras-tf1'"),
        (("--runtime", "onnxruntime", "--training"), "onnxruntime runs no training steps"),
        (("--quick", "--time", "5s"), "exclude each other"),
        (("--time", "soon"), "'soon' is not a duration"),
        (("--optimizer", "adam"), "belongs to training"),
    ],
)
def test_wrong_questions(run: Run, words: tuple[str, ...], expected: str) -> None:
    result = run("measure", "zoo:seed000", *words)
    assert result.exit_code == 2, result.output
    assert expected in result.stderr
    assert not result.stdout


def test_a_missing_framework(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*nets: object, **options: object) -> None:
        raise MissingFramework("measuring in torch needs torch", hint="pip install torch")

    monkeypatch.setattr("convcost.verbs.measure", missing)
    result = run("measure", "zoo:seed000")
    assert result.exit_code == 4
    assert result.stderr == ("error: measuring in torch needs torch\n  next: pip install torch\n")


@in_onnxruntime
def test_interrupted_prints_what_is_there(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "PROCESSES", 2)
    real = Worker.ask

    def ask(worker: Worker, command: str, number: int) -> dict[str, Any]:
        if command == "watch":
            raise KeyboardInterrupt
        return real(worker, command, number)

    monkeypatch.setattr(Worker, "ask", ask)
    result = run(*WORDS, "--json")
    assert result.exit_code == 130
    (one,) = json.loads(result.stdout)["networks"]
    assert one["interrupted"]
    assert one["verdict"] == "noisy"
    assert one["reasons"][0].startswith("interrupted")
    assert one["seconds"]["low"] > 0
    assert one["layers"] == []


def test_the_verb_needs_a_network() -> None:
    with pytest.raises(UsageError, match="no network to measure"):
        convcost.measure()
