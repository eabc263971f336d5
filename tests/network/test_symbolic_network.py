"""The same formulas for ints, arrays and symbols; which combinations of sizes are possible."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convcost.count import Workload, count
from convcost.errors import NetworkError
from convcost.network.builder import BATCH, Builder
from convcost.network.cost import Cost
from convcost.network.dims import symbol
from convcost.network.tensor import Axis, Tensor
from convcost.ops.conv import Conv
from convcost.ops.dense import Dense
from convcost.ops.depthwise import DepthwiseConv, SeparableConv
from convcost.ops.input import Input
from convcost.ops.norm import BatchNorm
from convcost.ops.pool import Pool
from convcost.ops.reshape import Flatten, Reshape
from convcost.ops.window import window

if TYPE_CHECKING:
    from convcost.network.network import Network

FIGURES = ("macs", "elementwise", "flops", "read_bytes", "write_bytes", "weight_bytes")
NAMES = ("X", "K", "S", "P", "D", "Cin", "Cout", "G")
SYMBOLS = {name: symbol(name) for name in NAMES}


def network(sizes: dict[str, Any]) -> Network:
    """A small network of every windowed op, its sizes ints or symbols."""
    x, k, s, p, d, c_in, c_out, g = (sizes[name] for name in NAMES)
    b = Builder("template")
    y = b.add(Input(Tensor.of(batch=BATCH, channel=c_in, height=x, width=2 * x)))
    y = b.add(Conv(filters=c_out, windows=window(k, s, padding=(p, p), dilation=d), groups=g), y)
    y = b.add(BatchNorm(), y)
    y = b.add(Pool(function="max", windows=window(2, s, padding="same")), y)
    y = b.add(DepthwiseConv(windows=window(k, padding="same", dilation=d), multiplier=g), y)
    y = b.add(SeparableConv(filters=c_in, windows=window(2, 2, padding=(1, 1)), multiplier=g), y)
    y = b.add(Flatten(), y)
    b.add(Dense(units=c_out, activation="softmax"), y)
    return b.build()


TEMPLATE = network(SYMBOLS)
TOTAL = count(TEMPLATE, symbolic=True).total


def one_by_one(sizes: dict[str, int], batch: int) -> dict[str, int] | None:
    """The figures of the network built from plain numbers; None where it cannot be."""
    try:
        total = count(network(sizes), Workload(batch=batch)).total
    except NetworkError:
        return None
    return {name: getattr(total.forward, name) for name in FIGURES}


rows_of_sizes = st.lists(
    st.fixed_dictionaries(
        {
            # mostly possible, each impossible in its turn
            "X": st.sampled_from([9, 8, 7, 6, 5, 4, 3, 2, 1, 0]),
            "K": st.sampled_from([1, 2, 3, 3, 4, 0]),
            "S": st.sampled_from([1, 1, 2, 2, 3, 0, -1]),
            "P": st.integers(0, 2),
            "D": st.sampled_from([1, 1, 1, 2, 2, 0]),
            "Cin": st.sampled_from([6, 6, 6, 4, 3, 1, 0]),
            "Cout": st.sampled_from([6, 6, 6, 4, 2, 1]),
            "G": st.sampled_from([1, 1, 2, 2, 3, 0]),
        }
    ),
    min_size=1,
    max_size=12,
)


@settings(deadline=None, max_examples=80)
@given(rows_of_sizes, st.integers(1, 3))
def test_arrays_equal_counting_one_by_one(rows: list[dict[str, int]], batch: int) -> None:
    expected = [one_by_one(row, batch) for row in rows]
    arrays = {name: np.array([row[name] for row in rows]) for name in NAMES} | {"N": batch}
    mask = TEMPLATE.feasible(arrays)
    assert mask.tolist() == [figures is not None for figures in expected]

    possible = {name: array[mask] for name, array in arrays.items() if name != "N"}
    figures = TOTAL.forward.evaluate(possible | {"N": batch})
    for name in FIGURES:
        assert figures[name].tolist() == [row[name] for row in expected if row is not None]


@settings(deadline=None, max_examples=60)
@given(rows_of_sizes.map(lambda rows: rows[0]), st.integers(1, 3))
def test_binding_equals_building(sizes: dict[str, int], batch: int) -> None:
    try:
        bound = TEMPLATE.bind(sizes | {"N": batch})
    except NetworkError:
        assert one_by_one(sizes, batch) is None
        assert not TEMPLATE.feasible(sizes | {"N": batch})
        return
    built = network(sizes)
    assert TEMPLATE.feasible(sizes | {"N": batch})
    assert bound == built.bind({"N": batch})
    assert count(bound).total == count(built, Workload(batch=batch)).total
    assert bound.symbols == frozenset()


def test_each_impossible_size_is_found_by_itself() -> None:
    fine = {"X": 8, "K": 3, "S": 1, "P": 1, "D": 1, "Cin": 4, "Cout": 4, "G": 2, "N": 1}
    assert TEMPLATE.feasible(fine)
    wrong = [
        {"X": 0}, {"K": 0}, {"K": 12}, {"S": 0}, {"S": -1}, {"D": 0}, {"D": -1}, {"P": -4},
        {"Cin": 0}, {"Cin": 3}, {"Cout": 0}, {"Cout": 5}, {"G": 0}, {"G": 3}, {"N": 0},
    ]  # fmt: skip
    for change in wrong:
        assert not TEMPLATE.feasible(fine | change), change
        with pytest.raises(NetworkError):
            TEMPLATE.bind(fine | change)


def test_a_mask_has_the_shape_of_the_grid() -> None:
    grid = {
        "X": np.arange(1, 8)[:, None, None],
        "K": np.arange(1, 6)[None, :, None],
        "G": np.array([1, 2, 3]),
    }
    rest = {"S": 1, "P": 0, "D": 1, "Cin": 6, "Cout": 6, "N": 1}
    mask = TEMPLATE.feasible(grid | rest)
    assert mask.shape == (7, 5, 3)
    assert np.array_equal(mask, np.broadcast_to(grid["K"] <= grid["X"], mask.shape))


def test_a_mask_needs_every_symbol() -> None:
    with pytest.raises(NetworkError, match="needs a value for"):
        TEMPLATE.feasible({"X": np.arange(3)})


def test_reshape_is_checked_when_bound() -> None:
    b = Builder("reshape")
    x = b.add(Input(Tensor.of(batch=BATCH, feature=symbol("F"))))
    b.add(Reshape((Axis("time", 4), Axis("feature", symbol("H")))), x)
    net = b.build()
    with pytest.raises(NetworkError, match="layer 'reshape_1': 10 elements cannot be reshaped"):
        net.bind({"F": 10, "H": 2})
    assert net.bind({"F": 8, "H": 2}).layers[-1].outputs[0].shape == (BATCH, 4, 2)
    mask = net.feasible({"N": 1, "F": np.array([7, 8, 9]), "H": 2})
    assert mask.tolist() == [False, True, False]


def test_a_division_by_zero_is_impossible_too() -> None:
    b = Builder("split")
    x = b.add(Input(Tensor.of(batch=1, feature=symbol("F"))))
    heads = symbol("F") // symbol("H")
    b.add(Reshape((Axis("head", symbol("H")), Axis("feature", heads))), x)
    net = b.build()
    values = [(8, 2), (8, 0), (8, 3), (7, 7), (8, -2)]
    mask = net.feasible(
        {"F": np.array([f for f, _ in values]), "H": np.array([h for _, h in values])}
    )
    assert mask.tolist() == [True, False, False, True, False]
    for (f, h), possible in zip(values, mask, strict=True):
        if not possible:
            with pytest.raises(NetworkError):
                net.bind({"F": f, "H": h})


@settings(deadline=None)
@given(st.integers(2**40 - 2, 2**40 + 2), st.integers(1, 7), st.integers(2**20, 2**40))
def test_sizes_near_two_to_the_forty_are_exact(size: int, kernel: int, filters: int) -> None:
    sizes = {"X": size, "K": kernel, "S": 1, "P": 0, "D": 1, "Cin": 64, "Cout": filters, "G": 1}
    arrays = {name: np.array([value]) for name, value in sizes.items()} | {"N": 1}
    assert TEMPLATE.feasible(arrays).tolist() == [True]
    expected = one_by_one(sizes, 1)
    assert expected is not None
    assert expected["macs"] > 2**63
    figures = TOTAL.forward.evaluate(arrays)
    assert {name: figures[name].tolist() for name in FIGURES} == {
        name: [value] for name, value in expected.items()
    }


def test_cost_is_evaluated_figure_by_figure() -> None:
    x = symbol("X")
    cost = Cost(macs=x * x, elementwise=x, read_bytes=4)
    assert cost.evaluate({"X": 3}) == {
        "macs": 9,
        "elementwise": 3,
        "read_bytes": 4,
        "write_bytes": 0,
        "weight_bytes": 0,
        "flops": 21,
    }
    assert cost.bytes == 4
    assert (cost + cost).macs == 2 * x * x


def test_named_output_sizes_are_defined() -> None:
    b = Builder("seed 004")
    x, k, p, s = (symbol(name) for name in "XKPS")
    y = b.add(Input(Tensor.of(batch=BATCH, height=x, width=x, channel=symbol("Cin"))))
    conv = Conv(filters=symbol("Cout"), windows=window(k, s, padding=(p, p)), bias=False)
    y = b.add(conv, y)
    b.add(Conv(filters=8, windows=window(3)), y)
    net = b.build()
    assert {name: str(size) for name, size in net.definitions.items()} == {
        "M": "(X - K + 2*P)//S + 1",
        "M2": "M - 2",
    }
    assert net.symbols == {"N", "X", "K", "P", "S", "Cin", "Cout"}
    assert str(net.layers[1].op.equations(net.call(net.layers[1]))[0].macs) == (
        "N*M^2*K^2*Cin*Cout"
    )
    rows = count(net, Workload(), symbolic=True).layers
    assert rows[1].formulas.time == "M^2*K^2*Cin*Cout"


def test_a_users_symbol_named_like_an_output_size_stays_apart() -> None:
    b = Builder("M")
    x = b.add(Input(Tensor.of(batch=1, height=symbol("M"), width=symbol("M"), channel=1)))
    b.add(Conv(filters=1, windows=window(3), bias=False), x)
    net = b.build()
    assert {name: str(size) for name, size in net.definitions.items()} == {"M2": "M - 2"}
    assert count(net, symbolic=True).total.forward.evaluate({"M": 5})["macs"] == 9 * 9
    assert count(net.bind({"M": 5})).total.forward.macs == 9 * 9


def test_deep_symbolic_networks() -> None:
    depth = 1200  # more than Python's limit of nested calls
    b = Builder("deep")
    x = b.add(Input(Tensor.of(batch=BATCH, height=symbol("X"), width=8, channel=2)))
    for _ in range(depth):
        x = b.add(Conv(filters=2, windows=window((3, 1)), bias=False), x)
    net = b.build()
    expected = sum(8 * 3 * 2 * 2 * (5000 - 2 * (i + 1)) for i in range(depth))
    assert count(net.bind({"X": 5000})).total.forward.macs == expected
    symbolic = count(net, symbolic=True)
    arrays = {"N": 1, "X": np.array([5000, 5000])}
    assert symbolic.total.forward.evaluate(arrays)["macs"].tolist() == [expected] * 2
    mask = net.feasible({"N": 1, "X": np.array([2 * depth, 2 * depth + 1])})
    assert mask.tolist() == [False, True]
