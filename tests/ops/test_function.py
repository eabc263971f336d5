"""Functions that a source has as a layer or as arithmetic: one row says what both cost."""

from __future__ import annotations

import itertools
import math
from typing import get_args, get_type_hints

import pytest

from convcost.network.op import Call
from convcost.network.tensor import Tensor
from convcost.ops.elementwise import Elementwise
from convcost.ops.function import FUNCTIONS, function_named
from convcost.ops.merge import Merge

X = Tensor.of(batch=2, feature=8)
BYTES = 2 * 8 * 4
BOTH = sorted({*get_args(get_type_hints(Merge)["function"])} & {*FUNCTIONS})

#: What the rows are about, on plain numbers.
COMPUTED = {
    "abs": abs, "add": lambda a, b: a + b, "cos": math.cos, "divide": lambda a, b: a / b,
    "exp": math.exp, "floor": math.floor, "log": math.log, "maximum": max, "minimum": min,
    "multiply": lambda a, b: a * b, "negate": lambda a: -a, "power": pow,
    "reciprocal": lambda a: 1 / a, "sqrt": math.sqrt, "square": lambda a: a * a,
    "subtract": lambda a, b: a - b, "tan": math.tan,
}  # fmt: skip


def backward(op: Merge | Elementwise, wanted: tuple[bool, ...] | None = None) -> object:
    count = 2 if wanted is None else len(wanted)
    return op.cost("backward_data", Call((X,) * count, (X,), mode="training", wanted=wanted))


@pytest.mark.parametrize("wanted", [*itertools.product([False, True], repeat=2)])
@pytest.mark.parametrize("function", BOTH)
def test_a_layer_costs_what_the_arithmetic_costs(function: str, wanted: tuple[bool, bool]) -> None:
    layer, arithmetic = Merge(function), Elementwise(function=function)  # type: ignore[arg-type]
    call = Call((X, X), (X,), mode="training", wanted=wanted)
    assert layer.outputs(X, X) == arithmetic.outputs(X, X)
    for phase in ("forward", "backward_data", "backward_weights"):
        assert layer.cost(phase, call) == arithmetic.cost(phase, call)
    assert layer.gradient_reads(call) == arithmetic.gradient_reads(call)


def test_what_both_have_is_there() -> None:
    assert BOTH == ["add", "maximum", "minimum", "multiply", "subtract"]


@pytest.mark.parametrize(
    ("op", "wanted", "read", "elementwise"),
    [
        # the result's gradient, and both operands to compare
        (Merge("maximum"), (True, True), 3, 4),
        (Merge("maximum"), (True, False), 3, 2),
        # the result's gradient and the other factor
        (Merge("multiply"), (True, False), 2, 1),
        (Merge("multiply"), (True, True), 3, 2),
        (Merge("add"), (True, True), 1, 0),
        (Merge("subtract"), (False, True), 1, 1),
        # g / b; and g * (a / b) / b with its sign
        (Elementwise(function="divide"), (True, False), 2, 1),
        (Elementwise(function="divide"), (False, True), 3, 3),
        # (a * b) * c: two products for c and a * b, two for a and b
        (Merge("multiply"), (True, True, True), 4, 4),
        (Merge("multiply"), (False, False, True), 3, 1),
        (Merge("average"), (True, False, False), 1, 1),
    ],
)  # fmt: skip
def test_gradients_read_what_they_are_computed_from(
    op: Merge | Elementwise, wanted: tuple[bool, ...], read: int, elementwise: int
) -> None:
    cost = backward(op, wanted)
    assert cost.read_bytes == read * BYTES  # type: ignore[attr-defined]
    assert cost.elementwise == elementwise * 2 * 8  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("function", "numbers", "read", "elementwise"),
    [
        ("subtract", (None, 1.0), 1, 0),
        ("subtract", (1.0, None), 1, 1),  # negate
        ("multiply", (None, 2.0), 1, 1),
        ("divide", (None, 2.0), 1, 1),
        ("divide", (2.0, None), 2, 3),
    ],
)
def test_a_plain_number_is_an_operand(
    function: str, numbers: tuple[float | None, ...], read: int, elementwise: int
) -> None:
    cost = backward(Elementwise(function=function, numbers=numbers), (True,))
    assert cost.read_bytes == read * BYTES  # type: ignore[attr-defined]
    assert cost.elementwise == elementwise * 2 * 8  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", COMPUTED)
def test_what_a_row_reads_follows_from_the_function(name: str) -> None:
    """The slope at an operand does not depend on what is not read for it."""
    function, row = COMPUTED[name], function_named(name)
    count, width = row.operands or 1, 1e-6

    def slope(place: int, at: tuple[float, ...]) -> float:
        ends = [
            function(*(x + sign * width if p == place else x for p, x in enumerate(at)))
            for sign in (1, -1)
        ]
        return float(ends[0] - ends[1]) / (2 * width)

    for place in range(count):
        reads = row.reads[min(place, len(row.reads) - 1)]
        changes = set()
        for other in range(count):
            low = tuple(0.6 if p == other else 0.9 for p in range(count))
            high = tuple(1.3 if p == other else 0.9 for p in range(count))
            if not math.isclose(slope(place, low), slope(place, high), rel_tol=1e-4, abs_tol=1e-6):
                changes.add(other)
        if reads == "nothing":
            assert not changes
        elif reads == "others":
            assert changes == set(range(count)) - {place}
        else:
            assert changes or name == "abs"
