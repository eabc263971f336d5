"""Counts by parts: lower bounds are said, a tree keeps its shape at any width."""

import re
from dataclasses import replace

import pytest

from convcost.count import count
from convcost.count.tree import group
from convcost.network.builder import BATCH, Builder
from convcost.network.module import Module
from convcost.network.network import Network
from convcost.network.tensor import Tensor
from convcost.ops.dense import Dense
from convcost.ops.input import Input
from convcost.ops.unknown import Unknown
from convcost.report import Report, Surface, render
from convcost.report.views import count as count_view
from convcost.report.views.groups import with_groups
from convcost.zoo import load

ANSI = re.compile(r"\x1b\[[0-9;]*m")


def network() -> Network:
    """Two modules; the second has a layer without a rule, the third holds nothing else."""
    builder = Builder("odd", framework="torch")
    ref = builder.add(Input(Tensor.of(batch=BATCH, feature=10)), name="image")
    ref = builder.add(Dense(units=5), ref, name="a.0")
    ref = builder.add(Dense(units=5), ref, name="a.1")
    ref = builder.add(Dense(units=5), ref, name="b.0")
    results = (Tensor.of(batch=BATCH, feature=5),)
    ref = builder.add(Unknown(name="Odd", results=results, parameters=9), ref, name="b.1")
    ref = builder.add(Unknown(name="Odd", results=results, parameters=None), ref, name="c.0")
    builder.add(Unknown(name="Odd", results=results, parameters=None), ref, name="c.1")
    return builder.build()


def shown(net: Network, by: str = "module", **options: int) -> Report:
    counted = count(net)
    grouping = group(net, counted, by, **options)  # type: ignore[arg-type]
    return with_groups(count_view.report([counted]), [counted], [grouping])


def cells(text: str, first: str) -> list[str]:
    line = next(line for line in text.splitlines() if line.lstrip().startswith(f"{first} "))
    return re.split(r" {2,}", line.strip())


def test_what_is_not_known_makes_lower_bounds_all_the_way_up() -> None:
    text = render(shown(network()), "table")
    assert cells(text, "a")[1:5] == ["dense", "2", "85", "75"]
    assert cells(text, "b")[1:4] == ["2", "39", "at least 25"]
    assert cells(text, "c")[1:5] == ["unknown", "2", "?", "?"]
    assert cells(text, "total")[1:4] == ["7", "at least 124", "at least 100"]
    assert text.startswith(
        "odd: at least 124 parameters, at least 100 MACs per sample (3 layers not counted); "
        "a has 75 % of the MACs\n"
    )
    assert "  c.0: " in text


def test_ops_have_no_kind_and_no_tree() -> None:
    text = render(shown(network(), "op"), "table")
    assert text.splitlines()[2].split()[:3] == ["op", "layers", "parameters"]
    assert "indented" not in text
    assert "of the MACs" not in text.splitlines()[0]


def test_a_class_is_shown_by_its_own_name() -> None:
    built = network()
    modules = (Module("", "mine.Net"), Module("a", "torch.nn.modules.container.Sequential"))
    built = replace(built, modules=modules)
    assert cells(render(shown(built), "table"), "a")[1] == "Sequential"
    assert ",torch.nn.modules.container.Sequential," in render(shown(built), "csv")


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_a_terminal_keeps_the_tree_and_drops_columns(width: int) -> None:
    text = ANSI.sub("", render(shown(load("resnet18")), "table", Surface(width)))
    rows = text.splitlines()
    assert sum(row.startswith("    conv1 ") for row in rows) == 8
    assert all("11,689,512" in row for row in rows if row.startswith("total "))
    assert ("no room for" in text) == (width < 200)


def test_piped_text_is_never_cut() -> None:
    net = load("googlenet")
    text = render(shown(net), "table")
    firsts = {line.split()[0].rpartition("/")[2] for line in text.splitlines() if line.strip()}
    assert firsts >= {layer.name.rpartition("/")[2] for layer in net.layers}
    assert "…" not in text


def test_a_table_of_no_macs_says_nothing_of_shares() -> None:
    builder = Builder("nothing", framework="torch")
    builder.add(Input(Tensor.of(batch=BATCH, feature=10)), name="image")
    text = render(shown(builder.build()), "table")
    assert text.splitlines()[0] == "nothing: 0 parameters, 0 MACs per sample"
    assert "%" not in text
