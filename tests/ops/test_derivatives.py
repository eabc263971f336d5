"""Derivatives as formulas on numbers that count their own operations, against differences.

Each formula gives the gradient of a function's input from that of its result. Its value is compared
with a central difference of the function, the number of operations with the table.
"""

from __future__ import annotations

import math
import operator
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from convcost.ops.activation import ACTIVATIONS
from convcost.ops.cell import cell_derivative

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

WIDTH = 1e-5


class Counted:
    """A number that counts the operations done with it."""

    done = 0

    def __init__(self, value: float) -> None:
        self.value = value

    def _with(self, other: object, function: Callable[[float, float], Any]) -> Any:
        Counted.done += 1
        return function(self.value, getattr(other, "value", other))  # type: ignore[arg-type]

    def __add__(self, other: object) -> Counted:
        return Counted(self._with(other, operator.add))

    def __sub__(self, other: object) -> Counted:
        return Counted(self._with(other, operator.sub))

    def __rsub__(self, other: object) -> Counted:
        return Counted(self._with(other, lambda a, b: b - a))

    def __mul__(self, other: object) -> Counted:
        return Counted(self._with(other, operator.mul))

    def __truediv__(self, other: object) -> Counted:
        return Counted(self._with(other, operator.truediv))

    def __neg__(self) -> Counted:
        return self._with(0, lambda a, _: Counted(-a))  # type: ignore[no-any-return]

    def __gt__(self, other: object) -> bool:
        return bool(self._with(other, operator.gt))

    def __lt__(self, other: object) -> bool:
        return bool(self._with(other, operator.lt))


def call(function: Callable[[float], float], x: Counted) -> Counted:
    """An elementary function: one operation."""
    Counted.done += 1
    return Counted(function(x.value))


ZERO = Counted(0.0)
ALPHA, LAMBDA, SHRINK, BETA = 1.6732632423543772, 1.0507009873554805, 0.5, 4.0


def sigmoid(x: Any) -> Any:
    if isinstance(x, Counted):
        return one_over(call(math.exp, -x) + 1)
    return 1 / (1 + math.exp(-x))


def one_over(x: Counted) -> Counted:
    return x._with(1, lambda a, b: Counted(b / a))  # type: ignore[no-any-return]


def softplus(x: float) -> float:
    return math.log1p(math.exp(x))


def gated(x: Counted, g: Counted, low: float, high: float) -> Counted:
    """The gradient between two bounds: both are compared, whatever the first says."""
    above, below = x > low, x < high
    return g if above and below else ZERO


def gelu(x: Counted, g: Counted) -> Counted:
    below = (call(math.erf, x / math.sqrt(2)) + 1) * 0.5
    density = call(math.exp, x * x * -0.5) * (1 / math.sqrt(2 * math.pi))
    return (below + x * density) * g


def mish(x: Counted, g: Counted) -> Counted:
    tanh = call(math.tanh, call(math.log, call(math.exp, x) + 1))
    return (tanh + x * sigmoid(x) * (1 - tanh * tanh)) * g


def silu(x: Counted, g: Counted) -> Counted:
    s = sigmoid(x)
    return s * (x * (1 - s) + 1) * g


def squareplus(x: Counted, g: Counted) -> Counted:
    return (x / call(math.sqrt, x * x + BETA) + 1) * 0.5 * g


def exponential_below(scale: float, slope: float) -> Callable[..., Counted]:
    """Of a function that is ``scale * e^x`` below zero and a line above."""

    def gradient(x: Counted, y: Counted, g: Counted) -> Counted:
        del y
        below = g * (call(math.exp, x) * scale)
        return below if x < 0 else Counted(g.value * slope)

    return gradient


