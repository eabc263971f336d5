"""Backward products against literal loops on a tape that follows the chain rule.

Every multiply-accumulate of the forward loops is noted down with its two factors. By the product
rule each factor that depends on something wanted gets one multiply-accumulate of its own on the way
back: into a parameter's gradient, or into that of a value. Nothing of convcost is used to count.
"""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convcost.network.op import Call
from convcost.network.parameter import Parameter
from convcost.network.tensor import Axis, Tensor
from convcost.ops.bidirectional import Bidirectional
from convcost.ops.bilinear import Bilinear
from convcost.ops.cell import Cell
from convcost.ops.chain import Chain
from convcost.ops.computed import ComputedWeights
from convcost.ops.conv import Conv
from convcost.ops.conv_lstm import ConvLSTM
from convcost.ops.conv_transpose import ConvTranspose
from convcost.ops.dense import Dense
from convcost.ops.depthwise import DepthwiseConv, SeparableConv
from convcost.ops.einsum import EinsumDense
from convcost.ops.locally_connected import LocallyConnected
from convcost.ops.matmul import MatMul
from convcost.ops.multi_head_attention import MultiHeadAttention
from convcost.ops.recurrent import Recurrent, RecurrentStep
from convcost.ops.recurrent_stack import RecurrentStack
from convcost.ops.scaled_attention import ScaledAttention
from convcost.ops.time_distributed import TimeDistributed
from convcost.ops.window import window

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from convcost.network.op import Op

GATES = {"simple": 1, "gru": 3, "lstm": 4}
BOTH = [(True, True), (False, True), (True, False), (False, False)]
wanted_and_trained = pytest.mark.parametrize(("wanted", "trained"), BOTH)

Kind: TypeAlias = Literal["data", "weight"]


@dataclass(frozen=True)
class Value:
    """A number of the loops: what it is, and whether its gradient is of use."""

    kind: Kind = "data"
    wanted: bool = False


@dataclass
class Tape:
    """Products of the forward loops, and by the product rule those of the backward pass."""

    forward: int = 0
    backward: Counter[Kind] = field(default_factory=Counter)

    def dot(self, pairs: Iterable[tuple[Value, Value]]) -> Value:
        """A sum of products."""
        found = False
        for pair in pairs:
            self.forward += 1
            for factor in pair:
                self.backward[factor.kind] += factor.wanted
                found = found or factor.wanted
        return Value("data", found)


def function_of(*values: Value) -> Value:
    """Something element-wise."""
    return Value("data", any(value.wanted for value in values))


def costs(
    op: Op, inputs: Sequence[Tensor], wanted: Sequence[bool], *, trained: bool
) -> tuple[int, int, int]:
    """MACs by convcost: forward, backward of data, backward of weights."""
    parameters = tuple(
        Parameter(w.name, w.shape, trainable=trained and w.learned) for w in op.weights(*inputs)
    )
    call = Call(
        tuple(inputs), op.outputs(*inputs), parameters, mode="inference", wanted=tuple(wanted)
    )
    found = [op.cost(phase, call) for phase in ("forward", "backward_data", "backward_weights")]
    return tuple(cost.macs for cost in found if cost is not None)  # type: ignore[return-value]


def taped(tape: Tape) -> tuple[int, int, int]:
    return tape.forward, tape.backward["data"], tape.backward["weight"]


@dataclass(frozen=True)
class Window2:
    """A convolution of images as plain numbers."""

    batch: int
    size: int
    kernel: int
    stride: int
    dilation: int
    pad: int
    groups: int
    per_group: int
    filters_per_group: int

    @property
    def positions(self) -> int:
        extent = (self.kernel - 1) * self.dilation + 1
        return (self.size + 2 * self.pad - extent) // self.stride + 1

    @property
    def windows(self) -> Any:
        pads = (self.pad, self.pad)
        return window(self.kernel, self.stride, dilation=self.dilation, padding=pads)

    @property
    def image(self) -> Tensor:
        return Tensor.of(
            batch=self.batch, height=self.size, width=self.size,
            channel=self.groups * self.per_group,
        )  # fmt: skip

    def taps(self) -> Iterable[tuple[int, ...]]:
        """Batch, position, tap; products with padding zeros among them."""
        places, kernel = range(self.positions), range(self.kernel)
        return itertools.product(range(self.batch), places, places, kernel, kernel)


