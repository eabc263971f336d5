"""Memory: invariants, worked examples, checkpointing, the largest batch."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import convcost
from convcost.count import Workload, count
from convcost.errors import UsageError
from convcost.network.builder import BATCH, Builder
from convcost.network.tensor import Tensor
from convcost.ops.activation import Activation
from convcost.ops.conv import Conv
from convcost.ops.dense import Dense
from convcost.ops.input import Input
from convcost.ops.merge import Concatenate, Merge
from convcost.ops.norm import BatchNorm
from convcost.ops.pool import GlobalPool, Pool
from convcost.ops.reduce import Reduce
from convcost.ops.regularization import Dropout
from convcost.ops.reshape import Flatten
from convcost.ops.unknown import Unknown
from convcost.ops.window import window
from convcost.report.views.memory import answer
from convcost.runtime import load
from convcost.runtime.memory import memory, within
from convcost.zoo import names

if TYPE_CHECKING:
    from convcost.network.network import Network

RUNTIMES = ("torch", "keras-tensorflow")


def chain(*ops: Any, features: int = 16) -> Network:
    b = Builder("chain", framework="torch")
    x = b.add(Input(Tensor.of(batch=BATCH, feature=features)), name="input")
    for position, op in enumerate(ops):
        x = b.add(op, x, name=f"layer_{position}")
    return b.build()


@st.composite
def networks(draw: st.DrawFn) -> Network:
    """Chains with branches that are added or joined, ending in a classifier."""
    b = Builder("random", framework="torch")
    x = b.add(Input(Tensor.of(batch=BATCH, channel=3, height=8, width=8)), name="input")
    for _ in range(draw(st.integers(1, 8))):
        kind = draw(st.sampled_from(["conv", "norm", "relu", "silu", "dropout", "pool", "add",
                                     "join", "gate"]))  # fmt: skip
        same = Conv(filters=4, windows=window(3, padding=(1, 1)))
        if kind == "conv":
            x = b.add(same, x)
        elif kind == "add":
            y = b.add(same, x)
            x = b.add(Merge("add"), y, b.add(Activation("relu"), b.add(same, x)))
        elif kind == "join":
            x = b.add(Concatenate("channel"), x, b.add(same, x))
        elif kind == "gate":
            y = b.add(same, x)
            x = b.add(Merge("multiply"), y, b.add(Activation("sigmoid"), y))
        else:
            x = b.add(
                {
                    "norm": BatchNorm(),
                    "relu": Activation("relu"),
                    "dropout": Dropout(0.3),
                    "silu": Activation("silu"),
                    "pool": Pool(function="max", windows=window(3, padding=(1, 1))),
                }[kind],
                x,
            )
    x = b.add(GlobalPool(function="average", axes=("height", "width")), x)
    b.add(Dense(units=5), b.add(Flatten(), x))
    return b.build()


def train(**more: Any) -> Workload:
    return Workload(training=True, loss="cross-entropy", **more)


def test_a_chain_by_hand() -> None:
    """Per sample: input 64 B, hidden 40 B twice, output 12 B; the loss keeps 12 + 8 and 4 B."""
    net = chain(Dense(units=10), Activation("relu"), Dense(units=3))
    weights = 4 * (16 * 10 + 10 + 10 * 3 + 3)
    inference = memory(net, Workload(batch=2))
    assert [step.bytes for step in inference.steps] == [128, 128 + 80, 128 + 160, 128 + 80 + 24]
    assert inference.peak == weights + 288
    step = memory(net, train(batch=2, optimizer="adam"))
    assert step.saved == 128 + 80 + (24 + 16 + 4)
    assert (step.parameters, step.gradients) == (weights, weights)
    assert step.state == 2 * weights + 4 * 4
    alive = {(s.phase, s.layer): s.bytes for s in step.steps}
    assert alive["forward", "layer_1"] == 128 + 80 + 80
    # input, what relu keeps, the result, what the loss keeps and its gradient, the gradients of
    # the result and of the loss
    assert alive["backward", "loss"] == 128 + 80 + 44 + 4 + 4 + 24
    last = 4 * (10 * 3 + 3)
    # the loss and its own are held and gone; the last layer's weights have gradients from now on
    assert alive["backward", "layer_2"] == 128 + 80 + 4 + 24 + 80 + last
    assert step.steps[-1].phase == "update"


def test_sums_are_kept_by_nobody_and_their_gradient_is_passed_on() -> None:
    b = Builder("residual", framework="torch")
    x = b.add(Input(Tensor.of(batch=BATCH, feature=4)), name="input")
    left, right = b.add(Dense(units=4), x, name="left"), b.add(Dense(units=4), x, name="right")
    b.add(Merge("add"), left, right, name="sum")
    found = memory(b.build(), Workload(batch=1, training=True))
    assert {layer.name: layer.saved for layer in found.layers} == {
        "input": 0, "left": 16, "right": 0, "sum": 0,
    }  # fmt: skip
    alive = {(s.phase, s.layer): s.bytes for s in found.steps}
    assert alive["backward", "sum"] == 16 + 16 + 16  # input, result, one gradient


def test_a_tensor_with_other_readers_has_a_gradient_of_its_own() -> None:
    """`right` reads the sum's gradient while it makes its part of that of `left`."""
    b = Builder("residual", framework="torch")
    x = b.add(Input(Tensor.of(batch=BATCH, feature=4)), name="input")
    left = b.add(Dense(units=4), x, name="left")
    right = b.add(Dense(units=4), left, name="right")
    b.add(Merge("add"), left, right, name="sum")
    found = memory(b.build(), Workload(batch=1, training=True))
    alive = {(s.phase, s.layer): s.bytes for s in found.steps}
    weights = 4 * (4 * 4 + 4)
    # input, result, what `right` keeps; the gradients of sum and `left`, of the parameters
    assert alive["backward", "right"] == 16 + 16 + 16 + 16 + 16 + weights


