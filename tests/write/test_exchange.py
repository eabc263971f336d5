"""The exchange format: whatever is written reads back as the same network, to the last byte."""

from __future__ import annotations

import dataclasses
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import convcost
from convcost import zoo
from convcost.errors import NetworkError, SourceError, UsageError
from convcost.network.builder import BATCH, Builder
from convcost.network.dims import Dim, floor_div, maximum, symbol, symbols
from convcost.network.module import Module, Origin
from convcost.network.network import Alternative, Layer, Measured, Network, Note, Ref
from convcost.network.parameter import Parameter
from convcost.network.tensor import Axis, Tensor
from convcost.ops.conv import Conv
from convcost.ops.input import Input
from convcost.ops.local_response_norm import LocalResponseNorm
from convcost.ops.regularization import Dropout
from convcost.ops.window import window
from convcost.read.exchange.schema import NetworkRows
from convcost.write.exchange import to_text

if TYPE_CHECKING:
    from collections.abc import Callable

SHARED = Path(os.environ.get("CONVCOST_SHARED", Path(__file__).parents[3] / "shared")) / "data"
GIVEN = sorted(
    path
    for folder in ("questions", "models", "torchinfo_printouts")
    for path in (SHARED / folder).glob("*")
)


def without_values(net: Network) -> Network:
    """The network with no handles to values: they are not written."""
    return replace(net, table={id_: replace(p, values=None) for id_, p in net.table.items()})


def survives(net: Network) -> str:
    """Check a round trip; the text."""
    text = to_text(net)
    again = convcost.read(text)
    assert again == without_values(net)
    assert to_text(again) == text
    assert convcost.count(again).to_dict() == convcost.count(net).to_dict()
    # formulas print alike, too
    assert [str(x.op) for x in again.layers] == [str(x.op) for x in net.layers]
    assert [str(x.outputs) for x in again.layers] == [str(x.outputs) for x in net.layers]
    assert {n: str(d) for n, d in again.definitions.items()} == {
        n: str(d) for n, d in net.definitions.items()
    }
    return text


@pytest.mark.parametrize("name", zoo.names())
def test_every_network_of_the_zoo_survives(name: str) -> None:
    survives(zoo.load(name))


@pytest.mark.skipif(not GIVEN, reason=f"the shared data is not at {SHARED}")
def test_everything_that_people_pasted_survives() -> None:
    read = 0
    for path in GIVEN:
        try:
            networks = convcost.read_all(path)
        except SourceError:
            continue  # what is no network is tested where it is read
        for net in networks:
            survives(net)
            read += 1
    assert read >= 150


def small(x: Dim = 32, **options: Any) -> Network:
    b = Builder("small", **options)
    image = b.add(Input(Tensor.of(batch=BATCH, height=x, width=x, channel=3)), name="image")
    b.add(Conv(filters=8, windows=window(3, 2)), image, name="conv", line=7)
    return b.build()


def test_everything_beside_the_layers_survives() -> None:
    net = small(framework="keras")
    layers = (
        net.layers[0],
        replace(net.layers[1], origin=Origin("aten.conv2d.padding", "a.b", call=2)),
        replace(net.layers[1], name="again", shared_with="conv"),
    )
    net = replace(
        net,
        layers=layers,
        table={
            **net.table,
            "unused": Parameter("unused", (2, 3), "float16", learned=False, trainable=False),
        },
        outputs=(Ref("conv"), Ref("again")),
        notes=(
            Note("inferred", 'a `text` with "quotes", \n and 卷积'),
            Note(
                "ambiguous",
                "several ways",
                "conv",
                3,
                (
                    Alternative("one", net.layers[1].op, (None, 33, 33, 3)),
                    Alternative("first", net.layers[1].op, first="inferred"),
                    Alternative("no layer alone"),
                ),
            ),
        ),
        missing=("the rest",),
        measured=(
            Measured(seconds=0.1 + 0.2, steps=3, training=None, what="epoch"),
            Measured(seconds=14, samples=60_000, training=True, line=12),
        ),
        modules=(Module("", "Net"), Module("a.b", "Conv2d", ("conv/kernel", "conv/bias"))),
    )
    survives(net)


