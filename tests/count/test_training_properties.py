"""Costs of a training step on random networks: they add up, and are affine in the batch."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from convcost.count import Workload, count
from convcost.network.builder import BATCH, Builder
from convcost.network.cost import Cost
from convcost.network.tensor import Tensor
from convcost.ops.activation import Activation
from convcost.ops.conv import Conv
from convcost.ops.dense import Dense
from convcost.ops.input import Input
from convcost.ops.merge import Merge
from convcost.ops.norm import BatchNorm
from convcost.ops.pool import Pool
from convcost.ops.window import window

if TYPE_CHECKING:
    from convcost.count import Count
    from convcost.network.network import Network

IMAGE = Tensor.of(batch=BATCH, height=16, width=16, channel=3)
FIGURES = tuple(field.name for field in fields(Cost))
PHASES = ("forward", "backward_data", "backward_weights")


def trained(net: Network, **workload: Any) -> Count:
    return count(net, Workload(training=True, **workload))


random_layers = st.lists(
    st.sampled_from(["conv", "bn", "relu", "pool", "add", "shared", "dense"]), max_size=10
)


def random_network(kinds: list[str]) -> Network:
    """A chain with forks; its last layer is trained."""
    b = Builder("random")
    x = b.add(Input(IMAGE))
    before, first = x, None
    for number, kind in enumerate([*kinds, "conv"]):
        name = f"{kind}_{number}"
        if kind in {"conv", "shared"}:
            op = Conv(filters=3, windows=window(3, padding="same"), activation="relu")
            before, x = x, b.add(op, x, name=name, shared_with=first if kind == "shared" else None)
            first = first or name
        elif kind == "dense":
            x = b.add(Dense(units=3, activation="tanh"), x, name=name)
        elif kind == "add":
            same = b.tensor(before).shape == b.tensor(x).shape
            x = b.add(Merge("add"), before if same else x, x, name=name)
        else:
            ops = {"bn": BatchNorm(), "relu": Activation("relu"),
                   "pool": Pool(function="max", windows=window(2, 2, padding="same"))}  # fmt: skip
            x = b.add(ops[kind], x, name=name)
    return b.build()


@settings(deadline=None, max_examples=40)
@given(random_layers, st.integers(1, 4), st.booleans())
def test_costs_add_up_over_layers(kinds: list[str], batch: int, input_gradient: bool) -> None:
    result = trained(random_network(kinds), batch=batch, input_gradient=input_gradient,
                     optimizer="adam", loss="mse")  # fmt: skip
    for phase in result.total.phases:
        for figure in FIGURES:
            parts = [getattr(getattr(row, phase), figure) for row in result.layers]
            assert getattr(getattr(result.total, phase), figure) == sum(parts), (phase, figure)
    assert sum(row.step.flops for row in result.layers if row.step) == result.total.step.flops


@settings(deadline=None, max_examples=40)
@given(random_layers, st.integers(1, 20), st.integers(1, 20))
def test_costs_are_affine_in_the_batch(kinds: list[str], a: int, b: int) -> None:
    net = random_network(kinds)

    def figures(batch: int) -> list[int]:
        total = trained(net, batch=batch, optimizer="sgd", loss="cross-entropy").total
        return [getattr(getattr(total, x), y) for x in total.phases for y in FIGURES]

    apart = zip(figures(a), figures(b), strict=True)
    together = zip(figures(a + b - 1), figures(1), strict=True)
    assert [sum(pair) for pair in apart] == [sum(pair) for pair in together]


@settings(deadline=None, max_examples=60)
@given(random_layers, st.data())
def test_freezing_never_raises_a_figure(kinds: list[str], data: st.DataObject) -> None:
    net = random_network(kinds)
    names = [layer.name for layer in net.layers if layer.parameters]
    some = data.draw(st.lists(st.sampled_from(names), unique=True))
    more = data.draw(st.lists(st.sampled_from(names), unique=True))
    few = trained(net, optimizer="adam", freeze=tuple(some)).total
    many = trained(net, optimizer="adam", freeze=tuple({*some, *more})).total
    for figure in FIGURES:
        assert getattr(many.step, figure) <= getattr(few.step, figure)
    for phase in PHASES:
        assert getattr(many, phase).macs <= getattr(few, phase).macs


@settings(deadline=None, max_examples=30)
@given(random_layers, st.integers(1, 9))
def test_symbols_give_the_same_figures(kinds: list[str], batch: int) -> None:
    net = random_network(kinds)
    workload = Workload(batch=batch, training=True, optimizer="adam", loss="cross-entropy")
    symbolic, exact = count(net, workload, symbolic=True), count(net, workload)
    for phase in exact.total.phases:
        formula, figures = getattr(symbolic.total, phase), getattr(exact.total, phase)
        assert formula.evaluate({"N": batch}) == figures.evaluate({})