@given(net=networks(), batch=st.integers(1, 5), runtime=st.sampled_from(RUNTIMES),
       training=st.booleans())  # fmt: skip
@settings(deadline=None, max_examples=60)
def test_the_peak_holds_every_layers_operands(
    net: Network, batch: int, runtime: str, training: bool
) -> None:
    workload = train(batch=batch) if training else Workload(batch=batch)
    found = memory(net, workload, runtime=load(runtime))
    bound = net.bind({"N": batch})
    overwrites = runtime == "keras-tensorflow"
    for layer in bound.layers:
        call = bound.call(layer)
        operands = {ref: bound.tensor(ref).bytes for ref in layer.inputs}
        written = 0 if overwrites or not layer.op.touches_data(call) else call.output_bytes
        assert found.peak >= sum(operands.values()) + written
    assert all(step.bytes >= 0 for step in found.steps)
    assert found.peak >= found.stored
    if training:
        kept = next(s.bytes for s in found.steps if (s.phase, s.layer) == ("forward", "loss"))
        assert kept >= found.saved
        assert found.peak >= found.stored + found.gradients


@given(net=networks(), a=st.integers(1, 40), b=st.integers(1, 40), dtype=st.sampled_from(
    [None, "float16"]), training=st.booleans())  # fmt: skip
@settings(deadline=None, max_examples=40)
def test_every_step_is_affine_in_the_batch(
    net: Network, a: int, b: int, dtype: str | None, training: bool
) -> None:
    def steps(batch: int) -> list[int]:
        workload = Workload(batch=batch, dtype=dtype)
        if training:
            workload = replace(workload, training=True, loss="cross-entropy")
        found = memory(net, workload)
        return [found.saved, *(step.bytes for step in found.steps)]

    sums = zip(steps(a), steps(b), steps(a + b - 1), steps(1), strict=True)
    assert all(one + other == both + single for one, other, both, single in sums)


@given(net=networks(), batch=st.integers(1, 4), runtime=st.sampled_from(RUNTIMES))
@settings(deadline=None, max_examples=60)
def test_checkpointing_never_keeps_more(net: Network, batch: int, runtime: str) -> None:
    whole = memory(net, train(batch=batch), runtime=load(runtime))
    cut = memory(net, train(batch=batch), runtime=load(runtime), checkpoint=True)
    assert cut.saved <= whole.saved
    assert cut.checkpoint is not None
    assert cut.checkpoint.saved_without == whole.saved
    assert cut.stored + cut.checkpoint.peak_without == whole.peak
    again = [step.layer for step in cut.steps if step.phase == "recompute"]
    assert bool(again) is bool(cut.checkpoint.after)
    backward = [[s.layer for s in m.steps if s.phase == "backward"] for m in (whole, cut)]
    assert backward[0] == backward[1]
    everything = [layer.name for layer in net.layers]
    assert cut.checkpoint.recomputed is not None
    forward = convcost.count(net, batch=batch, training=True).total.forward
    assert cut.checkpoint.recomputed.macs <= forward.macs
    assert set(again) <= set(everything)


