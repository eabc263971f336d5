"""Published cost tables: the exact recount of every row, and what the benchmark makes of it."""

from __future__ import annotations

import csv
import importlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from convcost import zoo
from convcost.count import count
from convcost.count.conventions.difference import count_as

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
BENCHMARK = ROOT / "benchmarks" / "published_tables"
TABLES = ROOT / "../shared/data/inception_tables.csv"

needs_tables = pytest.mark.skipif(
    not TABLES.is_file(), reason=f"the published tables are not at {TABLES}"
)

#: Sets that are counted row by row without Keras, and how many rows of each have an exact figure.
SETS = {
    "googlenet_t1": 26,
    "googlenet_3a_5x5": 2,
    "inception_v3": 6,
    "xception": 2,
    "mobilenet_v1_slim": 32,
    "mobilenet_t2": 8,
    "mobilenet_t3": 8,
    "mobilenet_t4": 4,
    "mobilenet_t5": 3,
    "keras_doc": 1,
    "rf_inception_v3": 11,
    "kito_bn_fold": 12,
    "rf_inception_v2": 2,
    "mobilenet_v2_slim": 14,
}
#: (set, model) of rows with an exact figure that is not reproduced here, and why.
NOT_HERE = {
    ("rf_inception_v2", "inception_v2-no-separable-conv 224", "Mixed_5c"): "of an ONNX file",
    **{
        ("kito_bn_fold", model, "before -> after BN folding"): "in neither Keras nor the zoo"
        for model in ("ZF_UNET_224", "DeepLabV3+ mobile 512", "DeepLabV3+ xception 512")
    },
    ("kito_bn_fold", "ResNet152 224", "before -> after BN folding"): "not that of Keras",
}


@pytest.fixture(scope="module")
def benchmark_modules() -> Iterator[dict[str, Any]]:
    """The benchmark's modules, which find each other by their folder."""
    sys.path.insert(0, str(BENCHMARK))
    names = ("networks", "findings", "check")
    try:
        yield {name: importlib.import_module(name) for name in names}
    finally:
        sys.path.remove(str(BENCHMARK))
        for name in names:
            sys.modules.pop(name, None)


def rows(set_: str) -> list[dict[str, str]]:
    """Rows of a set whose exact figure is one number."""
    with TABLES.open(encoding="utf-8", newline="") as file:
        found = [row for row in csv.DictReader(file) if row["set"] == set_]
    return [row for row in found if row["counted_here"].replace(".", "", 1).isdigit()]


def told(networks: Any, key: tuple[str, ...]) -> tuple[Any, str]:
    """A row's figure, or None and why there is none."""
    try:
        return networks.counted(*key), ""
    except networks.NotCountedError as why:
        return None, str(why)


@needs_tables
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("set_", SETS)
def test_every_exact_figure(set_: str, benchmark_modules: dict[str, Any]) -> None:
    networks = benchmark_modules["networks"]
    given = rows(set_)
    assert len(given) == SETS[set_]
    compared = 0
    for row in given:
        key = row["set"], row["model"], row["row"], row["quantity"]
        figure, why = told(networks, key)
        if figure is None:
            assert key[:3] in NOT_HERE or "Keras is not installed" in why, key
            continue
        reproduced = float(figure) == pytest.approx(float(row["counted_here"]), rel=1e-15)
        assert reproduced == (key[:3] not in NOT_HERE), key
        compared += 1
    if not compared:
        pytest.skip("every row of the set is about networks of keras.applications")


@needs_tables
def test_every_set_with_figures_is_compared() -> None:
    with TABLES.open(encoding="utf-8", newline="") as file:
        exact = {row["set"] for row in csv.DictReader(file) if row["counted_here"].isdigit()}
    assert exact == set(SETS)


def test_results_name_what_is_wrong() -> None:
    """The kept results: the errors in the tables, each with both figures."""
    with (BENCHMARK / "results.csv").open(encoding="utf-8", newline="") as file:
        results = list(csv.DictReader(file))
    wrong = {(r["set"], r["row"], r["quantity"]) for r in results if r["verdict"] == "differs"}
    assert {
        ("googlenet_t1", "conv1 7x7/2 (112x112x64)", "params"),
        ("googlenet_t1", "inception (5a)", "MACs"),
        ("googlenet_t1", "TOTAL", "MACs"),
        ("mobilenet_t2", "Conv 3x3", "share of mult-adds"),
        ("keras_doc", "network", "MACs"),
    } <= wrong
    for row in results:
        assert row["finding"] or row["verdict"] in {"exact", "near", "no single figure"}, row


@pytest.mark.parametrize(
    ("published", "unit", "quantity", "exact", "verdict"),
    [
        ("159K", "K=1024", "params", 163_328, "exact"),
        ("5 billion (abstract)", "G", "MACs", 5_713_216_096, "exact"),
        ("569M", "M", "MACs", 568_740_352, "exact"),
        ("0.237", "GFLOP", "cumulative FLOPs", 236_027_904, "exact"),
        ("4866M", "M", "MACs", 4_867_293_184, "near"),
        ("34M", "M=1e6", "MACs", 118_013_952, "differs"),
        ("22,855,952", "count", "params", 22_855_952, "exact"),
        ("22,855,952", "count", "params", 22_855_953, "near"),
    ],
)
def test_verdicts(
    published: str, unit: str, quantity: str, exact: int, verdict: str,
    benchmark_modules: dict[str, Any],
) -> None:  # fmt: skip
    row = {"set": "", "published": published, "unit": unit, "quantity": quantity}
    assert benchmark_modules["check"].published(row).verdict(exact) == verdict


def test_bounds_are_no_figures(benchmark_modules: dict[str, Any]) -> None:
    for published in ("<25 million (abstract)", "~6.8M (a repo)", "none"):
        row = {"set": "", "published": published, "unit": "M", "quantity": "params"}
        assert benchmark_modules["check"].published(row) is None


def test_modules_and_blocks_add_up() -> None:
    """A module alone costs what it costs inside its network."""
    layers = count_as(zoo.load("googlenet"), "paper").layers
    for module in ("3a", "3b", "4a", "4b", "4c", "4d", "4e", "5a", "5b"):
        alone = count_as(zoo.load(f"inception-v1-block?block={module}"), "paper").operations
        inside = (x.theirs or 0 for x in layers if x.name.startswith(f"inception_{module}/"))
        assert alone == sum(inside), module
    whole = [(row.name, row.forward.macs) for row in count(zoo.load("inception-v3")).layers]
    names = [name for name, _ in whole]
    inside_v3 = whole[names.index("max_pooling2d_1") : names.index("avg_pool")]
    blocks = (count(zoo.load(f"inception-v3-block?block=mixed{n}")).total for n in range(11))
    assert sum(block.forward.macs for block in blocks) == sum(macs for _, macs in inside_v3)


def test_the_convention_counts_kernels() -> None:
    """What it leaves out are the biases and the normalisation."""
    network = zoo.load("mobilenet")
    others = [p for id_, p in network.table.items() if not id_.endswith("kernel") and p.learned]
    kernels = count_as(network, "paper").parameters
    assert kernels is not None
    assert kernels + sum(p.elements for p in others) == 4_231_976
