"""What the gradient of every op has to fulfil."""

from __future__ import annotations

import dataclasses
import inspect
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convcost.network.builder import BATCH
from convcost.network.cost import Cost
from convcost.network.op import Op
from convcost.ops.augmentation import Augmentation
from convcost.ops.constant import Constant
from convcost.ops.copy import Fill
from convcost.ops.embedding import Embedding
from convcost.ops.input import Input
from convcost.ops.preparation import (
    CategoryEncoding,
    Discretization,
)
from convcost.ops.reshape import Flatten, Reshape
from convcost.ops.unknown import Unknown
from convcost.ops.view import View
from support.op_samples import SAMPLES, call_of, each_op, each_sample

if TYPE_CHECKING:
    from support.op_sample import Sample

BACKWARD = ("backward_data", "backward_weights")

#: Ops without a gradient, and why.
NO_GRADIENT = {
    Augmentation: "what it does depends on random numbers; its input is data, which has none",
    CategoryEncoding: "category numbers are not differentiable",
    Constant: "no inputs; its own gradient is written by the layers that read it",
    Discretization: "numbers of intervals are not differentiable",
    Fill: "no inputs and no parameters",
    Flatten: "a view: the gradient is one too",
    Input: "no inputs",
    Reshape: "a view: the gradient is one too",
    Unknown: "no rule",
    View: "a view; an expansion's sums are charged by its own rule",
}


def backward_cost(sample: Sample, batch: Any, phase: Any) -> Any:
    op, call = call_of(sample, batch, "training")
    return op.cost(phase, call)


def has_gradient(kind: type[Op]) -> bool:
    """Whether every sample has a rule of its own."""
    if kind.gradient is Op.gradient and "cost" not in vars(kind):
        return False
    return all(
        backward_cost(sample, 2, phase) is not None
        for sample in SAMPLES[kind]
        for phase in BACKWARD
    )


@each_op
def test_every_op_has_a_gradient_or_a_reason(kind: type[Op]) -> None:
    defines = kind.gradient is not Op.gradient
    assert defines or kind in NO_GRADIENT or has_gradient(kind), (
        f"give {kind.__name__} a gradient, or say in NO_GRADIENT why it has none"
    )
    assert not (defines and kind in NO_GRADIENT)
    if kind not in NO_GRADIENT:
        assert has_gradient(kind)


@each_sample
@pytest.mark.parametrize("phase", BACKWARD)
def test_a_gradient_is_written_once(sample: Sample, phase: str) -> None:
    """Integers; the results are those of the inputs or of the learned parameters."""
    op, call = call_of(sample, 2, "training")
    cost = op.cost(phase, call)  # type: ignore[arg-type]
    if type(op) in NO_GRADIENT:
        assert type(op) in {Unknown, Augmentation, View} or cost == Cost()
        return
    assert cost is not None
    assert all(type(figure) is int and figure >= 0 for figure in dataclasses.astuple(cost))
    written = {
        "backward_data": sum(t.bytes for t in call.inputs if "float" in t.dtype),
        "backward_weights": sum(p.bytes for p in call.parameters if p.trainable),
    }[phase]
    if "training" in sample.view_in or (isinstance(op, Embedding) and phase == "backward_data"):
        written = 0
    assert cost.write_bytes == written
    assert written == 0 or cost.read_bytes >= sum(t.bytes for t in call.outputs)


@each_sample
@settings(deadline=None, max_examples=10)
@given(a=st.integers(1, 64), b=st.integers(1, 64), phase=st.sampled_from(BACKWARD))
def test_gradients_are_affine_in_the_batch(sample: Sample, a: int, b: int, phase: str) -> None:
    costs = [backward_cost(sample, n, phase) for n in (a, b, a + b - 1, 1)]
    if costs[0] is None:
        assert costs == [None] * 4
        return
    first, second, together, one = map(dataclasses.astuple, costs)
    sums = [
        [x + y for x, y in zip(*pair, strict=True)] for pair in ((first, second), (together, one))
    ]
    assert sums[0] == sums[1]


@each_sample
@pytest.mark.parametrize("phase", BACKWARD)
def test_a_symbolic_batch_gives_the_same_gradient(sample: Sample, phase: str) -> None:
    symbolic, numbers = (backward_cost(sample, batch, phase) for batch in (BATCH, 5))
    if numbers is None:
        assert symbolic is None
    else:
        assert symbolic.evaluate({"N": 5}) == numbers.evaluate({})


@each_sample
def test_nobody_waits_for_a_gradient(sample: Sample) -> None:
    """Frozen, and nothing before it: nothing is computed."""
    op, call = call_of(sample, 2, "training")
    frozen = tuple(dataclasses.replace(p, trainable=False) for p in call.parameters)
    unwanted = dataclasses.replace(call, parameters=frozen, wanted=(False,) * len(call.inputs))
    if isinstance(op, Unknown):
        return
    assert [op.cost(phase, unwanted) for phase in BACKWARD] == [Cost()] * 2  # type: ignore[arg-type]


@each_op
def test_what_a_gradient_charges_is_documented(kind: type[Op]) -> None:
    for sample in SAMPLES[kind]:
        costs = [backward_cost(sample, 2, phase) for phase in BACKWARD]
        if any(cost is not None and cost.elementwise for cost in costs):
            assert "radient" in (inspect.getdoc(kind) or "")
