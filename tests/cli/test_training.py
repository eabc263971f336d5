"""The options of a training step: what they print, and what they refuse."""

import csv
import io
import json
import shlex
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import Result

Run = Callable[..., Result]


def network_of(result: Result) -> Any:
    assert result.exit_code == 0, result.stderr
    (network,) = json.loads(result.stdout)["networks"]
    return network


def test_all_phases_of_alexnet(run: Run) -> None:
    result = run("count", "zoo:alexnet", "--training", "--optimizer", "adam", "--json")
    total = network_of(result)["total"]
    phases = ("forward", "backward_data", "backward_weights")
    assert sum(total[phase]["macs"] for phase in phases) == 2_072_288_640
    assert total["update"]["elementwise"] == 13 * 61_100_840


def test_the_input_s_gradient(run: Run) -> None:
    result = run("count", "zoo:resnet18", "--training", "--input-gradient", "--json")
    total = network_of(result)["total"]
    assert total["backward_data"]["macs"] == total["forward"]["macs"] == 1_814_073_344


def test_frozen_layers_and_a_loss(run: Run) -> None:
    words = ("count", "zoo:alexnet", "--training", "--freeze", "features.*", "--freeze",
             "classifier.1", "--loss", "cross-entropy", "--json")  # fmt: skip
    network = network_of(run(*words))
    assert network["workload"]["freeze"] == ["features.*", "classifier.1"]
    assert network["layers"][-1]["op"] == "loss"
    assert network["total"]["backward_data"]["macs"] == 4096 * 1000
    assert network["total"]["trainable_parameters"] == 4096 * 4096 + 4096 + 4096 * 1000 + 1000


@pytest.mark.parametrize(
    "words",
    [
        ("--by", "op"),
        ("--by", "module"),
        ("--top", "3"),
        ("--receptive-field",),
        ("--symbolic",),
        ("--format", "md"),
    ],
)
def test_with_the_other_options_of_count(run: Run, words: tuple[str, ...]) -> None:
    result = run("count", "zoo:alexnet", "--training", "--loss", "mse", *words)
    assert result.exit_code == 0, result.stderr
    assert "per training step on a" in result.stdout.splitlines()[0]


def test_csv(run: Run) -> None:
    result = run("count", "zoo:seed000", "zoo:alexnet", "--training", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    macs = sum(int(row["backward_weights_macs"]) for row in rows if row["network"] == "alexnet")
    assert macs == 714_188_480


def test_the_next_command_keeps_what_explain_knows(run: Run) -> None:
    words = ("zoo:alexnet", "--training", "--optimizer", "sgd", "--freeze", "features.*")
    first = run("count", *words, "--loss", "mse")
    last = first.stdout.splitlines()[-1]
    assert last == f"next: convcost explain {shlex.join(words)} --loss mse"
    second = run("explain", *words, "--loss", "mse", "--device", "laptop-cpu")
    assert second.exit_code == 0, second.stderr
    assert "a training step of alexnet takes" in second.stdout


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--optimizer", "adam"), "optimizer belongs to training\n  next: add --training"),
        (("--training", "--optimizer", "adan"), "did you mean adam"),
        (("--training", "--loss", "cross_entropy"), "did you mean cross-entropy"),
        (("--training", "--freeze", "conv*"), "unknown layer to freeze 'conv*'"),
    ],
)
def test_what_is_refused(run: Run, words: tuple[str, ...], expected: str) -> None:
    result = run("count", "zoo:alexnet", *words)
    assert result.exit_code == 2
    assert expected in result.stderr
