"""LSTM, GRU and simple recurrent layers, and single steps of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.errors import NetworkError
from convcost.ops.recurrent_stack import RecurrentStack

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.read.torch.module.site import Rule, Site, Step

_FUNCTIONS: Mapping[str, tuple[Any, str]] = {
    "lstm": ("lstm", "tanh"),
    "gru": ("gru", "tanh"),
    "rnn_tanh": ("simple", "tanh"),
    "rnn_relu": ("simple", "relu"),
}


def _sequence(site: Site) -> Step:
    if site.raw("input") is None:
        raise NetworkError("packed sequences: how long each one is depends on the data")
    function, activation = _FUNCTIONS[site.function]
    tensor, weights = site.operand("input"), site.operands("params")
    order = (
        ("batch", "time", "feature") if site.get("batch_first") else ("time", "batch", "feature")
    )
    tensor = site.named(tensor, order)
    site.result.axes.take(order)
    for state in site.results[1:]:
        state.axes.take((None, "batch", "feature"))
    recurrent = weights[1]
    units = recurrent.shape[0] // _gates(function)
    op = RecurrentStack(
        function=function,
        units=units,
        levels=site.get("num_layers"),
        directions=2 if site.get("bidirectional") else 1,
        bias=bool(site.get("has_biases")),
        projection=None if recurrent.shape[1] == units else recurrent.shape[1],
        activation=activation,
    )
    return site.weighted(op, [tensor, *site.operands("hx")], weights, kept=len(site.results))


def _step(site: Site) -> Step:
    function, activation = _FUNCTIONS[site.function.removesuffix("_cell")]
    names = ("w_ih", "w_hh", "b_ih", "b_hh")
    weights = [site.maybe(name) for name in names]
    tensor, recurrent = site.operand("input"), site.operand("w_hh")
    tensor = site.named(tensor, ("batch", "feature")[2 - tensor.rank :])
    for state in site.results:
        state.axes.take(tensor.names)
    op = RecurrentStack(
        function=function,
        units=recurrent.shape[1],
        bias=weights[2] is not None,
        activation=activation,
        time=None,
    )
    return site.weighted(op, [tensor, *site.operands("hx")], weights, kept=len(site.results))


def _gates(function: str) -> int:
    from convcost.ops.cell import GATES

    return GATES[function]


RULES: Mapping[str, Rule] = {
    **{f"aten.{name}": _sequence for name in _FUNCTIONS},
    **{f"aten.{name}_cell": _step for name in _FUNCTIONS},
}
