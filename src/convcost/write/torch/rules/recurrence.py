"""Recurrent layers: those of `torch.nn` where they compute the same, else a loop over the steps."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

from convcost.errors import NetworkError
from convcost.network.dims import number
from convcost.ops.cell import KERAS_GATES, TORCH_GATES
from convcost.ops.recurrent import Recurrent
from convcost.ops.recurrent_stack import RecurrentStack
from convcost.write.gates import with_gates
from convcost.write.kept import check_gates
from convcost.write.torch import functions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.ops.cell import Cell
    from convcost.write.torch.site import Rule, Site

_LAYERS = {"simple": "RNN", "gru": "GRU", "lstm": "LSTM"}
#: Functions of a cell by PyTorch's names.
_ACTIVATIONS = {"sigmoid": "sigmoid", "tanh": "tanh", "relu": "relu", "softsign": "softsign",
                "softplus": "softplus", "elu": "elu", "hard_sigmoid": "hardsigmoid",
                "silu": "silu", "selu": "selu"}  # fmt: skip


def _gates(array: Any, function: str) -> Any:
    """Keras's gates, blocks of the first axis, in PyTorch's order."""
    return with_gates(array, function, KERAS_GATES, TORCH_GATES)


def _recurrent(site: Site) -> None:
    """Keras's: one cell after the other, kernels of (features, gates * units)."""
    op: Any = site.op
    tensor = site.tensors[0]
    if len(site.values) > 1 or op.return_state:
        raise NetworkError("a recurrent layer that takes or returns states")
    if len(tensor.axes) != 3 or tensor.names.index(op.time) not in {0, 1}:
        raise NetworkError(f"{tensor}; PyTorch's recurrent layers take a batch, steps and features")
    time = tensor.names.index(op.time)
    order = (1 - time, time, 2)
    node = site.graph.turned(site.values[0], order)
    for place, cell in enumerate(op.cells):
        prefix = f"cell_{place}/" if len(op.cells) > 1 else ""
        node = _cell(site, cell, prefix, node)
    if op.return_sequences:
        site.give(node, order)
    else:
        site.give(site.function(operator.getitem, node, (slice(None), -1)))


def _cell(site: Site, cell: Cell, prefix: str, node: Any) -> Any:
    """The results of a cell at every step.

    Raises:
        NetworkError: the network does not keep what the cell computes.
    """
    check_gates(cell)
    usual = cell.recurrent_activation == "sigmoid" or cell.function == "simple"
    usual &= cell.activation == "tanh" or (cell.function, cell.activation) == ("simple", "relu")
    after = cell.function != "gru" or cell.biases == 2
    if usual and after:
        return _layer(site, cell, prefix, node)
    if cell.biases == 2:
        raise NetworkError(f"a {cell.function} cell of two biases with other activations than "
                           "PyTorch's")  # fmt: skip
    for name in (cell.activation, cell.recurrent_activation):
        if name not in _ACTIVATIONS:
            raise NetworkError(f"the activation '{name}' in a recurrent layer of PyTorch")
    names = ("kernel", "recurrent_kernel", "bias")[: 2 + cell.biases]
    weights = [site.tensor(f"{prefix}{name}") for name in names]
    return site.function(
        functions.recurrent, node, *weights, *([None] * (1 - cell.biases)),
        kind=cell.function, activation=_ACTIVATIONS[cell.activation],
        gate=_ACTIVATIONS[cell.recurrent_activation],
    )  # fmt: skip


def _layer(site: Site, cell: Cell, prefix: str, node: Any) -> Any:
    """A layer of `torch.nn` with one cell.

    It has two biases where Keras has one: the other is no parameter but zeros.
    """
    import torch

    features = site.weights[f"{prefix}kernel"].shape[0]
    more = {"nonlinearity": cell.activation} if cell.function == "simple" else {}

    def make() -> Any:
        module = getattr(torch.nn, _LAYERS[cell.function])(
            features, number(cell.units, "the units"), bias=bool(cell.biases), batch_first=True,
            **more,
        )  # fmt: skip
        for theirs, ours in (("weight_ih_l0", "kernel"), ("weight_hh_l0", "recurrent_kernel")):
            name = f"{prefix}{ours}"
            kernel = _gates(site.weights[name].T, cell.function)
            setattr(module, theirs, site.numbers(name, kernel))
        if cell.biases:
            _fill_biases(site, module, cell, f"{prefix}bias")
        return module

    made = site.module(make, node, part=f".{prefix[:-1]}" if prefix else "")
    return site.function(operator.getitem, made, 0)