def test_the_format_has_a_place_for_every_field() -> None:
    stated = {field.name for field in dataclasses.fields(Network) if field.init}
    assert set(NetworkRows.__struct_fields__) == stated - {"table"} | {"parameters", "sizes"}


def test_values_are_not_written() -> None:
    net = small()
    table = {id_: replace(p, values=lambda: [1.0]) for id_, p in net.table.items()}
    again = convcost.read(to_text(replace(net, table=table)))
    assert [p.values for p in again.table.values()] == [None, None]


@pytest.mark.parametrize("rate", [0.1, 1e-45, 1 / 3, 1e308, float("inf"), 1])
def test_floats_survive_to_the_last_bit(rate: float) -> None:
    b = Builder("floats")
    x = b.add(Input(Tensor.of(batch=BATCH, channel=3)))
    b.add(LocalResponseNorm(alpha=rate), b.add(Dropout(rate=rate), x))
    survives(b.build())


def test_one_layer_more_is_one_line_more() -> None:
    before = to_text(small()).splitlines()
    b = Builder("small")
    x = b.add(Input(Tensor.of(batch=BATCH, height=32, width=32, channel=3)), name="image")
    x = b.add(Conv(filters=8, windows=window(3, 2)), x, name="conv", line=7)
    b.add(Dropout(rate=0.5), x, name="drop")
    after = to_text(b.build()).splitlines()
    strip = str.rstrip
    assert len(after) == len(before) + 1
    gone = {strip(line, ",") for line in before} - {strip(line, ",") for line in after}
    assert {line.strip() for line in gone} == {'"conv"'}  # the output of the network


def test_the_order_of_the_table_does_not_matter() -> None:
    net = small()
    turned = replace(net, table=dict(reversed(net.table.items())))
    assert turned == net
    assert to_text(turned) == to_text(net)


def test_several_networks_share_a_file(tmp_path: Path) -> None:
    path = tmp_path / "net.json"
    pair = (small(), small(64))
    convcost.write(pair, path)
    assert convcost.read_all(path) == pair
    assert convcost.read(f"{path}#2") == pair[1]
    with pytest.raises(UsageError, match="exists"):
        convcost.write(pair[1], path)
    convcost.write(pair[1], path, force=True)
    assert convcost.read_all(path) == pair[1:]
    assert json.loads(path.read_text(encoding="utf-8"))["format"] == "convcost/network/1"
    assert path.read_bytes().endswith(b"\n")