convolutions = st.builds(
    Window2,
    batch=st.integers(1, 2),
    size=st.integers(5, 6),
    kernel=st.integers(1, 3),
    stride=st.integers(1, 3),
    dilation=st.integers(1, 2),
    pad=st.integers(0, 2),
    groups=st.integers(1, 3),
    per_group=st.integers(1, 2),
    filters_per_group=st.integers(1, 2),
)


@settings(deadline=None, max_examples=60)
@given(convolutions, st.booleans(), st.booleans())
def test_a_convolution(case: Window2, wanted: bool, trained: bool) -> None:
    tape, x, w = Tape(), Value(wanted=wanted), Value("weight", trained)
    for _ in case.taps():
        for _ in range(case.groups * case.filters_per_group):
            tape.dot((x, w) for _ in range(case.per_group))
    op = Conv(filters=case.groups * case.filters_per_group, windows=case.windows,
              groups=case.groups, activation="relu")  # fmt: skip
    assert costs(op, [case.image], [wanted], trained=trained) == taped(tape)


@settings(deadline=None, max_examples=40)
@given(convolutions, st.booleans(), st.booleans())
def test_convolutions_of_other_kinds(case: Window2, wanted: bool, trained: bool) -> None:
    channels = case.groups * case.per_group
    multiplier, filters = case.filters_per_group, 3
    x, w = Value(wanted=wanted), Value("weight", trained)
    depthwise, separable, local = Tape(), Tape(), Tape()
    middle = Value(wanted=wanted or trained)
    for _ in case.taps():
        for _ in range(channels * multiplier):
            depthwise.dot([(x, w)])
            separable.dot([(x, w)])
        for _ in range(filters):
            local.dot((x, w) for _ in range(channels))
    for _ in range(case.batch * case.positions**2 * filters):
        separable.dot((middle, w) for _ in range(channels * multiplier))
    for op, tape in (
        (DepthwiseConv(windows=case.windows, multiplier=multiplier), depthwise),
        (SeparableConv(filters=filters, windows=case.windows, multiplier=multiplier), separable),
        (LocallyConnected(filters=filters, windows=case.windows), local),
    ):
        assert costs(op, [case.image], [wanted], trained=trained) == taped(tape)