def _fill_biases(site: Site, module: Any, cell: Cell, name: str) -> None:
    """The input's bias and the state's."""
    import torch

    rows = site.weights[name].reshape(cell.biases, -1)
    for theirs, row in zip(("bias_ih_l0", "bias_hh_l0"), rows, strict=False):
        setattr(module, theirs, site.numbers(name, _gates(row, cell.function), part=theirs))
    if cell.biases == 1:
        zeros = torch.zeros_like(module.bias_ih_l0.detach())
        del module.bias_hh_l0
        module.register_buffer("bias_hh_l0", zeros)
        module.bias_hh_l0 = zeros  # among the weights that its forward pass uses, too


def _stack(site: Site) -> None:
    """PyTorch's: levels of one or two directions, kernels of (gates * units, features)."""
    op: Any = site.op
    if op.time is None:
        _step(site)
        return
    tensor = site.tensors[0]
    if len(tensor.axes) != 3 or tensor.names.index(op.time) not in {0, 1}:
        raise NetworkError(f"{tensor}; PyTorch's recurrent layers take a batch, steps and features")
    options: dict[str, Any] = {"num_layers": op.levels, "bidirectional": op.directions == 2}
    options |= {"batch_first": tensor.names.index(op.time) == 1}
    if op.function == "simple":
        options["nonlinearity"] = op.activation
    elif op.function == "lstm":
        options["proj_size"] = number(op.projection or 0, "the projection")
    made = site.module(lambda: _made(site, _LAYERS[op.function], **options), *_operands(site))
    site.give(site.function(operator.getitem, made, 0))
    states = site.function(operator.getitem, made, 1)
    if op.function == "lstm":
        for output in (1, 2):
            site.give(site.function(operator.getitem, states, output - 1), output=output)
    else:
        site.give(states, output=1)


def _step(site: Site) -> None:
    """One step of one cell, whose results are its states."""
    op: Any = site.op
    options = {"nonlinearity": op.activation} if op.function == "simple" else {}
    kind = f"{_LAYERS[op.function]}Cell"
    made = site.module(lambda: _made(site, kind, **options), *_operands(site))
    if op.function == "lstm":
        for output in (0, 1):
            site.give(site.function(operator.getitem, made, output), output=output)
    else:
        site.give(made)


def _operands(site: Site) -> list[Any]:
    """The input, and the states: one, or a pair of them; none where they are zeros anyway."""
    first, *states = (site.plain(place) for place in range(len(site.values)))
    if all(value.zeros for value in site.values[1:]):
        return [first]
    return [first, tuple(states) if len(states) > 1 else states[0]] if states else [first]


def _made(site: Site, kind: str, **options: Any) -> Any:
    import torch

    op: Any = site.op
    module = getattr(torch.nn, kind)(
        site.tensors[0].axes[-1].size, number(op.units, "the units"), bias=op.bias, **options
    )
    names = {"kernel": "weight_ih", "recurrent_kernel": "weight_hh", "bias": "bias_ih",
             "recurrent_bias": "bias_hh", "projection": "weight_hr"}  # fmt: skip
    for weight in site.weights:
        name, place = next(
            (theirs, weight.removeprefix(f"{ours}_"))
            for ours, theirs in names.items()
            if weight.startswith(f"{ours}_l")
        )
        name = name if op.time is None else f"{name}_{place}"
        setattr(module, name, site.numbers(weight))
    return module


RULES: Mapping[str, Rule] = {Recurrent.kind: _recurrent, RecurrentStack.kind: _stack}
