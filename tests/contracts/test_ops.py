"""What every op has to fulfil. An op without a sample here fails: an addition is then half done."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pkgutil
from math import prod
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import convcost
from convcost import ops
from convcost.count import Workload, count
from convcost.errors import NetworkError
from convcost.network.builder import BATCH, Builder
from convcost.network.evaluation import substitute
from convcost.network.op import Op
from convcost.ops.input import Input
from convcost.ops.unknown import Unknown
from convcost.write.exchange import to_text
from support.op_sample import MODES, Sample, image
from support.op_samples import SAMPLES, call_of, each_mode, each_op, each_sample

if TYPE_CHECKING:
    from convcost.network.parameter import Weight


def defined() -> list[type[Op]]:
    """Every op class, found by the folder."""
    found: list[type[Op]] = []
    for file in pkgutil.iter_modules(ops.__path__):
        module = importlib.import_module(f"convcost.ops.{file.name}")
        classes = (value for value in vars(module).values() if inspect.isclass(value))
        found += [c for c in classes if issubclass(c, Op) and c.__module__ == module.__name__]
    return found


OPS = defined()


def cost_of(sample: Sample, batch: Any, mode: str) -> dict[str, Any]:
    """The figures, in a dict; an unknown cost is a failure."""
    op, call = call_of(sample, batch, mode)
    cost = op.cost("forward", call)
    assert cost is not None
    return dataclasses.asdict(cost) | {"flops": cost.flops}


def modes_of(sample: Sample) -> tuple[str, ...]:
    """Modes whose cost is known."""
    return ("inference",) if sample.trains_unknown else MODES


def nbytes(*shapes: tuple[Any, ...]) -> int:
    """Bytes of 32-bit numbers."""
    return sum(4 * prod(shape) for shape in shapes)


def test_every_op_has_a_sample() -> None:
    without = sorted(kind.__name__ for kind in OPS if not SAMPLES.get(kind))
    assert not without, f"add a sample here for {', '.join(without)}"


def test_kinds_are_unique() -> None:
    kinds = [kind.__dict__["kind"] for kind in OPS]
    assert len(set(kinds)) == len(kinds)
    assert all(kind.isidentifier() and kind.islower() for kind in kinds)


@each_op
def test_an_op_is_a_frozen_documented_value(kind: type[Op]) -> None:
    assert dataclasses.is_dataclass(kind)
    documentation = inspect.getdoc(kind) or ""
    assert ">>>" in documentation
    for sample in SAMPLES[kind]:
        (op, _), (again, _) = sample.make(2), sample.make(2)
        assert type(op) is kind
        assert op == again
        assert hash(op) == hash(again)
        assert dataclasses.replace(op) == op
        for name in ("kind", *(field.name for field in dataclasses.fields(op))):
            with pytest.raises(dataclasses.FrozenInstanceError):
                setattr(op, name, None)


@each_op
def test_what_is_charged_is_documented(kind: type[Op]) -> None:
    charged = any(
        cost_of(sample, 2, mode)["elementwise"] > 0
        for sample in SAMPLES[kind]
        for mode in modes_of(sample)
        if sample.known
    )
    assert not charged or "Element-wise" in (inspect.getdoc(kind) or "")


@each_sample
@each_mode
def test_a_cost_is_integers_of_at_least_zero(sample: Sample, mode: str) -> None:
    op, call = call_of(sample, 2, mode)
    cost = op.cost("forward", call)
    if not sample.known or mode not in modes_of(sample):
        assert cost is None  # never zero
        return
    for name, figure in cost_of(sample, 2, mode).items():
        assert type(figure) is int, name
        assert figure >= 0, name


@each_sample
@each_mode
def test_bytes_are_operands_once_and_results_once(sample: Sample, mode: str) -> None:
    if not sample.known or mode not in modes_of(sample):
        assert call_of(sample, 2, mode)[0].cost("forward", call_of(sample, 2, mode)[1]) is None
        return
    op, inputs = sample.make(2)
    cost = cost_of(sample, 2, mode)
    if mode in sample.view_in:
        assert set(cost.values()) == {0}
        return
    weights = nbytes(*(weight.shape for weight in op.weights(*inputs)))
    if sample.weights_read is not None:
        weights = sample.weights_read
    extra = sample.written_in_training if mode == "training" else 0
    assert cost["weight_bytes"] == weights
    operands = nbytes(*(tensor.shape for tensor in inputs)) + weights
    assert cost["read_bytes"] == operands + sample.targets_read
    assert cost["write_bytes"] == nbytes(*(t.shape for t in op.outputs(*inputs))) + extra


@each_sample
def test_training_does_no_less_than_inference(sample: Sample) -> None:
    if not sample.known:
        assert not any(call_of(sample, 2, m)[0].cost("forward", call_of(sample, 2, m)[1])
                       for m in MODES)  # fmt: skip
        return
    if sample.trains_unknown:
        return
    inference, training = (cost_of(sample, 2, mode) for mode in MODES)
    for name, figure in inference.items():
        assert training[name] >= figure, name
    assert (training["macs"] > inference["macs"]) is sample.trains_by_products


@each_sample
@settings(deadline=None, max_examples=15)
@given(a=st.integers(1, 64), b=st.integers(1, 64), mode=st.sampled_from(MODES))
def test_costs_are_affine_in_the_batch(sample: Sample, a: int, b: int, mode: str) -> None:
    if not sample.known or mode not in modes_of(sample):
        op, call = call_of(sample, a, mode)
        assert op.cost("forward", call) is None
        return
    apart = [cost_of(sample, a, mode), cost_of(sample, b, mode)]
    together = [cost_of(sample, a + b - 1, mode), cost_of(sample, 1, mode)]
    for name in apart[0]:
        assert apart[0][name] + apart[1][name] == together[0][name] + together[1][name], name


@each_sample
@each_mode
def test_a_symbolic_batch_gives_the_same_formula(sample: Sample, mode: str) -> None:
    symbolic, numbers = (call_of(sample, batch, mode) for batch in (BATCH, 5))
    shapes = [
        [
            tuple(substitute(size, {"N": 5}) for size in tensor.shape)
            for tensor in (*call.inputs, *call.outputs)
        ]
        for _, call in (symbolic, numbers)
    ]
    assert shapes[0] == shapes[1]
    costs = [op.cost("forward", call) for op, call in (symbolic, numbers)]
    if not sample.known or mode not in modes_of(sample):
        assert costs == [None, None]
        return
    assert costs[0] is not None
    assert costs[1] is not None
    assert costs[0].evaluate({"N": 5}) == costs[1].evaluate({})


@each_sample
def test_work_follows_from_the_loops(sample: Sample) -> None:
    op, call = call_of(sample, 2)
    equations = op.equations(call)
    for equation in equations:
        assert equation.macs == equation.outputs * equation.reduction
        assert prod(loop.size for loop in equation.loops) == equation.macs
    if sample.known:
        assert cost_of(sample, 2, "inference")["macs"] == sum(e.macs for e in equations)
    if equations and not sample.partial_products:  # the last product computes the layer's results
        assert equations[-1].outputs == sum(prod(t.shape) for t in call.outputs)
    padding = op.padding_macs(call)
    assert padding is not None
    assert 0 <= padding <= sum(e.macs for e in equations)


@each_sample
def test_in_a_network(sample: Sample) -> None:
    op, inputs = sample.make(BATCH)
    b = Builder("contract")
    refs = [b.add(Input(tensor)) for tensor in inputs]
    b.add(op, *refs, name="layer")
    net = b.build()
    weights: tuple[Weight, ...] = op.weights(*inputs)
    assert [p.id for p in net.table.values()] == [f"layer/{w.name}" for w in weights]
    result = count(net, Workload(batch=3))
    row = result.layers[-1]
    assert (row.name, row.op) == ("layer", op.kind)
    assert row.parameters == sum(prod(w.shape) for w in weights if w.learned)
    assert row.statistics == sum(prod(w.shape) for w in weights if not w.learned)
    assert (row.forward is None) is not sample.known
    assert result.complete is sample.known
    bound, _ = sample.make(3)
    assert net.bind({"N": 3}).layer("layer").op == bound


@each_sample
def test_survives_the_exchange_format(sample: Sample) -> None:
    op, inputs = sample.make(BATCH)
    b = Builder("contract")
    refs = [b.add(Input(tensor)) for tensor in inputs]
    b.add(op, *refs, name="layer")
    net = b.build()
    text = to_text(net)
    again = convcost.read(text)
    assert again == net
    assert type(again.layer("layer").op) is type(op)
    assert to_text(again) == text


@each_sample
def test_the_wrong_number_of_inputs_is_refused(sample: Sample) -> None:
    op, inputs = sample.make(BATCH)
    fewest, most = op.arity
    assert fewest <= len(inputs)
    assert most is None or len(inputs) <= most
    wrong = [number for number in (fewest - 1, -1 if most is None else most + 1) if number >= 0]
    b = Builder("contract")
    x = b.add(Input(image(BATCH)))
    for number in wrong:
        with pytest.raises(NetworkError, match=f"{op.kind} has {number} inputs"):
            b.add(op, *[x] * number)
    assert wrong or isinstance(op, Unknown)
