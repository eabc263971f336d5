"""Costs of layers against literal loops and sums written out by hand."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convcost.errors import NetworkError
from convcost.network.builder import Builder
from convcost.network.dims import symbols
from convcost.network.evaluation import evaluate
from convcost.network.op import Call, Op
from convcost.network.parameter import Parameter
from convcost.network.tensor import Tensor
from convcost.ops.bidirectional import Bidirectional
from convcost.ops.cell import Cell
from convcost.ops.chain import Chain
from convcost.ops.conv import Conv
from convcost.ops.conv_lstm import ConvLSTM
from convcost.ops.conv_transpose import ConvTranspose, transposed_size
from convcost.ops.dense import Dense
from convcost.ops.embedding import Embedding
from convcost.ops.input import Input
from convcost.ops.layer_norm import GroupNorm
from convcost.ops.locally_connected import LocallyConnected
from convcost.ops.multi_head_attention import MultiHeadAttention
from convcost.ops.pool import AdaptivePool, GlobalPool
from convcost.ops.recurrent import Recurrent
from convcost.ops.reshape import Flatten
from convcost.ops.spectral_norm import SpectralNorm
from convcost.ops.time_distributed import TimeDistributed
from convcost.ops.unknown import Unknown
from convcost.ops.window import Window, window

IMAGE = Tensor.of(batch=2, height=6, width=5, channel=3)
WINDOW_AXES = ("height", "width")
SEQUENCE = Tensor.of(batch=2, time=7, channel=5)


def call(op: Op, *inputs: Tensor, mode: str = "inference") -> Call:
    weights = tuple(Parameter(w.name, w.shape, learned=w.learned) for w in op.weights(*inputs))
    return Call(inputs, op.outputs(*inputs), weights, mode)  # type: ignore[arg-type]


@given(
    size=st.integers(1, 9),
    kernel=st.integers(1, 5),
    stride=st.integers(1, 4),
    dilation=st.integers(1, 3),
    same=st.booleans(),
    more=st.integers(0, 3),
)
def test_a_transposed_convolution_is_the_loop_over_its_inputs(
    size, kernel, stride, dilation, same, more
):
    added = more if more < stride else None
    w = Window("width", kernel, stride, dilation, "same" if same else "valid")
    op = ConvTranspose(filters=2, windows=(w,), output_padding=() if added is None else (added,))
    x = Tensor.of(batch=1, width=size, channel=3)
    made = call(op, x)
    outputs = made.outputs[0].size("width")
    before, _ = w.pads(outputs)
    products = inside = 0
    for i, tap in product(range(size), range(kernel)):
        products += 3 * 2
        inside += 3 * 2 * (0 <= i * stride + tap * dilation - before < outputs)
    assert op.equations(made)[0].macs == products
    if w.output(outputs) == size:  # TensorFlow refuses the other output paddings
        assert op.padding_macs(made) == products - inside


def test_transposed_sizes_are_symbolic_too():
    x, k, s = symbols("X K S")
    size = transposed_size(Window("width", k, s), x)
    for values in product((3, 7), (1, 2, 5), (1, 3)):
        numbers = dict(zip("XKS", values, strict=True))
        plain = transposed_size(Window("width", numbers["K"], numbers["S"]), numbers["X"])
        assert evaluate(size, numbers) == plain


def test_groups_of_a_transposed_convolution_have_to_divide():
    with pytest.raises(NetworkError, match="3 input channels cannot be split into 2 groups"):
        ConvTranspose(filters=4, windows=window(2), groups=2).outputs(IMAGE)
    with pytest.raises(NetworkError, match="no causal padding"):
        ConvTranspose(filters=4, windows=window(2, padding="causal")).outputs(IMAGE)


def test_a_locally_connected_layer_has_weights_of_a_dense_one_and_work_of_a_convolution():
    local = LocallyConnected(filters=4, windows=window(3))
    conv = Conv(filters=4, windows=window(3))
    assert local.equations(call(local, IMAGE)) == conv.equations(call(conv, IMAGE))
    assert [w.shape for w in local.weights(IMAGE)] == [(12, 27, 4), (4, 3, 4)]


@given(size=st.integers(1, 40), parts=st.integers(1, 12))
def test_adaptive_windows_are_those_of_pytorch(size, parts):
    taps = sum(-(-(i + 1) * size // parts) - i * size // parts for i in range(parts))
    x = Tensor.of(batch=1, time=size, channel=2)
    pools = [AdaptivePool(function=f, parts=(("time", parts),)) for f in ("average", "max")]
    average, largest = (pool.elementwise(call(pool, x)) for pool in pools)
    assert average == 2 * taps
    assert largest == 2 * (taps - parts)


@pytest.mark.parametrize(
    ("cell", "per_unit"),
    [
        # the two products added, the bias; tanh
        (Cell(function="simple", units=4), 2 + 1),
        # 4 gates of (add, bias); 3 sigmoids of 4; 2 tanh; f*c + i*g, o*tanh(c)
        (Cell(function="lstm", units=4), 4 * 2 + 3 * 4 + 2 + 4),
        # 3 gates of (add, two biases); 2 sigmoids; tanh; r*h; z*h + (1-z)*g
        (Cell(function="gru", units=4, biases=2), 3 * 3 + 2 * 4 + 1 + 5),
        (Cell(function="lstm", units=4, biases=0, activation="relu"), 4 + 3 * 4 + 2 + 4),
    ],
)
def test_gates_are_charged_per_unit_and_step(cell, per_unit):
    op = Recurrent(cells=(cell,))
    assert op.elementwise(call(op, SEQUENCE)) == per_unit * 2 * 7 * 4


def test_steps_are_along_a_named_axis_wherever_it_stands():
    cell = Cell(function="gru", units=4)
    first = Recurrent(cells=(cell,), return_sequences=True)
    x = Tensor.of(time=7, batch=2, feature=5)
    assert first.outputs(x)[0].shape == (7, 2, 4)
    assert Recurrent(cells=(cell,)).outputs(x)[0].names == ("batch", "feature")
    macs = [sum(e.macs for e in first.equations(call(first, t))) for t in (x, SEQUENCE)]
    assert macs[0] == macs[1] == 2 * 7 * 3 * 4 * (5 + 4)


def test_a_convolutional_lstm_pads_its_state_but_not_its_input():
    x = Tensor.of(batch=1, time=2, width=4, channel=1)
    op = ConvLSTM(filters=1, windows=(Window("width", 3),))
    made = call(op, x)
    # outputs of 2: the state's 3 taps meet 2 zeros per step, for 4 gates
    assert op.padding_macs(made) == 2 * 4 * 2
    assert sum(e.macs for e in op.equations(made)) == 2 * 2 * 3 * (1 + 1) * 4


def test_only_rows_that_are_used_are_read():
    words = Tensor.of(batch=3, time=5, dtype="int32")
    for entries, rows in ((1000, 15), (10, 10)):
        op = Embedding(entries=entries, units=4)
        cost = op.cost("forward", call(op, words))
        assert cost.weight_bytes == rows * 4 * 4
        assert cost.read_bytes == 15 * 4 + cost.weight_bytes
        assert cost.macs == cost.elementwise == 0


def test_time_distributed_is_the_layer_at_a_larger_batch():
    video = Tensor.of(batch=2, time=7, height=6, width=5, channel=3)
    frames = Tensor.of(batch=14, height=6, width=5, channel=3)
    conv = Conv(filters=4, windows=window(3, padding="same"), activation="relu")
    steps = TimeDistributed(op=conv)
    assert steps.cost("forward", call(steps, video)) == conv.cost("forward", call(conv, frames))
    assert steps.padding_macs(call(steps, video)) == conv.padding_macs(call(conv, frames))
    assert steps.equations(call(steps, video))[0].per_sample.startswith("7*")


def test_the_cost_of_an_unknown_layer_inside_is_unknown():
    inner = Unknown(name="Capsule", results=(Tensor.of(batch=2, feature=3),))
    assert Chain((Flatten(), inner)).cost("forward", call(Chain((Flatten(), inner)), IMAGE)) is None
    steps = TimeDistributed(op=inner)
    assert steps.cost("forward", call(steps, SEQUENCE)) is None


def test_two_directions_cost_twice_and_their_merge():
    lstm = Recurrent(cells=(Cell(function="lstm", units=4),), return_sequences=True)
    once = lstm.cost("forward", call(lstm, SEQUENCE))
    for merge, charged in (("concat", 0), ("sum", 1), ("mul", 1), ("ave", 2), (None, 0)):
        both = Bidirectional(forward=lstm, backward=lstm, merge=merge)
        cost = both.cost("forward", call(both, SEQUENCE))
        assert cost.macs == 2 * once.macs
        assert cost.elementwise == 2 * once.elementwise + charged * 2 * 7 * 4
        assert cost.weight_bytes == 2 * once.weight_bytes


def test_power_iterations_are_training_only():
    op = SpectralNorm(op=Dense(units=8), iterations=2)
    x = Tensor.of(batch=2, feature=16)
    inference, training = (
        op.cost("forward", call(op, x, mode=mode)) for mode in ("inference", "training")
    )
    assert inference.macs == 2 * 16 * 8
    assert training.macs - inference.macs == 5 * 16 * 8 + 8
    assert training.write_bytes - inference.write_bytes == 4 * (16 * 8 + 8)


def test_heads_that_share_keys_save_projections_not_scores():
    full = MultiHeadAttention(heads=4, key_size=2, value_size=2, bias=False)
    shared = MultiHeadAttention(heads=4, key_heads=1, key_size=2, value_size=2, bias=False)
    macs = [[e.macs for e in op.equations(call(op, SEQUENCE))] for op in (full, shared)]
    query, key = 2 * 7 * 5 * 8, 2 * 7 * 5 * 2
    scores = 2 * 4 * 7 * 7 * 2
    assert macs == [[query] * 3 + [scores] * 2 + [query], [query, key, key, scores, scores, query]]
    with pytest.raises(NetworkError, match="4 query heads do not share 3 key heads"):
        MultiHeadAttention(heads=4, key_heads=3, key_size=2, value_size=2).outputs(SEQUENCE)


def test_a_chain_refuses_what_an_op_inside_of_it_refuses():
    """At once where sizes are numbers, else when they are bound."""
    ops = (
        Chain((GroupNorm(groups=3),)),
        Chain((Conv(filters=8, windows=window(5)), GlobalPool(function="max", axes=WINDOW_AXES))),
        TimeDistributed(op=Chain((GroupNorm(groups=3),)), inner=IMAGE.names),
    )
    side, channels = symbols("X C")
    image = {"height": side, "width": side, "channel": channels}
    open_ = (Tensor.of(batch=1, **image),) * 2 + (Tensor.of(batch=1, time=4, **image),)
    for op, tensor in zip(ops, open_, strict=True):
        b = Builder("chain")
        b.add(op, b.add(Input(tensor)))
        net = b.build()
        assert net.bind({"X": 6, "C": 6}).layers[-1].outputs
        with pytest.raises(NetworkError, match=r"split into 3 groups|height = -1"):
            net.bind({"X": 3, "C": 4})
        possible = net.feasible({"X": np.array([6, 3]), "C": np.array([6, 4])})
        assert possible.tolist() == [True, False]
    with pytest.raises(NetworkError, match="its conv would have height = -1"):
        ops[1].outputs(Tensor.of(batch=1, height=3, width=3, channel=1))


def test_two_directions_have_the_conditions_of_each():
    (kernel,) = symbols("K")
    lstm = ConvLSTM(filters=2, windows=window(kernel, padding="same"), return_sequences=True)
    b = Builder("both")
    video = Tensor.of(batch=1, time=3, height=6, width=5, channel=1)
    b.add(Bidirectional(forward=lstm, backward=lstm), b.add(Input(video)))
    assert b.build().bind({"K": 3}).layers[-1].outputs
    with pytest.raises(NetworkError, match="kernel"):
        b.build().bind({"K": 0})
