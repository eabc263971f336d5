"""The zoo against published cost tables and their exact recount, where the shared data lies."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from convcost import zoo
from convcost.count import count
from convcost.network.dims import product

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

TABLES = Path(__file__).resolve().parents[2] / "../shared/data/inception_tables.csv"

pytestmark = pytest.mark.skipif(
    not TABLES.is_file(), reason=f"the published tables are not at {TABLES}"
)


class Layer(NamedTuple):
    """MACs, parameters, and weights without biases and normalisation, of one layer."""

    name: str
    macs: int
    parameters: int
    weights: int


@cache
def layers(name: str) -> list[Layer]:
    network = zoo.load(name)
    rows = []
    for row, layer in zip(count(network).layers, network.layers, strict=True):
        kernels = [network.table[id_] for id_ in layer.parameters if id_.endswith("kernel")]
        macs = row.forward.macs if row.forward else 0
        rows.append(Layer(row.name, macs, row.parameters, sum(k.elements for k in kernels)))
    return rows


def total(name: str, what: str, chosen: Callable[[str], bool] = bool) -> int:
    return sum(getattr(layer, what) for layer in layers(name) if chosen(layer.name))


def counted(set_: str) -> Mapping[tuple[str, str, str], int]:
    """(model, row, quantity) -> the exact figure, where there is one."""
    with TABLES.open(encoding="utf-8", newline="") as file:
        return {
            (row["model"], row["row"], row["quantity"]): int(row["counted_here"])
            for row in csv.DictReader(file)
            if row["set"] == set_ and row["counted_here"].isdigit()
        }


#: Rows of the paper's table 1 -> how their layers' names begin.
GOOGLENET = {
    "conv1 7x7/2 (112x112x64)": "conv1/",
    "conv2 1x1+3x3 (56x56x192)": "conv2/",
    "linear 1024->1000": "loss3/",
    "TOTAL": "",
}


def test_googlenet() -> None:
    rows = counted("googlenet_t1")
    assert len(rows) == 26
    for (_, row, quantity), expected in rows.items():
        module = row.removeprefix("inception (").removesuffix(")")
        prefix = GOOGLENET.get(row, f"inception_{module}/")
        what = {"params": "weights", "MACs": "macs"}[quantity]
        assert total("googlenet", what, lambda n, p=prefix: n.startswith(p)) == expected, row
        if row.startswith("inception"):
            assert total(f"inception-v1-block?block={module}", what) == expected, row


def test_googlenet_s_reduction_of_5x5() -> None:
    branch = "5x5 branch with 16-ch 1x1 reduce"
    expected = counted("googlenet_3a_5x5")["GoogLeNet 3a", branch, "MACs"]
    assert total("inception-v1-block", "macs", lambda name: "/5x5" in name) == expected


@pytest.mark.parametrize(
    ("set_", "model", "name", "parameters"),
    [
        ("inception_v3", "Inception-v3 299", "inception-v3", "stored"),
        ("xception", "Xception 299", "xception", "learned"),
    ],
)
def test_whole_networks(set_: str, model: str, name: str, parameters: str) -> None:
    rows = counted(set_)
    whole = count(zoo.load(name)).total
    statistics = whole.statistics if parameters == "stored" else 0
    assert whole.parameters + statistics == rows[model, "network", "params"]
    assert whole.forward.macs == rows[model, "network", "MACs"]


#: TF-Slim's names of the modules at the ends of which its table cumulates.
MIXED = dict(
    zip(
        ("5b", "5c", "5d", "6a", "6b", "6c", "6d", "6e", "7a", "7b", "7c"),
        (f"mixed{number}" for number in range(11)),
        strict=True,
    )
)


def test_inception_v3_cumulated() -> None:
    rows = counted("rf_inception_v3")
    assert len(rows) == len(MIXED)
    cumulated, macs = {}, 0
    for layer in layers("inception-v3?image=224"):
        macs += layer.macs
        cumulated[layer.name] = 2 * macs
    for (_, row, _), expected in rows.items():
        assert cumulated[MIXED[row.removeprefix("Mixed_")]] == expected, row


def test_inception_v3_blocks_add_up() -> None:
    blocks = sum(total(f"inception-v3-block?block=mixed{n}", "macs") for n in range(11))
    network = layers("inception-v3")
    ends = [layer.name for layer in network]
    inside = network[ends.index("max_pooling2d_1") : ends.index("avg_pool")]
    assert blocks == sum(layer.macs for layer in inside)


def test_mobilenet_s_widths_and_resolutions() -> None:
    rows = counted("mobilenet_v1_slim")
    assert len(rows) == 32
    for (model, _, quantity), expected in rows.items():
        alpha, image = model.split()[-2:]
        name = f"mobilenet?alpha={alpha}&image={image}"
        assert total(name, {"params": "parameters", "MACs": "macs"}[quantity]) == expected, model


def test_mobilenet_s_kinds_of_layers() -> None:
    kinds: dict[str, Callable[[str], bool]] = {
        "Conv 1x1": lambda name: name.startswith("conv_pw_"),
        "Conv DW 3x3": lambda name: name.startswith("conv_dw_"),
        "Conv 3x3": lambda name: name.startswith("conv1"),
        "Fully Connected": lambda name: name == "conv_preds",
    }
    rows = counted("mobilenet_t2")
    assert len(rows) == 2 * len(kinds)
    for (_, row, quantity), expected in rows.items():
        what = "macs" if "mult" in quantity else "weights"
        assert total("mobilenet", what, kinds[row]) == expected, row


def test_mobilenet_s_one_layer() -> None:
    """Table 3: the seventh depthwise separable convolution, thinner, and at 160 pixels smaller."""
    names = {
        "Depthwise separable": "mobilenet",
        "alpha=0.75": "mobilenet?alpha=0.75",
        "rho=0.714 (10x10)": "mobilenet?alpha=0.75&image=160",
    }
    seventh = {"conv_dw_7", "conv_pw_7"}
    for (_, row, quantity), expected in counted("mobilenet_t3").items():
        if row in names:
            what = {"params": "weights", "MACs": "macs"}[quantity]
            assert total(names[row], what, seventh.__contains__) == expected, row


@pytest.mark.parametrize("set_", ["mobilenet_t4", "mobilenet_t5"])
def test_mobilenet_as_a_whole(set_: str) -> None:
    rows = counted(set_)
    for model, name in (
        ("MobileNet 224", "mobilenet"),
        ("0.75 MobileNet", "mobilenet?alpha=0.75"),
    ):
        for quantity, what in (("MACs", "macs"), ("params", "weights")):
            key = (model, "network", quantity)
            if key in rows:
                assert total(name, what) == rows[key], key


def test_the_table_counts_weights_as_the_zoo_does() -> None:
    """What this file calls weights leaves out the biases and the normalisation."""
    network = zoo.load("mobilenet")
    others = [p for id_, p in network.table.items() if not id_.endswith("kernel") and p.learned]
    assert total("mobilenet", "weights") + sum(product(p.shape) for p in others) == 4_231_976
