"""Sizes: ring laws, canonical forms, printing, floor division, arrays."""

from __future__ import annotations

import operator
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convcost.errors import NetworkError
from convcost.network.dims import (
    ceil_div,
    free_symbols,
    maximum,
    minimum,
    number,
    product,
    summed,
    symbol,
    symbols,
)
from convcost.network.evaluation import definitions, evaluate, substitute

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True)
class Tree:
    """A formula that is neither an int nor a Dim yet: it is run on either."""

    run: Callable[[Mapping[str, Any]], Any]


def leaf(name: str) -> Tree:
    return Tree(lambda values: values[name])


def constant(value: int) -> Tree:
    return Tree(lambda _: value)


def join(function: Callable[[Any, Any], Any], left: Tree, right: Tree) -> Tree:
    return Tree(lambda values: function(left.run(values), right.run(values)))


ANY = "abc"  # any integer
DIVISORS = "pq"  # not zero
SYMBOLS = {name: symbol(name) for name in ANY + DIVISORS}
divisors = st.one_of(
    st.sampled_from(DIVISORS).map(leaf), st.sampled_from([-3, -2, -1, 1, 2, 3, 4]).map(constant)
)


def extend(inner: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    exact = st.sampled_from([operator.add, operator.sub, operator.mul, maximum, minimum])
    division = st.sampled_from([operator.floordiv, ceil_div])
    return st.one_of(
        st.builds(join, exact, inner, inner), st.builds(join, division, inner, divisors)
    )


trees = st.recursive(
    st.one_of(st.sampled_from(ANY).map(leaf), st.integers(-4, 4).map(constant)),
    extend,
    max_leaves=8,
)
values_of_all = st.fixed_dictionaries(
    {name: st.integers(-9, 9) for name in ANY}
    | {name: st.sampled_from([-2, -1, 1, 2, 3, 5]) for name in DIVISORS}
)


@settings(deadline=None, max_examples=300)
@given(trees, values_of_all)
def test_an_expression_is_its_formula(tree: Tree, values: dict[str, int]) -> None:
    dim, expected = tree.run(SYMBOLS), tree.run(values)
    assert substitute(dim, values) == expected
    assert evaluate(dim, values) == expected


@settings(deadline=None, max_examples=150)
@given(trees, st.lists(values_of_all, min_size=1, max_size=5))
def test_arrays_are_computed_one_by_one(tree: Tree, rows: list[dict[str, int]]) -> None:
    arrays = {name: np.array([row[name] for row in rows]) for name in SYMBOLS}
    result = np.broadcast_to(evaluate(tree.run(SYMBOLS), arrays), len(rows))
    assert result.tolist() == [tree.run(row) for row in rows]


@settings(deadline=None, max_examples=150)
@given(trees, values_of_all, st.sets(st.sampled_from(ANY + DIVISORS)))
def test_symbols_may_be_replaced_in_steps(
    tree: Tree, values: dict[str, int], first: set[str]
) -> None:
    dim = tree.run(SYMBOLS)
    part = substitute(dim, {name: values[name] for name in first})
    assert free_symbols(part) <= free_symbols(dim) - first
    assert substitute(part, values) == tree.run(values)


@settings(deadline=None, max_examples=300)
@given(trees, values_of_all)
def test_the_printed_formula_means_the_same(tree: Tree, values: dict[str, int]) -> None:
    text = str(tree.run(SYMBOLS)).replace("^", "**")
    assert eval(text, {"max": max}, dict(values)) == tree.run(values)  # noqa: S307 - our own text


@settings(deadline=None, max_examples=150)
@given(trees, trees, trees)
def test_ring_laws_hold_as_equality(x: Tree, y: Tree, z: Tree) -> None:
    a, b, c = (tree.run(SYMBOLS) for tree in (x, y, z))
    assert a + b == b + a
    assert a * b == b * a
    assert hash(a * b) == hash(b * a)
    assert (a + b) + c == a + (b + c) == summed([a, b, c])
    assert (a * b) * c == a * (b * c) == product([a, b, c])
    assert (a + b) * c == a * c + b * c
    assert a - a == 0
    assert a + 0 == a == a * 1
    assert a * 0 == 0
    assert maximum(a, b) == maximum(b, a)
    assert maximum(a, a) == a
    assert minimum(a, b) + maximum(a, b) == minimum(b, a) + maximum(b, a)


@given(trees, st.sampled_from([-3, -2, -1, 1, 2, 3, 4]), st.integers(-9, 9))
def test_whole_multiples_leave_a_division(tree: Tree, divisor: int, times: int) -> None:
    dim = tree.run(SYMBOLS)
    assert (dim + divisor * times) // divisor == dim // divisor + times


@given(st.integers(-50, 50), st.integers(1, 9))
def test_ceil_div_rounds_up(numerator: int, denominator: int) -> None:
    assert (
        (ceil_div(numerator, denominator) - 1) * denominator
        < numerator
        <= (ceil_div(numerator, denominator) * denominator)
    )


X, K, P, S = symbols("X K P S")
CIN, COUT, M = symbols("Cin Cout M")


@pytest.mark.parametrize(
    ("dim", "text"),
    [
        (M * M * K * K * CIN * COUT, "M^2*K^2*Cin*Cout"),
        ((X - K + 2 * P) // S + 1, "(X - K + 2*P)//S + 1"),
        ((X - 3) // 2 + 1, "(X + 1)//2 - 1"),
        ((X * X + X) * 3, "3*X^2 + 3*X"),
        (1 - X, "-X + 1"),
        (-(X // 2), "-(X//2)"),
        (K - X // 2, "K - X//2"),
        (5 * (X // 2), "5*(X//2)"),
        ((X // S) * (X // S), "(X//S)^2"),
        (X // (S + 1), "X//(S + 1)"),
        (maximum(P, 0) * 2, "2*max(P, 0)"),
        (ceil_div(X, S), "(X + S - 1)//S"),
    ],
)
def test_printing(dim: Any, text: str) -> None:
    assert str(dim) == repr(dim) == text


def test_constants_collapse_to_ints() -> None:
    for dim in (X - X, X * 0 + 3, (2 * X + 4) // 2 - X, X // X, 0 // X, maximum(X + 2, X) - X):
        assert isinstance(dim, int)


def test_divisions_that_agree_are_equal() -> None:
    # 1x1, 3x3 (padding 1) and SAME with stride 2 halve alike
    assert (X - 1) // 2 + 1 == (X - 3 + 2) // 2 + 1 == ceil_div(X, 2)
    assert (X + 3) // -2 == (X + 1) // -2 - 1
    assert (4 * X + 3) // 4 == X


def test_a_maximum_is_taken_where_it_is_known() -> None:
    assert maximum(X + 2, X) == maximum(X, X + 2) == X + 2
    assert minimum(X + 2, X) == minimum(X, X + 2) == X
    assert str(maximum(0, P)) == str(maximum(P, 0)) == "max(P, 0)"


def test_division_by_zero_is_an_error() -> None:
    for divide in (lambda: X // 0, lambda: substitute(X // S, {"X": 4, "S": 0})):
        with pytest.raises(NetworkError, match="division of a size by zero"):
            divide()
    with pytest.raises(NetworkError, match="division of a size by zero"):
        evaluate(X // S, {"X": np.array([4, 4]), "S": np.array([1, 0])})


def test_maximum_of_arrays() -> None:
    assert maximum(np.array([1, 5]), np.array([3, 2])).tolist() == [3, 5]
    assert minimum(np.array([1, 5]), 3).tolist() == [1, 3]


@settings(deadline=None)
@given(
    st.lists(st.integers(2**40 - 3, 2**40 + 3), min_size=1, max_size=4),
    st.lists(st.integers(1, 2**40), min_size=1, max_size=4),
)
def test_large_values_are_exact(sizes: list[int], kernels: list[int]) -> None:
    dim = X * X * K * 3 - K * (X // 2) + maximum(X * K, 0)
    rows = list(zip(sizes, kernels, strict=False))
    arrays = {"X": np.array([x for x, _ in rows]), "K": np.array([k for _, k in rows])}
    expected = [x * x * k * 3 - k * (x // 2) + x * k for x, k in rows]
    assert evaluate(dim, arrays).tolist() == expected


def test_object_dtype_only_where_it_is_needed() -> None:
    assert evaluate(X * X, {"X": np.array([2**31])}).dtype == np.int64
    assert evaluate(X * X, {"X": np.array([2**32])}).dtype == object
    # an intermediate result counts too
    large = {"X": np.array([2**40])}
    assert evaluate((X * X) // X, large).tolist() == [2**40]
    assert evaluate(X // (X * X), large).tolist() == [0]
    assert evaluate(maximum(X, -X * X), large).tolist() == [2**40]


@pytest.mark.parametrize(
    ("dtype", "value"),
    [("int8", -128), ("int8", 127), ("uint8", 255), ("int32", 2**31 - 1), ("uint64", 2**64 - 1)],
)
def test_narrow_arrays_do_not_wrap(dtype: str, value: int) -> None:
    assert evaluate(X * X * 2, {"X": np.array([value], dtype=dtype)}).tolist() == [value**2 * 2]


def test_unused_values_do_not_matter() -> None:
    values = {"X": np.array([3]), "K": np.array([2**70]), "P": 2.5}
    assert evaluate(X * 2, values).tolist() == [6]


@pytest.mark.parametrize("value", [2.5, [1.0, 2.0], "many"])
def test_only_whole_numbers_are_sizes(value: Any) -> None:
    with pytest.raises(NetworkError, match=r"the values of X are .+, not whole numbers"):
        evaluate(X * 2, {"X": value})


def test_missing_values_are_named() -> None:
    for values in ({"K": 1}, {"K": np.array([1, 2])}):
        with pytest.raises(NetworkError, match="needs a value for P, X"):
            evaluate(X - K + 2 * P, values)
    with pytest.raises(NetworkError, match="padding is not known: P needs P") as caught:
        number(P, "padding")
    assert caught.value.hint == "bind it, for example --dim P=1"
    with pytest.raises(NetworkError) as caught:
        number(X * K, "size")
    assert caught.value.hint == "bind it, for example --dim K=1 --dim X=1"
    assert number(7, "size") == 7


def test_named_sizes_follow_their_definition() -> None:
    m = symbol("M", definition=(X - K) // S + 1)
    m2 = symbol("M2", definition=m // 2)
    dim = m2 * m2 * CIN
    assert str(dim) == "M2^2*Cin"
    assert free_symbols(dim) == {"X", "K", "S", "Cin"}
    assert {n: str(d) for n, d in definitions(dim).items()} == {"M": "(X - K)//S + 1", "M2": "M//2"}
    values = {"X": 28, "K": 5, "S": 1, "Cin": 3}
    assert substitute(dim, values) == evaluate(dim, values) == 12 * 12 * 3
    arrays = evaluate(dim, values | {"X": np.array([28, 8])})
    assert arrays.tolist() == [12 * 12 * 3, 2 * 2 * 3]
    # a symbol that happens to have the same name is another one
    assert evaluate(m + symbol("M"), values | {"M": 100}) == 24 + 100
    # replaced in part, it keeps its name
    partly = substitute(dim, {"X": 28, "S": 1})
    assert str(partly) == "M2^2*Cin"
    assert definitions(partly)["M"] == 29 - K


def test_long_chains_of_definitions() -> None:
    dim = X
    for position in range(3000):
        dim = symbol(f"M{position}", definition=dim + 1)
    assert free_symbols(dim) == {"X"}
    assert len(definitions(dim)) == 3000
    assert substitute(dim, {"X": 1}) == 3001
    assert evaluate(dim, {"X": np.array([1, 2])}).tolist() == [3001, 3002]


def test_printing_does_not_depend_on_the_hash_seed() -> None:
    code = (
        "from convcost.network.dims import symbol, symbols;"
        "from convcost.network.evaluation import substitute;"
        "a, b, c, d = symbols('a b c d');"
        "print(substitute(a*b + c + d*a + a*a*b + b*b, {'c': symbol('e'), 'd': a + b}))"
    )
    printed = set()
    for seed in range(4):
        environment = os.environ | {"PYTHONHASHSEED": str(seed)}
        run = subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, check=True
        )
        printed.add(run.stdout)
    assert len(printed) == 1