def test_checkpoints_by_hand() -> None:
    """Three equal segments behind chosen layers: two kept inputs and one segment at a time."""
    net = chain(*(op for _ in range(6) for op in (Dense(units=16), Activation("tanh"))))
    whole = memory(net, Workload(batch=1, training=True))
    assert whole.saved == 64 * 7  # the input and every result of tanh, which the next layer reads
    cut = memory(net, Workload(batch=1, training=True), checkpoint=("layer_3", "layer_7"))
    assert cut.checkpoint is not None
    assert [s.recomputed for s in cut.checkpoint.segments] == [True, True, False]
    assert cut.saved == 64 * 5  # in the last segment 2 and what enters it; what enters the others
    assert cut.checkpoint.recomputed is not None
    assert cut.checkpoint.recomputed.macs == 4 * 16 * 16
    with pytest.raises(UsageError, match="layer to checkpoint 'layer_77'"):
        memory(net, Workload(training=True), checkpoint=("layer_77",))


@given(net=networks(), limit=st.integers(1_000, 3_000_000), training=st.booleans())
@settings(deadline=None, max_examples=30)
def test_the_largest_batch_fits_and_the_next_does_not(
    net: Network, limit: int, training: bool
) -> None:
    workload = train(optimizer="momentum") if training else Workload()
    found = within(net, limit, workload)
    if found.fits:
        assert found.needed <= limit
        larger = replace(workload, batch=found.workload.batch + 1)
        assert memory(net, larger).needed > limit
    else:
        assert found.workload.batch == 1
        assert memory(net, workload).needed > limit


@pytest.mark.parametrize("limit", [0, -5])
def test_a_memory_that_holds_nothing(limit: int) -> None:
    with pytest.raises(UsageError, match="expected at least 1"):
        within(chain(Dense(units=3)), limit)


def test_half_precision_keeps_single_precision_copies() -> None:
    net = chain(Dense(units=10), Dense(units=3))
    weights = 16 * 10 + 10 + 10 * 3 + 3
    wide, narrow = (
        memory(net, train(optimizer="adam", dtype=dtype)) for dtype in (None, "bfloat16")
    )
    assert (wide.parameters, wide.master, wide.gradients) == (4 * weights, 0, 4 * weights)
    assert (narrow.parameters, narrow.master) == (2 * weights, 4 * weights)
    assert (narrow.gradients, narrow.state) == (2 * weights, wide.state)
    assert memory(net, Workload(dtype="bfloat16")).master == 0


def test_a_runtime_that_overwrites_needs_less_at_inference() -> None:
    net = chain(Dense(units=10), Activation("relu"), Dense(units=3))
    peaks = [memory(net, Workload(batch=4), runtime=load(name)).peak_step for name in RUNTIMES]
    assert peaks[0].bytes == 4 * (64 + 40 + 40)
    assert peaks[1].bytes == 4 * (64 + 40 + 12)


def test_an_unknown_layer_is_said() -> None:
    x = Tensor.of(batch=BATCH, feature=8)
    net = chain(Unknown(name="Capsule", results=(x,)), Dense(units=3))
    found = memory(net, train())
    assert [part.layer for part in found.unknown] == ["layer_0"]
    assert found.to_dict()["complete"] is False


def test_a_lost_part_of_the_source_is_said() -> None:
    net = replace(chain(Dense(units=3)), missing=("the table is cut off",))
    found = memory(net)
    assert [(part.what, part.parameters_known) for part in found.unknown] == [
        ("part of the source", False)
    ]
    assert found.to_dict()["complete"] is False
    assert answer(found).startswith("chain: at least ")


def test_a_step_without_a_way_back_is_said() -> None:
    """Whole numbers lead to no gradient: nothing is kept, and that is not the whole step."""
    net = chain(Dense(units=3), Reduce(function="argmax", positions=(1,), dtype="int64"))
    found = memory(net, Workload(training=True))
    assert [part.what for part in found.unknown] == ["backward pass"]
    assert found.unknown == count(net, Workload(training=True)).unknown
    assert not memory(net).unknown


@pytest.mark.parametrize("name", [name for name in names() if name != "seed004"])
def test_every_zoo_network(name: str) -> None:
    """On PyTorch exact; a step needs more than inference."""
    net = convcost.read(f"zoo:{name}")
    kept = convcost.memory(net, training=True, runtime="torch")
    assert kept.exact
    assert not kept.unknown
    assert kept.peak > convcost.memory(net, runtime="torch").peak
    assert sum(layer.saved for layer in kept.layers) == kept.saved


def test_estimates_are_marked() -> None:
    net = convcost.read("zoo:seed000")
    assert net.framework == "keras"
    assert not convcost.memory(net, training=True).exact
    assert convcost.memory(net, training=True, runtime="torch").exact


@pytest.mark.parametrize("wrong", ["8 apples", "", "0", "-1GB", "8..5GB", "1e9"])
def test_a_limit_that_is_no_size(wrong: str) -> None:
    with pytest.raises(UsageError, match="size"):
        convcost.memory(chain(Dense(units=3)), within=wrong)
