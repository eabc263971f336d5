"""`convcost memory`: answers, the JSON contract, what excludes what."""

import json
from collections.abc import Callable

import pytest
from click.testing import Result

Run = Callable[..., Result]


def network_of(result: Result) -> dict:
    assert result.exit_code == 0, result.stderr
    document = json.loads(result.stdout)
    assert document["schema"] == "convcost/memory/1"
    return document["networks"][0]


def test_the_first_line_is_the_answer(run: Run) -> None:
    first, second = run("memory", "zoo:vgg16", "zoo:alexnet", "--batch", "2").stdout.splitlines()[
        :2
    ]
    assert first.startswith("vgg16: 606 MB at most at inference, batch of 2, forward through ")
    assert second.startswith("alexnet: ")


def test_the_keys_of_the_contract(run: Run) -> None:
    words = ("memory", "zoo:alexnet", "--training", "--optimizer", "adam", "--batch", "8", "--json")
    found = network_of(run(*words))
    parameters = 4 * 61_100_840
    assert found["parameter_bytes"] == found["gradient_bytes"] == parameters
    assert found["state_bytes"] == 2 * parameters + 4 * 16
    assert found["peak_bytes"] == (
        parameters + found["state_bytes"] + max(step["bytes"] for step in found["steps"])
    )
    assert found["saved_bytes"] == sum(layer["saved_bytes"] for layer in found["layers"])
    assert found["exact"] is found["complete"] is True
    assert found["workload"]["loss"] == "cross-entropy"
    assert {step["phase"] for step in found["steps"]} == {"forward", "backward", "update"}
    assert found["checkpoint"] is found["within"] is None


def test_the_largest_batch(run: Run) -> None:
    words = ("memory", "zoo:alexnet", "--training", "--within", "2GB")
    found = network_of(run(*words, "--json"))
    batch = found["within"]["batch"]
    assert found["workload"]["batch"] == batch
    assert found["needed_bytes"] <= 2 * 10**9
    assert run(*words).stdout.startswith(f"alexnet: a batch of {batch} fits into 2.00 GB: ")
    larger = run("memory", "zoo:alexnet", "--training", "--batch", str(batch + 1), "--json")
    after = network_of(larger)
    assert after["needed_bytes"] > 2 * 10**9


def test_nothing_fits(run: Run) -> None:
    result = run("memory", "zoo:vgg16", "--within", "100MB")
    assert result.exit_code == 0
    assert result.stdout.startswith("vgg16: not one sample fits into 100 MB: inference needs ")


def test_checkpointing_says_what_it_saves_and_costs(run: Run) -> None:
    words = ("memory", "zoo:vgg16", "--training", "--batch", "8")
    found = network_of(run(*words, "--checkpoint", "--json"))
    plain = network_of(run(*words, "--json"))
    assert found["checkpoint"]["saved_bytes_without"] == plain["saved_bytes"] > found["saved_bytes"]
    assert found["checkpoint"]["peak_bytes_without"] == plain["peak_bytes"] > found["peak_bytes"]
    assert found["checkpoint"]["recomputed_macs"] > 0
    text = run(*words, "--checkpoint").stdout
    assert f"instead of {plain['peak_bytes']:,}" in text
    chosen = network_of(run(*words, "--checkpoint-after", "features.4", "--json"))
    assert chosen["checkpoint"]["after"] == ["features.4"]


def test_estimates_are_said(run: Run) -> None:
    assert (
        " bytes at most: an upper estimate for "
        in run("memory", "zoo:seed000", "--training").stdout
    )
    assert "an upper estimate" not in run("memory", "zoo:alexnet", "--training").stdout


def test_what_the_reader_assumed_is_said(run: Run, summary: str) -> None:
    shown, verbose = run("memory", summary).stdout, run("memory", summary, "-v").stdout
    assert "assumed: a summary does not print activations" in shown
    assert "not shown: " in shown
    assert "not shown: " not in verbose
    assert "inferred" in verbose


def test_the_next_command_asks_about_the_same_step(run: Run) -> None:
    words = ("memory", "zoo:alexnet", "--training", "--batch", "8", "--optimizer", "adam")
    last = run(*words, "--checkpoint").stdout.splitlines()[-1]
    assert last == "next: convcost count zoo:alexnet --training --batch 8 --optimizer adam"
    last = run(*words, "--runtime", "torch").stdout.splitlines()[-1]
    assert last == (
        "next: convcost memory zoo:alexnet --training --batch 8 --optimizer adam --runtime torch "
        "--checkpoint"
    )


def test_csv_has_a_row_per_layer(run: Run) -> None:
    lines = run("memory", "zoo:alexnet", "--training", "--format", "csv").stdout.splitlines()
    assert lines[0].split(",")[:4] == ["network", "layer", "op", "output_bytes"]
    assert len(lines) == 1 + len(
        network_of(run("memory", "zoo:alexnet", "--training", "--json"))["layers"]
    )


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--batch", "2", "--within", "8GB"), "exclude each other"),
        (("--within", "plenty"), "'plenty' is not a size"),
        (("--within", "0"), "no size above zero"),
        (("--optimizer", "adam"), "belongs to training"),
        (("--checkpoint",), "belongs to training"),
        (("--training", "--optimizer", "adan"), "optimizer 'adan'"),
        (("--training", "--checkpoint-after", "nowhere"), "'nowhere'"),
        (("--runtime", "torhc"), "runtime 'torhc'"),
    ],
)
def test_wrong_questions(run: Run, words: tuple[str, ...], expected: str) -> None:
    result = run("memory", "zoo:alexnet", *words)
    assert result.exit_code == 2
    assert expected in result.stderr
    assert not result.stdout