def test_symbols_of_one_name_stay_apart() -> None:
    x = symbol("X")
    sizes = [
        symbol("M"),
        symbol("M", x // 2),
        symbol("M", x // 3),
        symbol("M#2"),
        symbol("M", x // 4),
    ]
    axes = tuple(Axis(None, size + 1) for size in (*sizes, symbol("P", sizes[1] * sizes[2])))
    b = Builder("names")
    b.add(Input(Tensor(axes)))
    net = b.build()
    again = convcost.read(to_text(net))
    assert again == net
    assert to_text(again) == to_text(net)
    assert again.bind({"X": 12, "M": 1, "M#2": 1}).layers[0].outputs[0].shape == (2, 7, 5, 2, 4, 25)


@pytest.mark.parametrize(
    "name", ["X", "größe", "max", "a b", "floor(h/2) + 1", "`", "``a`", "", "3", "X;Y", "ⅷ²", "\n"]
)
def test_any_name_of_a_size_survives(name: str) -> None:
    size = symbol(name)
    quotient = size // 2
    formulas = [size, maximum(size * size, 3) // size, 1 - size, 2 * quotient * size]
    b = Builder("names")
    b.add(Input(Tensor(tuple(Axis("width", dim * dim + 1) for dim in formulas))))
    net = b.build()
    again = convcost.read(to_text(net))
    assert again == net


LEAVES = st.one_of(
    st.integers(-50, 50), st.sampled_from([*symbols("N X K P"), symbol("two words")])
)


def joined(inner: st.SearchStrategy[Dim]) -> st.SearchStrategy[Dim]:
    nonzero = inner.filter(lambda dim: dim != 0)
    return st.one_of(
        st.tuples(inner, inner).map(lambda p: p[0] + p[1]),
        st.tuples(inner, inner).map(lambda p: p[0] - p[1]),
        st.tuples(inner, inner).map(lambda p: p[0] * p[1]),
        st.tuples(inner, nonzero).map(lambda p: floor_div(*p)),
        st.tuples(inner, inner).map(lambda p: maximum(*p)),
        st.tuples(inner, st.sampled_from("MLQ")).map(
            lambda p: symbol(p[1], p[0]) if not isinstance(p[0], int) else p[0]
        ),
    )


@settings(deadline=None, max_examples=100)
@given(st.lists(st.recursive(LEAVES, joined, max_leaves=8), min_size=1, max_size=4))
def test_any_formula_survives(dims: list[Dim]) -> None:
    # attributes may be any size; outputs are at least one
    windows = window(tuple(dims), axes=tuple(f"axis_{i}" for i in range(len(dims))))
    axes = {w.axis: maximum(dim, 1) for w, dim in zip(windows, dims, strict=True)}
    b = Builder("formulas")
    b.add(Input(Tensor.of(**axes)), name="x")
    net = b.build()
    text = to_text(net)
    again = convcost.read(text)
    assert again == net
    assert to_text(again) == text
    assert str(again.layers) == str(net.layers)


@settings(deadline=None, max_examples=30)
@given(
    st.dictionaries(st.sampled_from("XKPS"), st.integers(1, 5), max_size=4).filter(
        lambda d: d.get("X", 5) + 2 * d.get("P", 0) >= d.get("K", 1)
    )
)
def test_a_network_with_some_sizes_bound_survives(values: dict[str, int]) -> None:
    survives(zoo.load("seed004").bind(values))


def test_sums_and_products_are_written_as_people_write_them() -> None:
    n, x, k, p, s = symbols("N X K P S")
    size = (x - k + 2 * p) // s + 1
    axes = (n, size, 2 * (x // 2) * k, maximum(x, 3), -(x // 2), k * k * n, x // (k + 1))
    b = Builder("text")
    b.add(Input(Tensor(tuple(Axis(None, axis) for axis in axes))))
    row = json.loads(to_text(b.build()))["networks"][0]["layers"][0]
    assert [size for _, size in row["outputs"][0]["axes"]] == [
        "N",
        "(X - K + 2*P)//S + 1",
        "2*(X//2)*K",
        "max(X, 3)",
        "-(X//2)",
        "K^2*N",
        "X//(K + 1)",
    ]


def test_an_order_that_the_terms_do_not_tell_is_written_beside_them() -> None:
    a, b, c = symbols("a b c")
    dim = (a + b + c) * 1 + a * c - a - c  # b + a*c, which mentions a first
    builder = Builder("order")
    builder.add(Input(Tensor((Axis(None, dim),))))
    net = builder.build()
    again = convcost.read(to_text(net))
    assert again.layers[0].outputs[0].shape[0].order == dim.order  # type: ignore[union-attr]
    assert str(again.layers) == str(net.layers)


def test_a_deep_chain_of_named_sizes_survives() -> None:
    b = Builder("deep")
    x = b.add(Input(Tensor.of(batch=BATCH, height=symbol("X"), channel=3)))
    for _ in range(3_000):
        x = b.add(Conv(filters=3, windows=window((3,), axes=("height",))), x)
    text = to_text(b.build())
    again = convcost.read(text)
    assert to_text(again) == text
    assert again.bind({"X": 10_000}).layers[-1].outputs[0].size("height") == 10_000 - 3_000 * 2


@pytest.mark.parametrize(
    "change",
    [
        lambda layer: replace(layer, name="half a letter: \ud800"),
        lambda layer: replace(layer, op=replace(layer.op, filters={1, 2})),
    ],
)
def test_what_json_has_no_place_for_is_refused(change: Callable[[Layer], Layer]) -> None:
    net = small()
    broken = replace(net, layers=(net.layers[0], change(net.layers[1])))
    with pytest.raises(NetworkError, match=r"half a letter|no place"):
        to_text(broken)