#: Function, and its gradient from input x, result y and the result's gradient g.
FORMULAS: dict[str, tuple[Callable[[float], float], Callable[..., Counted]]] = {
    "relu": (lambda x: max(x, 0), lambda _, y, g: g if y > 0 else ZERO),
    "relu6": (lambda x: min(max(x, 0), 6), lambda x, _, g: gated(x, g, 0, 6)),
    "leaky_relu": (
        lambda x: x if x > 0 else 0.2 * x,
        lambda x, _, g: (g, g * 0.2)[x < 0],
    ),
    "elu": (lambda x: x if x > 0 else math.expm1(x), exponential_below(1, 1)),
    "selu": (
        lambda x: LAMBDA * (x if x > 0 else ALPHA * math.expm1(x)),
        exponential_below(LAMBDA * ALPHA, LAMBDA),
    ),
    "celu": (
        lambda x: x if x > 0 else 2 * math.expm1(x / 2),
        lambda x, _, g: (g, g * call(math.exp, x / 2))[x < 0],
    ),
    "sigmoid": (sigmoid, lambda _, y, g: g * y * (1 - y)),
    "hard_sigmoid": (
        lambda x: min(max(x / 6 + 0.5, 0), 1),
        lambda x, _, g: gated(x, g * (1 / 6), -3, 3),
    ),
    "log_sigmoid": (lambda x: -softplus(-x), lambda x, _, g: g / (call(math.exp, x) + 1)),
    "tanh": (math.tanh, lambda _, y, g: g * (1 - y * y)),
    "softplus": (softplus, lambda x, _, g: g / (call(math.exp, -x) + 1)),
    "softsign": (
        lambda x: x / (1 + abs(x)),
        lambda x, _, g: g / square(call(abs, x) + 1),
    ),
    "exponential": (math.exp, lambda _, y, g: g * y),
    "silu": (lambda x: x * sigmoid(x), lambda x, _, g: silu(x, g)),
    "hard_silu": (
        lambda x: x * min(max(x / 6 + 0.5, 0), 1),
        lambda x, _, g: hard_silu(x, g),
    ),
    "gelu": (
        lambda x: x * (1 + math.erf(x / math.sqrt(2))) / 2,
        lambda x, _, g: gelu(x, g),
    ),
    "mish": (lambda x: x * math.tanh(softplus(x)), lambda x, _, g: mish(x, g)),
    "threshold": (lambda x: x if x > 1 else 0, lambda x, _, g: g if x > 1 else ZERO),
    "hard_tanh": (lambda x: min(max(x, -1), 1), lambda x, _, g: gated(x, g, -1, 1)),
    "hard_shrink": (
        lambda x: x if abs(x) > SHRINK else 0,
        lambda x, _, g: g if call(abs, x) > SHRINK else ZERO,
    ),
    "soft_shrink": (
        lambda x: math.copysign(max(abs(x) - SHRINK, 0), x),
        lambda x, _, g: ZERO if gated(x, g, -SHRINK, SHRINK) is g else g,
    ),
    "tanh_shrink": (lambda x: x - math.tanh(x), lambda x, _, g: tanh_shrink(x, g)),
    "squareplus": (
        lambda x: (x + math.sqrt(x * x + BETA)) / 2,
        lambda x, _, g: squareplus(x, g),
    ),
    "sparse_plus": (
        lambda x: 0 if x < -1 else x if x > 1 else (x + 1) ** 2 / 4,
        lambda x, _, g: piecewise(x, ZERO, (x + 1) * 0.5 * g, g),
    ),
    "sparse_sigmoid": (
        lambda x: min(max((x + 1) / 2, 0), 1),
        lambda x, _, g: gated(x, g * 0.5, -1, 1),
    ),
}


def tanh_shrink(x: Counted, g: Counted) -> Counted:
    tanh = call(math.tanh, x)
    return g * tanh * tanh


def square(x: Counted) -> Counted:
    return x * x


def piecewise(x: Counted, low: Counted, middle: Counted, high: Counted) -> Counted:
    below, above = x < -1, x > 1
    return low if below else high if above else middle


def hard_silu(x: Counted, g: Counted) -> Counted:
    middle = (x * (1 / 3) + 0.5) * g
    below, above = x < -3, x > 3
    return ZERO if below else g if above else middle


@pytest.mark.parametrize("name", FORMULAS)
@settings(deadline=None, max_examples=30)
@given(x=st.floats(-5, 5), g=st.floats(0.5, 2))
def test_an_activation(name: str, x: float, g: float) -> None:
    kinks = (0, 6, -3, 3, -1, 1, SHRINK, -SHRINK)
    assume(all(abs(x - kink) > 2 * WIDTH for kink in kinks))
    function, gradient = FORMULAS[name]
    Counted.done = 0
    found = gradient(Counted(x), Counted(function(x)), Counted(g)).value
    done = Counted.done
    expected = g * (function(x + WIDTH) - function(x - WIDTH)) / (2 * WIDTH)
    assert found == pytest.approx(expected, abs=1e-4)
    assert done == ACTIVATIONS[name].derivative.charge


