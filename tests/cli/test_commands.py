"""Each command: its answer, its JSON contract, its proposal of a next command."""

import csv
import io
import json
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Run = Callable[..., Result]

FAST = ("--device", "laptop-cpu")
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def next_of(result: Result) -> list[str]:
    last = result.stdout.splitlines()[-1]
    assert last.startswith("next: convcost ")
    return shlex.split(last.removeprefix("next: convcost "))


def test_count_reads_a_file_with_a_blank_in_its_name(run: Run, summary: str) -> None:
    result = run("count", summary, "--batch", "4")
    assert result.exit_code == 0, result.stderr
    assert result.stderr == ""
    first = result.stdout.splitlines()[0]
    assert "216,650 parameters, 1,644,032 MACs per batch of 4 (1.64 M)" in first
    assert next_of(result) == ["explain", summary, "--batch", "4"]


def test_count_reads_standard_input(run: Run, summary: str) -> None:
    text = Path(summary).read_text(encoding="utf-8")
    result = run("count", "-", text=text)
    assert result.exit_code == 0, result.stderr
    assert "216,650 parameters" in result.stdout
    assert next_of(result) == ["explain", "-"]


@pytest.mark.parametrize(
    "words",
    [
        ("count", "zoo:seed000"),
        ("count", "zoo:seed004"),
        ("count", "zoo:seed004", "--symbolic"),
        ("count", "zoo:seed001-cnn", "--training", "--dtype", "float16", "--batch", "8"),
        ("predict", "zoo:seed000", "--batch", "32", *FAST),
        ("explain", "zoo:seed000", *FAST),
        ("memory", "zoo:alexnet", "--batch", "4"),
        ("memory", "zoo:alexnet", "--training", "--optimizer", "adam", "--freeze", "features*"),
        ("memory", "zoo:alexnet", "--training", "--within", "1GB", "--checkpoint"),
        ("devices",),
        ("devices", "a100"),
        ("runtimes",),
        ("runtimes", "torch"),
    ],
)
def test_the_proposed_command_runs(run: Run, words: tuple[str, ...]) -> None:
    result = run(*words)
    assert result.exit_code == 0, result.stderr
    following = run(*next_of(result))
    assert following.exit_code == 0, following.stderr


def test_count_json_has_the_keys_of_the_contract(run: Run) -> None:
    document = json.loads(run("count", "zoo:seed000", "zoo:vgg16", "--json").stdout)
    assert document["schema"] == "convcost/count/1"
    first, second = document["networks"]
    assert {"source", "workload", "complete", "layers", "total", "unknown", "notes"} <= set(first)
    assert first["total"]["parameters"] + first["total"]["statistics"] == 1_410_091
    assert second["total"]["forward"]["macs"] == 15_470_264_320
    layer = first["layers"][1]
    assert {"name", "op", "inputs", "outputs", "parameters", "forward"} <= set(layer)
    assert layer["outputs"] == [["N", 32, 32, 32]]


def test_predict_json_has_the_keys_of_the_contract(run: Run) -> None:
    words = ("predict", "zoo:seed000", "--samples", "64", "--batch", "32", *FAST, "--json")
    document = json.loads(run(*words).stdout)
    assert document["schema"] == "convcost/predict/1"
    (network,) = document["networks"]
    assert network["device"] == "laptop-cpu"
    assert network["runtime"] == "keras-tensorflow"
    assert network["seconds"]["per"] == "batch"
    assert network["plan"]["steps"] == 2
    assert {"name", "seconds", "share", "bound", "phases"} <= set(network["layers"][0])


def test_explain_json_has_the_keys_of_the_contract(run: Run) -> None:
    sources = ("zoo:seed000?batch_norm=no", "zoo:seed000")
    result = run("explain", *sources, *FAST, "--measured", "2.3s,4.6s", "--json")
    document = json.loads(result.stdout)
    assert document["schema"] == "convcost/explain/1"
    assert {"answer", "networks", "ratios", "findings", "differences"} <= set(document)
    assert document["ratios"][0]["measured"]["value"] == 2.0