@wanted_and_trained
@pytest.mark.parametrize("groups", [1, 2])
def test_a_transposed_convolution(groups: int, *, wanted: bool, trained: bool) -> None:
    tape, x, w = Tape(), Value(wanted=wanted), Value("weight", trained)
    for _ in range(2 * 5 * 5 * 3 * 3):  # batch, input positions, taps
        for _ in range(4):  # channels in
            tape.dot((x, w) for _ in range(6 // groups))
    op = ConvTranspose(filters=6, windows=window(3, 2, padding="same"), groups=groups)
    image = Tensor.of(batch=2, height=5, width=5, channel=4)
    assert costs(op, [image], [wanted], trained=trained) == taped(tape)


@wanted_and_trained
def test_dense_layers(*, wanted: bool, trained: bool) -> None:
    tape, x, w = Tape(), Value(wanted=wanted), Value("weight", trained)
    for _ in range(2 * 3 * 5):
        tape.dot((x, w) for _ in range(4))
    rows = Tensor.of(batch=2, time=3, channel=4)
    expected = taped(tape)
    assert costs(Dense(units=5, activation="tanh"), [rows], [wanted], trained=trained) == expected
    einsum = EinsumDense(equation="abc,cd->abd", sizes=(("d", 5),), bias_axes="d")
    assert costs(einsum, [rows], [wanted], trained=trained) == expected
    steps = TimeDistributed(op=Dense(units=5), inner=("batch", "feature"))
    assert costs(steps, [rows], [wanted], trained=trained) == expected


@wanted_and_trained
def test_a_chain_follows_the_gradient_between_its_ops(*, wanted: bool, trained: bool) -> None:
    tape, x, w = Tape(), Value(wanted=wanted), Value("weight", trained)
    middle = [tape.dot((x, w) for _ in range(4)) for _ in range(2 * 3)]
    for _ in range(2 * 5):
        tape.dot((value, w) for value in middle[:3])
    op = Chain((Dense(units=3), Dense(units=5)))
    rows = Tensor.of(batch=2, feature=4)
    assert costs(op, [rows], [wanted], trained=trained) == taped(tape)


@pytest.mark.parametrize("wanted", list(itertools.product([True, False], repeat=2)))
def test_a_matrix_product(wanted: tuple[bool, bool]) -> None:
    tape = Tape()
    left, right = (Value(wanted=each) for each in wanted)
    for _ in range(2 * 3 * 5):
        tape.dot((left, right) for _ in range(4))
    inputs = Tensor.of(batch=2, row=3, summed=4), Tensor.of(batch=2, summed=4, column=5)
    assert costs(MatMul(), inputs, wanted, trained=False) == taped(tape)


@wanted_and_trained
def test_a_computed_kernel_is_an_input(*, wanted: bool, trained: bool) -> None:
    tape, x, kernel = Tape(), Value(wanted=wanted), Value(wanted=trained)
    for _ in range(2 * 5):
        tape.dot((x, kernel) for _ in range(4))
    op = ComputedWeights(op=Dense(units=5), given=("kernel",))
    inputs = Tensor.of(batch=2, feature=4), Tensor.of(row=4, column=5)
    assert costs(op, inputs, [wanted, trained], trained=trained) == taped(tape)


@wanted_and_trained
def test_a_bilinear_product(*, wanted: bool, trained: bool) -> None:
    tape, x, w = Tape(), Value(wanted=wanted), Value("weight", trained)
    for _ in range(2 * 3 * 5):  # rows, units, second features: the product with the first
        tape.dot((x, w) for _ in range(4))
    inputs = Tensor.of(batch=2, feature=4), Tensor.of(batch=2, feature=5)
    assert costs(Bilinear(units=3), inputs, [wanted, wanted], trained=trained) == taped(tape)


def recur(
    tape: Tape, x: Value, w: Value, function: str, *, rows: int, steps: int, features: int,
    units: int, projection: int | None = None,
) -> Value:  # fmt: skip
    """Cells over a sequence; the gradient of the first state counts like the others."""
    state = Value(wanted=x.wanted or w.wanted)
    for _ in range(rows * steps):
        for _ in range(GATES[function] * units):
            gate = tape.dot((x, w) for _ in range(features))
            state = function_of(gate, tape.dot((state, w) for _ in range(projection or units)))
        for _ in range(projection or 0):
            tape.dot((state, w) for _ in range(units))
    return state


@wanted_and_trained
@pytest.mark.parametrize("function", GATES)
def test_recurrent_layers(function: Any, *, wanted: bool, trained: bool) -> None:
    x, w = Value(wanted=wanted), Value("weight", trained)
    sequence = Tensor.of(batch=2, time=3, feature=4)
    one, stacked, both = Tape(), Tape(), Tape()
    sizes: dict[str, Any] = {"rows": 2, "steps": 3}
    recur(one, x, w, function, features=4, units=5, **sizes)
    middle = recur(stacked, x, w, function, features=4, units=5, **sizes)
    recur(stacked, middle, w, function, features=5, units=2, **sizes)
    for _ in range(2):
        recur(both, x, w, function, features=4, units=5, **sizes)
    cell = Cell(function=function, units=5)
    layer = Recurrent(cells=(cell,))
    for op, tape in (
        (layer, one),
        (Recurrent(cells=(cell, Cell(function=function, units=2))), stacked),
        (Bidirectional(forward=layer, backward=layer), both),
        (RecurrentStack(function=function, units=5), one),
    ):
        assert costs(op, [sequence], [wanted], trained=trained) == taped(tape)


@wanted_and_trained
def test_levels_and_directions_with_a_projection(*, wanted: bool, trained: bool) -> None:
    tape, x, w = Tape(), Value(wanted=wanted), Value("weight", trained)
    sizes: dict[str, Any] = {"rows": 2, "steps": 3, "units": 5, "projection": 2}
    middle = [recur(tape, x, w, "lstm", features=4, **sizes) for _ in range(2)]
    for _ in range(2):
        recur(tape, function_of(*middle), w, "lstm", features=2 * 2, **sizes)
    op = RecurrentStack(function="lstm", units=5, levels=2, directions=2, projection=2)
    sequence = Tensor.of(batch=2, time=3, feature=4)
    assert costs(op, [sequence], [wanted], trained=trained) == taped(tape)


@pytest.mark.parametrize("wanted", list(itertools.product([True, False], repeat=2)))
@pytest.mark.parametrize("trained", [True, False])
def test_a_single_step_reads_its_state_as_an_input(
    wanted: tuple[bool, bool], *, trained: bool
) -> None:
    tape, w = Tape(), Value("weight", trained)
    x, state = (Value(wanted=each) for each in wanted)
    for _ in range(2 * 3 * 5):
        tape.dot((x, w) for _ in range(4))
        tape.dot((state, w) for _ in range(5))
    inputs = Tensor.of(batch=2, feature=4), Tensor.of(batch=2, feature=5)
    step = RecurrentStep(cells=(Cell(function="gru", units=5),))
    assert costs(step, inputs, wanted, trained=trained) == taped(tape)
    stack = RecurrentStack(function="gru", units=5, time=None)
    assert costs(stack, inputs, wanted, trained=trained) == taped(tape)


@wanted_and_trained
def test_a_convolutional_lstm(*, wanted: bool, trained: bool) -> None:
    tape, x, w = Tape(), Value(wanted=wanted), Value("weight", trained)
    state = Value(wanted=wanted or trained)
    for _ in range(2 * 3 * 4 * 4 * 9):  # batch, steps, positions, taps
        for _ in range(4 * 5):
            tape.dot((x, w) for _ in range(2))
            tape.dot((state, w) for _ in range(5))
    video = Tensor.of(batch=2, time=3, height=4, width=4, channel=2)
    op = ConvLSTM(filters=5, windows=window(3, padding="same"))
    assert costs(op, [video], [wanted], trained=trained) == taped(tape)


@pytest.mark.parametrize("wanted", [(True,) * 3, (False,) * 3])
def test_scaled_attention(wanted: tuple[bool, ...]) -> None:
    tape = Tape()
    query, key, value = (Value(wanted=each) for each in wanted)
    for _ in range(2 * 3 * 4):  # batch, heads, queries
        score = function_of(*(tape.dot((query, key) for _ in range(5)) for _ in range(6)))
        for _ in range(7):
            tape.dot((score, value) for _ in range(6))
    sizes = ((4, 5), (6, 5), (6, 7))
    inputs = [
        Tensor((Axis("batch", 2), Axis("head", 3), Axis("time", t), Axis("feature", f)))
        for t, f in sizes
    ]
    assert costs(ScaledAttention(), inputs, wanted, trained=False) == taped(tape)


@wanted_and_trained
def test_attention_in_heads(*, wanted: bool, trained: bool) -> None:
    tape, x, w = Tape(), Value(wanted=wanted), Value("weight", trained)
    heads, size, steps, features = 2, 3, 4, 6
    for _ in range(2):  # batch
        for _ in range(3 * steps * heads * size):
            projected = tape.dot((x, w) for _ in range(features))
        for _ in range(heads * steps):
            for _ in range(steps):
                score = tape.dot((projected, projected) for _ in range(size))
            for _ in range(size):
                head = tape.dot((score, projected) for _ in range(steps))
        for _ in range(steps * features):
            tape.dot((head, w) for _ in range(heads * size))
    op = MultiHeadAttention(heads=heads, key_size=size, value_size=size)
    sequence = Tensor.of(batch=2, time=steps, channel=features)
    assert costs(op, [sequence], [wanted], trained=trained) == taped(tape)