def softmax(x: Sequence[float]) -> list[float]:
    powers = [math.exp(value) for value in x]
    return [power / sum(powers) for power in powers]


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
@settings(deadline=None, max_examples=30)
@given(
    x=st.lists(st.floats(-3, 3), min_size=2, max_size=5),
    g=st.lists(st.floats(-2, 2), min_size=5, max_size=5),
)
def test_a_softmax(name: str, x: list[float], g: list[float]) -> None:
    def function(values: list[float]) -> list[float]:
        results = softmax(values)
        return results if name == "softmax" else [math.log(result) for result in results]

    results = [Counted(y) for y in function(x)]
    given_ = [Counted(value) for value in g[: len(x)]]
    Counted.done = 0
    if name == "softmax":
        products = [y * grad for y, grad in zip(results, given_, strict=True)]
        whole = sum(products, start=ZERO)
        found = [y * (grad - whole) for y, grad in zip(results, given_, strict=True)]
    else:
        whole = sum(given_, start=ZERO)
        found = [grad - call(math.exp, y) * whole for y, grad in zip(results, given_, strict=True)]
    assert Counted.done == ACTIVATIONS[name].derivative.charge * len(x)
    for place, value in enumerate(found):
        sides = [
            function([v + side * (i == place) for i, v in enumerate(x)]) for side in (WIDTH, -WIDTH)
        ]
        slopes = ((up - down) / (2 * WIDTH) for up, down in zip(*sides, strict=True))
        expected = sum(slope * grad.value for slope, grad in zip(slopes, given_, strict=True))
        assert value.value == pytest.approx(expected, abs=1e-4)


def test_nothing_is_left_out() -> None:
    assert {*FORMULAS, "softmax", "log_softmax", "linear"} == set(ACTIVATIONS)


def tanh_gradient(y: Counted, g: Counted) -> Counted:
    return g * (1 - y * y)


def sigmoid_gradient(y: Counted, g: Counted) -> Counted:
    return g * y * (1 - y)


def lstm(v: Sequence[float]) -> float:
    """The new state's two vectors, weighed: gates before their activation, the old memory."""
    i, f, g, o, c = v
    memory = sigmoid(f) * c + sigmoid(i) * math.tanh(g)
    return 0.7 * sigmoid(o) * math.tanh(memory) + 0.3 * memory  # type: ignore[no-any-return]


def lstm_gradient(v: Sequence[float]) -> list[Counted]:
    """Of the same; the result's gradient arrives in two parts, from this step and the next."""
    i, f, o = (Counted(sigmoid(v[place])) for place in (0, 1, 3))
    g, c = Counted(math.tanh(v[2])), Counted(v[4])
    tanh_memory = Counted(math.tanh(f.value * c.value + i.value * g.value))
    Counted.done = 0
    dh = Counted(0.5) + Counted(0.2)
    dc = tanh_gradient(tanh_memory, dh * o) + Counted(0.3)
    return [
        sigmoid_gradient(i, dc * g),
        sigmoid_gradient(f, dc * c),
        tanh_gradient(g, dc * i),
        sigmoid_gradient(o, dh * tanh_memory),
        dc * f,
    ]


def gru(v: Sequence[float]) -> float:
    """The new state, weighed: update and reset gate, candidate, the candidate's state, the old."""
    z, r, n, u, h = v
    candidate = math.tanh(n + sigmoid(r) * u)
    return 0.7 * (sigmoid(z) * h + (1 - sigmoid(z)) * candidate)  # type: ignore[no-any-return]


def gru_gradient(v: Sequence[float]) -> list[Counted]:
    z, r = Counted(sigmoid(v[0])), Counted(sigmoid(v[1]))
    u, h = Counted(v[3]), Counted(v[4])
    g = Counted(math.tanh(v[2] + r.value * u.value))
    Counted.done = 0
    dh = Counted(0.5) + Counted(0.2)
    dn = tanh_gradient(g, dh * (1 - z))
    found = [
        sigmoid_gradient(z, dh * (h - g)),
        sigmoid_gradient(r, dn * u),
        dn,
        dn * r,
        dh * z,
    ]
    for _ in range(2):  # what the products with the old state give is added to its gradient
        ZERO + ZERO
    return found


@pytest.mark.parametrize(
    ("function", "forward", "backward"),
    [("lstm", lstm, lstm_gradient), ("gru", gru, gru_gradient)],
)
@settings(deadline=None, max_examples=30)
@given(v=st.lists(st.floats(-2, 2), min_size=5, max_size=5))
def test_a_cell(function: str, forward: Any, backward: Any, v: list[float]) -> None:
    found = backward(v)
    done = Counted.done
    assert done == cell_derivative(function, "tanh", "sigmoid")
    for place, value in enumerate(found):
        up, down = (
            forward([x + side * (i == place) for i, x in enumerate(v)]) for side in (WIDTH, -WIDTH)
        )
        assert value.value == pytest.approx((up - down) / (2 * WIDTH), abs=1e-4)