def test_lists_and_details_in_json(run: Run) -> None:
    devices = json.loads(run("devices", "--json").stdout)
    assert devices["schema"] == "convcost/devices/1"
    assert "this-machine" in [device["name"] for device in devices["devices"]]
    (device,) = json.loads(run("devices", "A100", "--json").stdout)["devices"]
    assert device["memory_bandwidth"]["source"]
    runtimes = json.loads(run("runtimes", "--json").stdout)
    assert runtimes["schema"] == "convcost/runtimes/1"
    (runtime,) = json.loads(run("runtimes", "torch", "--json").stdout)["runtimes"]
    assert runtime["rules"]["cpu"]["launch_seconds"]["source"]
    assert runtime["rules"]["cpu"]["activations"] == []


def test_csv_is_one_table_over_all_networks(run: Run) -> None:
    text = run("count", "zoo:seed000", "zoo:seed001-cnn", "--format", "csv").stdout
    rows = list(csv.DictReader(io.StringIO(text)))
    assert {row["network"] for row in rows} == {"seed000", "seed001-cnn"}
    dense = next(row for row in rows if row["layer"] == "dense_1")
    assert dense["macs"] == "1409024"
    assert dense["output"] == "(N, 43)"
    for command in ("predict", "explain"):
        text = run(command, "zoo:seed000", *FAST, "--format", "csv").stdout
        rows = list(csv.DictReader(io.StringIO(text)))
        assert float(rows[1]["seconds"]) > 0
        assert rows[0]["seconds"] == ""


def test_explain_counts_the_measured_times(run: Run) -> None:
    result = run("explain", "zoo:seed000", *FAST, "--measured", "4.6s,2.3s")
    assert result.exit_code == 2
    assert "2 measured times for 1 network" in result.stderr
    result = run("explain", "zoo:seed000", *FAST, "--measured", "soon")
    assert result.exit_code == 2
    assert "'soon' is not a duration" in result.stderr


def test_dims_bind_sizes_that_a_source_leaves_open(run: Run) -> None:
    sizes = {"X": 28, "K": 3, "P": 0, "S": 1, "Cin": 1, "Cout": 32}
    options = [word for name, size in sizes.items() for word in ("--dim", f"{name}={size}")]
    result = run("count", "zoo:seed004", *options)
    assert "194,688 MACs per sample" in result.stdout.splitlines()[0]


@pytest.mark.parametrize("value", ["height", "height=", "=3", "height=x", "height=-1", "h=1.5"])
def test_a_dim_is_a_name_and_a_size(run: Run, value: str) -> None:
    result = run("count", "zoo:seed000", "--dim", value)
    assert result.exit_code == 2
    assert "NAME=SIZE" in result.stderr


def test_verbose_shows_what_was_inferred(run: Run, summary: str) -> None:
    brief, whole = run("count", summary), run("count", summary, "-v")
    assert "(-v shows them)" in brief.stdout
    assert "(-v shows them)" not in whole.stdout
    assert "inferred (" in whole.stdout


def test_networks_of_several_sources_are_told_apart(run: Run) -> None:
    sources = [
        str(EXAMPLES / "batchnorm.txt"),
        str(EXAMPLES / "mlp-or-cnn.txt"),
        *["zoo:seed000"] * 3,
    ]
    networks = json.loads(run("count", *sources, "--json").stdout)["networks"]
    assert [network["source"] for network in networks] == [
        *("batchnorm#1", "batchnorm#2", "mlp-or-cnn#1", "mlp-or-cnn#2", "mlp-or-cnn#3"),
        *("zoo:seed000", "zoo:seed000 (2)", "zoo:seed000 (3)"),
    ]


def test_a_misspelt_size_is_refused(run: Run, tmp_path: Path) -> None:
    table = tmp_path / "open.txt"
    table.write_text(
        "Layer (type) Output Shape Param #\n"
        "input_1 (InputLayer) (None, None, None, 3) 0\n"
        "conv2d_1 (Conv2D) (None, None, None, 8) 224\n"
    )
    wrong = run("count", str(table), "--dim", "hieght=32")
    assert wrong.exit_code == 2
    assert "unknown open size 'hieght'" in wrong.stderr
    assert "did you mean height?" in wrong.stderr
    right = run("count", str(table), "--dim", "height=32", "--dim", "width=32")
    assert f"{32 * 32 * 9 * 3 * 8:,} MACs" in right.stdout
