"""Gradients by literal loops that count: the values by finite differences, the operations by us."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from convcost.network.op import Call, Op
from convcost.network.parameter import Parameter
from convcost.network.tensor import Tensor
from convcost.ops.computed import ComputedWeights
from convcost.ops.layer_norm import GroupNorm, LayerNorm, RMSNorm, UnitNorm
from convcost.ops.local_response_norm import LocalResponseNorm
from convcost.ops.merge import Merge
from convcost.ops.norm import BatchNorm
from convcost.ops.pool import GlobalPool, Pool
from convcost.ops.prelu import PRelu
from convcost.ops.scale import Scale
from convcost.ops.window import window

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ROWS, SIZE = 6, 4


class Counter:
    """Arithmetic on plain numbers; `free` is what a rule does not charge, once per row."""

    def __init__(self) -> None:
        self.operations = 0

    def do(self, result: float) -> float:
        self.operations += 1
        return result


@dataclass(frozen=True)
class Case:
    """A function of a matrix (channels by rows for BatchNorm), and its gradient by hand.

    Attributes:
        forward: rows -> rows.
        backward: counter, rows, gradient -> gradient of the rows.
        op: whose rule is meant; without learned parameters.
        tensor: of the op.
    """

    forward: Callable[[Sequence[float]], list[float]]
    backward: Callable[[Counter, Sequence[float], Sequence[float]], list[float]]
    op: Op
    tensor: Tensor


EPSILON = 1e-3


def moments(row: Sequence[float]) -> tuple[float, float]:
    mean = sum(row) / len(row)
    variance = sum((x - mean) ** 2 for x in row) / len(row)
    return mean, (variance + EPSILON) ** -0.5


def normalised(row: Sequence[float]) -> list[float]:
    mean, scale = moments(row)
    return [(x - mean) * scale for x in row]


def batch_norm_backward(c: Counter, row: Sequence[float], gradient: Sequence[float]) -> list[float]:
    """A row is a channel of the whole batch; mean and deviation are kept from the forward pass."""
    mean, scale = moments(row)
    total = products = 0.0
    for x, g in zip(row, gradient, strict=True):
        total = c.do(total + g)
        centred = c.do(x - mean)
        products = c.do(products + c.do(centred * g))
    n = len(row)
    a, b = scale, -(scale**3) * products / n
    shift = -b * mean - scale * total / n
    return [
        c.do(c.do(c.do(a * g) + c.do(b * x)) + shift) for x, g in zip(row, gradient, strict=True)
    ]


def group_norm_backward(c: Counter, row: Sequence[float], gradient: Sequence[float]) -> list[float]:
    mean, scale = moments(row)
    total = products = 0.0
    for x, g in zip(row, gradient, strict=True):
        total = c.do(total + g)
        products = c.do(products + c.do(x * g))
    n = len(row)
    b = -(scale**3) * (products - mean * total) / n
    shift = -b * mean - scale * total / n
    return [
        c.do(c.do(c.do(scale * g) + c.do(b * x)) + shift)
        for x, g in zip(row, gradient, strict=True)
    ]


def layer_norm_backward(c: Counter, row: Sequence[float], gradient: Sequence[float]) -> list[float]:
    mean, scale = moments(row)
    values = [c.do(c.do(x - mean) * scale) for x in row]
    total = products = 0.0
    for y, g in zip(values, gradient, strict=True):
        total = c.do(total + g)
        products = c.do(products + c.do(y * g))
    n = len(row)
    b, shift = -scale * products / n, -scale * total / n
    return [
        c.do(c.do(c.do(scale * g) + c.do(b * y)) + shift)
        for y, g in zip(values, gradient, strict=True)
    ]


def length(row: Sequence[float]) -> float:
    return (sum(x * x for x in row) + EPSILON) ** 0.5


def unit_norm(row: Sequence[float]) -> list[float]:
    return [x / length(row) for x in row]


def unit_norm_backward(c: Counter, row: Sequence[float], gradient: Sequence[float]) -> list[float]:
    scale, products = 1 / length(row), 0.0
    for x, g in zip(row, gradient, strict=True):
        products = c.do(products + c.do(x * g))
    b = -products * scale**3
    return [c.do(c.do(scale * g) + c.do(b * x)) for x, g in zip(row, gradient, strict=True)]


def windows_of(row: Sequence[float], size: int, stride: int) -> list[range]:
    return [range(at, at + size) for at in range(0, len(row) - size + 1, stride)]


def max_pool(row: Sequence[float]) -> list[float]:
    return [max(row[i] for i in places) for places in windows_of(row, 3, 1)]


def max_pool_backward(c: Counter, row: Sequence[float], gradient: Sequence[float]) -> list[float]:
    result = [0.0] * len(row)
    for places, g in zip(windows_of(row, 3, 1), gradient, strict=True):
        best, *others = places
        for place in others:
            best = place if c.do(row[place] > row[best]) else best
        result[best] = c.do(result[best] + g)
    return result


def average_pool(row: Sequence[float]) -> list[float]:
    return [sum(row[i] for i in places) / 3 for places in windows_of(row, 3, 1)]


def average_pool_backward(
    c: Counter, row: Sequence[float], gradient: Sequence[float]
) -> list[float]:
    result = [0.0] * len(row)
    for places, g in zip(windows_of(row, 3, 1), gradient, strict=True):
        share = c.do(g / 3)
        for place in places:
            result[place] = c.do(result[place] + share)
    return result


def global_average_backward(
    c: Counter, row: Sequence[float], gradient: Sequence[float]
) -> list[float]:
    return [c.do(gradient[0] / len(row))] * len(row)


ALPHA, BETA, NEAR = 0.5, 0.75, 3


def near(row: Sequence[float], place: int) -> range:
    """Cut off at the ends; a rule that charges whole windows is compared on a ring."""
    del row
    return range(place - NEAR // 2, place + NEAR // 2 + 1)


def sums(row: Sequence[float]) -> list[float]:
    """On a ring, so that every window is whole."""
    n = len(row)
    return [1 + ALPHA / NEAR * sum(row[j % n] ** 2 for j in near(row, i)) for i in range(n)]


def response_norm(row: Sequence[float]) -> list[float]:
    return [x * s**-BETA for x, s in zip(row, sums(row), strict=True)]


def response_norm_backward(
    c: Counter, row: Sequence[float], gradient: Sequence[float]
) -> list[float]:
    n, kept, results = len(row), sums(row), response_norm(row)
    parts = [c.do(c.do(g * y) / s) for g, y, s in zip(gradient, results, kept, strict=True)]
    found = []
    for i, (x, g, s) in enumerate(zip(row, gradient, kept, strict=True)):
        first, *others = [parts[j % n] for j in near(row, i)]
        for part in others:
            first = c.do(first + part)
        direct = c.do(g * c.do(s**-BETA))
        taken = c.do(c.do(2 * ALPHA * BETA / NEAR * x) * first)
        found.append(c.do(direct - taken))
    return found


LINE = Tensor.of(batch=ROWS, time=SIZE * 2, channel=1)
MATRIX = Tensor.of(batch=ROWS, channel=SIZE * 2)
CASES = {
    "BatchNorm": Case(normalised, batch_norm_backward, BatchNorm(scale=False, center=False),
                      Tensor.of(batch=SIZE * 2, channel=ROWS)),
    "LayerNorm": Case(normalised, layer_norm_backward, LayerNorm(scale=False, center=False),
                      MATRIX),
    "GroupNorm": Case(normalised, group_norm_backward,
                      GroupNorm(groups=1, scale=False, center=False), MATRIX),
    "RMSNorm": Case(unit_norm, unit_norm_backward, RMSNorm(scale=False), MATRIX),
    "UnitNorm": Case(unit_norm, unit_norm_backward, UnitNorm(), MATRIX),
    "max pool": Case(max_pool, max_pool_backward, Pool(function="max", windows=window((3,))), LINE),
    "average pool": Case(average_pool, average_pool_backward,
                         Pool(function="average", windows=window((3,))), LINE),
    "global average": Case(lambda row: [sum(row) / len(row)], global_average_backward,
                           GlobalPool(function="average", axes=("time",)), LINE),
    "response norm": Case(response_norm, response_norm_backward,
                          LocalResponseNorm(size=NEAR, alpha=ALPHA, beta=BETA), MATRIX),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_literal_gradient_counts_what_is_charged(name: str) -> None:
    case, numbers, counter = CASES[name], random.Random(7), Counter()  # noqa: S311 - no secrets
    step = 1e-6
    for _ in range(ROWS):
        row = [numbers.uniform(-2, 2) for _ in range(SIZE * 2)]
        gradient = [numbers.uniform(-1, 1) for _ in case.forward(row)]
        found = case.backward(counter, row, gradient)

        def value(values: Sequence[float], weights: Sequence[float] = gradient) -> float:
            return sum(w * y for w, y in zip(weights, case.forward(values), strict=True))

        for place, slope in enumerate(found):
            up, down = ([x + side * (i == place) for i, x in enumerate(row)]
                        for side in (step, -step))  # fmt: skip
            assert (value(up) - value(down)) / (2 * step) == pytest.approx(slope, abs=1e-5)
    call = Call((case.tensor,), case.op.outputs(case.tensor), mode="training")
    charged = case.op.cost("backward_data", call)
    assert charged is not None
    assert charged.elementwise == counter.operations


def learned(op: Op, tensor: Tensor, *, trainable: bool = True) -> Call:
    parameters = tuple(
        Parameter(w.name, w.shape, learned=w.learned, trainable=w.learned and trainable)
        for w in op.weights(tensor)
    )
    return Call((tensor,), op.outputs(tensor), parameters, "training")


@pytest.mark.parametrize("op", [BatchNorm(), GroupNorm(groups=2)])
def test_sums_are_charged_once_wherever_they_are_wanted(op: Any) -> None:
    """To the parameters where these are trained, to the input where only that is wanted."""
    tensor = Tensor.of(batch=3, height=2, width=2, channel=4)
    call, frozen = learned(op, tensor), learned(op, tensor, trainable=False)
    both = [op.cost(phase, call).elementwise for phase in ("backward_data", "backward_weights")]
    alone = [op.cost(phase, frozen).elementwise for phase in ("backward_data", "backward_weights")]
    assert all(both)
    assert sum(both) == sum(alone)
    assert alone[1] == 0


@pytest.mark.parametrize(
    ("function", "operations", "read"),
    [("add", 0, 0), ("subtract", 48, 0), ("multiply", 2 * 48, 2), ("maximum", 4 * 48, 2),
     ("average", 48, 0)],
)  # fmt: skip
def test_what_merging_two_tensors_costs(function: Any, operations: int, read: int) -> None:
    x = Tensor.of(batch=3, height=2, width=2, channel=4)
    cost = Merge(function).cost("backward_data", Call((x, x), (x,), mode="training"))
    assert cost is not None
    assert cost.elementwise == operations
    assert cost.read_bytes == (1 + read) * x.bytes
    assert cost.write_bytes == 2 * x.bytes


def test_a_repeated_factor_sums_up_its_gradient() -> None:
    x, gate = Tensor.of(batch=3, width=8, channel=4), Tensor.of(batch=3, width=1, channel=4)
    cost = Merge("multiply").cost("backward_data", Call((x, gate), (x,), mode="training"))
    assert cost is not None
    assert cost.elementwise == 96 + 96 + (96 - 12)


LEARNED = {
    "layer_norm": LayerNorm(),
    "rms_norm": RMSNorm(),
    "batch_norm": BatchNorm(axis="feature"),
    "prelu": PRelu(),
    "scale": Scale(),
}


def _learned(op: Op, *trained: str) -> Call:
    x = Tensor.of(batch=ROWS, feature=SIZE)
    stored = (
        Parameter(w.name, w.shape, learned=w.learned, trainable=w.name in trained)
        for w in op.weights(x)
    )
    return Call((x,), (x,), tuple(stored))


@pytest.mark.parametrize("op", LEARNED.values(), ids=LEARNED)
def test_parameters_are_charged_one_by_one(op: Op) -> None:
    """What each costs alone adds up to what they cost together; a frozen one costs nothing."""
    names = [w.name for w in op.weights(Tensor.of(batch=ROWS, feature=SIZE)) if w.learned]
    alone = [op.cost("backward_weights", _learned(op, name)) for name in names]
    together = op.cost("backward_weights", _learned(op, *names))
    assert together is not None
    assert sum(cost.elementwise for cost in alone if cost is not None) == together.elementwise
    assert all(cost is not None and cost.elementwise for cost in alone)


@pytest.mark.parametrize("op", [LayerNorm(), RMSNorm(), GroupNorm(groups=2, axis="feature")])
def test_a_frozen_scale_is_read_for_the_gradient_of_the_input(op: Op) -> None:
    frozen = op.cost("backward_data", _learned(op))
    trained = op.cost("backward_data", _learned(op, "gamma", "beta"))
    assert frozen is not None
    assert trained is not None
    assert frozen.weight_bytes == trained.weight_bytes == 4 * SIZE


def test_a_computed_weight_costs_its_gradient_only_where_that_is_wanted() -> None:
    x, slope = Tensor.of(batch=ROWS, feature=SIZE), Tensor.of(feature=SIZE)
    op = ComputedWeights(op=PRelu(), given=("alpha",))
    costs = [
        op.cost("backward_data", Call((x, slope), (x,), wanted=(True, wanted)))
        for wanted in (True, False)
    ]
    assert [cost.elementwise for cost in costs if cost is not None] == [
        (2 + 3) * ROWS * SIZE,
        2 * ROWS * SIZE,
    ]


def test_a_computed_scale_is_not_charged_to_the_shift_that_is_trained() -> None:
    x, scale = Tensor.of(batch=ROWS, feature=SIZE), Tensor.of(feature=SIZE, dtype="float16")
    op = ComputedWeights(op=LayerNorm(), given=("gamma",))
    call = Call((x, scale), (x,), (Parameter("beta", (SIZE,)),))
    weights, data = op.cost("backward_weights", call), op.cost("backward_data", call)
    assert weights is not None
    assert data is not None
    assert weights.elementwise == ROWS * SIZE
    assert data.elementwise == (10 + 2) * ROWS * SIZE
    assert data.weight_bytes == scale.bytes
