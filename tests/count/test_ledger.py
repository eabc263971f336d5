"""The ledger: rows, sums, sharing, what is unknown, modes, dtypes, the JSON contract."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convcost.count import Workload, costs, count, totals
from convcost.errors import UsageError
from convcost.network.builder import BATCH, Builder
from convcost.network.dims import symbol
from convcost.network.network import Alternative, Layer, Network, Note, Ref
from convcost.network.parameter import Parameter
from convcost.network.tensor import Tensor
from convcost.ops.activation import Activation
from convcost.ops.conv import Conv
from convcost.ops.dense import Dense
from convcost.ops.input import Input
from convcost.ops.merge import Merge
from convcost.ops.norm import BatchNorm
from convcost.ops.pool import GlobalPool, Pool
from convcost.ops.regularization import Dropout
from convcost.ops.reshape import Flatten
from convcost.ops.unknown import Unknown
from convcost.ops.window import window

IMAGE = Tensor.of(batch=BATCH, height=8, width=8, channel=3)
COST_KEYS = {"macs", "elementwise", "flops", "read_bytes", "write_bytes", "weight_bytes"}
SUMMED = ("parameters", "trainable_parameters", "statistics")


def small(*, notes: tuple[Note, ...] = (), missing: tuple[str, ...] = ()) -> Network:
    b = Builder("small")
    x = b.add(Input(IMAGE), name="image")
    y = b.add(Conv(filters=4, windows=window(3, padding="same")), x, name="conv")
    z = b.add(BatchNorm(), y, name="bn")
    z = b.add(Activation("relu"), z, name="relu")
    y = b.add(Merge("add"), y, z, name="add")
    y = b.add(Flatten(), y, name="flatten")
    y = b.add(Dropout(0.2), y, name="dropout")
    b.add(Dense(units=10, activation="softmax"), y, name="dense", trainable=False)
    return b.build(notes=notes, missing=missing)


@pytest.mark.parametrize(
    "workload",
    [Workload(batch=3), Workload(training=True, optimizer="adam", loss="mse", freeze=("conv",))],
)
def test_totals_are_those_of_the_count(workload: Workload) -> None:
    for net in (small(missing=("the end",)), open_height(), small().bind({"N": 5})):
        counted = count(net, workload)
        assert totals(net, workload) == (counted.total, counted.unknown)


def test_costs_that_are_kept_are_those_that_were_asked_for() -> None:
    b = Builder("an open window")
    x = b.add(Input(IMAGE.resized(batch=1)))
    b.add(Pool(function="max", windows=window(symbol("K"), padding="same")), x)
    net = b.build()
    assert not net.symbols
    for _ in range(2):
        assert costs(net, "inference")[-1].why == "the source does not give K"
        assert costs(net, "inference", symbolic=True)[-1].cost is not None


def test_rows_by_hand() -> None:
    result = count(small(), Workload(batch=2))
    rows = {row.name: row for row in result.layers}
    assert list(rows) == ["image", "conv", "bn", "relu", "add", "flatten", "dropout", "dense"]
    conv, dense = rows["conv"].forward, rows["dense"].forward
    assert conv is not None
    assert dense is not None
    features = 2 * 8 * 8 * 4
    assert conv.macs == features * 9 * 3
    assert conv.read_bytes == 4 * (2 * 8 * 8 * 3 + 9 * 3 * 4 + 4)
    assert conv.write_bytes == 4 * features
    assert dense.macs == 2 * 256 * 10
    assert dense.elementwise == 2 * 10 * (1 + 5)
    assert [rows[name].parameters for name in ("conv", "bn", "dense")] == [112, 8, 2570]
    assert [rows[name].trainable_parameters for name in ("conv", "bn", "dense")] == [112, 8, 0]
    assert rows["bn"].statistics == 8
    assert rows["add"].inputs == ("conv", "relu")
    # a 3x3 window on 8x8: of 3 taps per side the outer ones miss the input once each
    assert rows["conv"].padding_macs == 2 * 4 * 3 * ((8 * 3) ** 2 - (8 * 3 - 2) ** 2)
    assert rows["conv"].outputs == ((BATCH, 8, 8, 4),)
    assert rows["conv"].formulas.time == "8^2*3^2*3*4"
    assert result.total.parameters == 112 + 8 + 2570
    assert result.total.trainable_parameters == 120
    assert result.total.statistics == 8
    assert result.complete
    assert repr(result) == "<Count of small: 2,690 parameters, 18,944 MACs at batch 2>"


random_layers = st.lists(
    st.sampled_from(["conv", "bn", "relu", "pool", "add", "unknown", "shared"]), max_size=12
)


def random_network(kinds: list[str]) -> Network:
    b = Builder("random")
    x = b.add(Input(IMAGE.resized(height=64, width=64)))
    convolution = Conv(filters=3, windows=window(3, padding="same"))
    for kind in kinds:
        match kind:
            case "conv":
                x = b.add(convolution, x)
            case "bn":
                x = b.add(BatchNorm(), x)
            case "relu":
                x = b.add(Activation("relu"), x)
            case "pool":
                x = b.add(Pool(function="max", windows=window(2, 2, padding="same")), x)
            case "add":
                x = b.add(Merge("add"), x, x)
            case "unknown":
                x = b.add(Unknown(name="Mine", results=(b.tensor(x),), parameters=5), x)
            case "shared" if any(layer.op == convolution for layer in b.build().layers):
                first = next(x.name for x in b.build().layers if x.op == convolution)
                x = b.add(convolution, x, shared_with=first)
    return b.build()


@settings(deadline=None, max_examples=60)
@given(random_layers, st.integers(1, 4), st.booleans())
def test_totals_are_the_sums_of_rows(kinds: list[str], batch: int, training: bool) -> None:
    result = count(random_network(kinds), Workload(batch=batch, training=training))
    for name in SUMMED:
        assert getattr(result.total, name) == sum(getattr(row, name) for row in result.layers)
    costs = [row.forward for row in result.layers if row.forward is not None]
    for name in (*COST_KEYS, "bytes"):
        assert getattr(result.total.forward, name) == sum(getattr(cost, name) for cost in costs)
    assert len(result.unknown) == kinds.count("unknown")
    assert result.complete is ("unknown" not in kinds)


@settings(deadline=None, max_examples=30)
@given(random_layers, st.integers(1, 9))
def test_the_symbolic_ledger_is_the_same_one(kinds: list[str], batch: int) -> None:
    net = random_network(kinds)
    symbolic, exact = count(net, symbolic=True), count(net, Workload(batch=batch))
    assert symbolic.total.forward.evaluate({"N": batch}) == exact.total.forward.evaluate({})
    assert symbolic.total.parameters == exact.total.parameters


def test_a_shared_layer_adds_its_parameters_once() -> None:
    b = Builder("siamese")
    dense = Dense(units=3)
    left, right = (b.add(Input(Tensor.of(batch=BATCH, feature=3))) for _ in range(2))
    first = b.add(dense, left, name="first")
    second = b.add(dense, right, name="second", shared_with="first")
    b.add(Merge("subtract"), first, second)
    result = count(b.build())
    rows = {row.name: row for row in result.layers}
    assert (rows["first"].parameters, rows["second"].parameters) == (12, 0)
    assert result.total.parameters == 12
    assert rows["first"].forward == rows["second"].forward  # both calls do the work
    assert rows["second"].to_dict()["shared_with"] == "first"
    assert "shared_with" not in rows["first"].to_dict()


def test_tied_parameters_are_added_once_without_a_mark() -> None:
    x = Tensor.of(batch=1, feature=3)
    dense = Dense(units=3, bias=False)
    table = {"w": Parameter("w", (3, 3)), "unused": Parameter("unused", (2,))}
    layers = (
        Layer("x", Input(x), (), (x,)),
        Layer("a", dense, (Ref("x"),), (x,), ("w",)),
        Layer("b", dense, (Ref("a"),), (x,), ("w",)),
    )
    result = count(Network("tied", layers, table, (Ref("b"),)))
    assert [row.parameters for row in result.layers] == [0, 9, 0]
    assert result.total.parameters == 9 + 2  # an unused parameter belongs to no layer


def test_unknown_layers_make_lower_bounds() -> None:
    b = Builder("capsules")
    x = b.add(Input(IMAGE), name="image")
    conv = b.add(Conv(filters=4, windows=window(3)), x, name="conv")
    op = Unknown(name="Capsule", results=(b.tensor(conv),), parameters=77, why="no rule for it")
    b.add(op, conv, name="capsule")
    result = count(b.build(missing=("the table is cut off",)))
    known = result.layers[1].forward
    assert known is not None
    assert not result.complete
    assert result.layers[2].forward is None
    assert result.layers[2].padding_macs is None
    assert result.total.forward == known
    assert result.total.parameters == 112 + 77
    assert [(u.layer, u.what, u.why) for u in result.unknown] == [
        ("capsule", "unknown", "no rule for it"),
        (None, "part of the source", "the table is cut off"),
    ]
    assert "at least" in repr(result)
    assert result.to_dict()["layers"][2]["forward"] is None


def open_height() -> Network:
    b = Builder("open")
    size = Tensor.of(batch=BATCH, height=symbol("H"), width=8, channel=3)
    x = b.add(Input(size), name="image")
    conv = b.add(Conv(filters=4, windows=window(3, padding="same")), x, name="conv")
    b.add(Dense(units=2), b.add(Flatten(), conv, name="flatten"), name="wide")
    pooled = b.add(GlobalPool(function="average", axes=("height", "width")), conv, name="pooled")
    b.add(Dense(units=5), pooled, name="head")
    return b.build()


def test_sizes_that_are_not_bound_are_unknown_not_zero() -> None:
    result = count(open_height(), Workload(batch=2))
    rows = {row.name: row for row in result.layers}
    assert not result.complete
    assert {(u.layer, u.why) for u in result.unknown} == {
        (name, "the source does not give H") for name in ("conv", "wide", "pooled")
    }
    for name in ("conv", "wide", "pooled"):
        assert rows[name].forward is None
    assert rows["head"].forward is not None
    assert result.total.forward.macs == rows["head"].forward.macs == 2 * 4 * 5
    assert rows["conv"].parameters == 112
    assert rows["wide"].parameters != 0
    assert "at least" in repr(result)
    json.dumps(result.to_dict())
    assert count(open_height().bind({"H": 8})).complete


def test_the_symbolic_ledger_prints() -> None:
    result = count(open_height(), symbolic=True)
    assert result.complete
    assert result.total.forward.evaluate({"N": 1, "H": 8})["macs"] == (
        64 * 27 * 4 + 64 * 4 * 2 + 4 * 5
    )
    row = result.to_dict()["layers"][1]
    assert row["forward"]["macs"] == "864*N*H"
    assert row["outputs"] == [["N", "H", 8, 4]]
    assert "N*H" in repr(result)


def test_sixteen_bits_halve_the_bytes() -> None:
    full, half = (count(small(), Workload(batch=3, dtype=d)) for d in ("float32", "float16"))
    default = count(small(), Workload(batch=3))
    assert default.total == full.total
    for a, b in zip(full.layers, half.layers, strict=True):
        assert a.forward is not None
        assert b.forward is not None
        for name in ("read_bytes", "write_bytes", "weight_bytes"):
            assert getattr(a.forward, name) == 2 * getattr(b.forward, name)
        assert (a.forward.macs, a.forward.elementwise) == (b.forward.macs, b.forward.elementwise)
        assert a.parameters == b.parameters


def test_training_mode() -> None:
    inference, training = (count(small(), Workload(batch=2, training=t)) for t in (False, True))
    features = 2 * 8 * 8 * 4
    changed = {}
    for a, b in zip(inference.layers, training.layers, strict=True):
        assert a.forward is not None
        assert b.forward is not None
        if a.forward != b.forward:
            changed[a.name] = (
                b.forward.elementwise - a.forward.elementwise,
                b.forward.bytes - a.forward.bytes,
            )
    assert changed == {
        "bn": (4 * features, 4 * 2 * 4),  # 6 rather than 2; the moving statistics are written
        "dropout": (2 * features, 4 * 2 * features),
    }
    assert training.total.forward.macs == inference.total.forward.macs
    assert training.to_dict()["workload"]["mode"] == "training"


def test_the_json_contract() -> None:
    other = Alternative("kernel 5", Conv(filters=8, windows=window(5)))
    note = Note("ambiguous", "kernel 3 or 5", "conv", 4, (other, Alternative("kernel 7")))
    result = count(small(notes=(note,)), Workload(batch=2))
    network = json.loads(json.dumps(result.to_dict()))
    assert network.keys() >= {
        "source", "workload", "complete", "layers", "total", "unknown", "notes",
    }  # fmt: skip
    assert (network["source"], network["complete"], network["unknown"]) == ("small", True, [])
    assert network["workload"]["batch"] == 2
    assert network["total"].keys() == {*SUMMED, "forward"}
    assert network["total"]["forward"].keys() == COST_KEYS
    assert network["notes"] == [
        {
            "layer": "conv",
            "line": 4,
            "kind": "ambiguous",
            "text": "kernel 3 or 5",
            "alternatives": [
                {"number": 1, "text": "kernel 5"},
                {"number": None, "text": "kernel 7"},  # it cannot be chosen
            ],
        }
    ]
    for row, original in zip(network["layers"], result.layers, strict=True):
        assert row.keys() >= {"name", "op", "inputs", "outputs", *SUMMED, "forward"}
        assert row["forward"].keys() == COST_KEYS
        assert all(type(figure) is int for figure in row["forward"].values())
        assert original.forward is not None
        assert row["forward"]["flops"] == 2 * original.forward.macs + original.forward.elementwise
        assert row["outputs"][0][0] == "N"  # the batch is not bound in shapes


def test_definitions_are_printed_beside_the_formulas() -> None:
    b = Builder("defined")
    x = b.add(Input(Tensor.of(batch=BATCH, height=symbol("X"), width=9, channel=1)))
    b.add(Conv(filters=1, windows=window(3)), x)
    result = count(b.build(), symbolic=True)
    assert result.to_dict()["definitions"] == {"M": "X - 2"}
    assert result.layers[1].formulas.time == "M*7*3^2"


def test_counting_needs_no_bound_batch() -> None:
    b = Builder("fixed")
    b.add(Dense(units=2), b.add(Input(Tensor.of(batch=6, feature=3))))
    assert count(b.build()).total.forward.macs == 6 * 3 * 2


@pytest.mark.parametrize("name", ["batch", "samples", "epochs"])
@pytest.mark.parametrize("value", [0, -1, 1.5, "2"])
def test_a_workload_is_whole_numbers(name: str, value: Any) -> None:
    with pytest.raises(UsageError, match=f"{name} is {value!r}; expected a whole number"):
        Workload(**{name: value})


def test_a_workload() -> None:
    with pytest.raises(UsageError, match="unknown dtype 'float12'"):
        Workload(dtype="float12")
    plan = Workload(batch=32, samples=1000, epochs=3)
    assert plan.steps == 3 * 32
    assert Workload().steps is None
    assert dataclasses.replace(plan, training=True).mode == "training"
    assert plan.to_dict() == {
        "batch": 32,
        "mode": "inference",
        "dtype": None,
        "samples": 1000,
        "epochs": 3,
    }
