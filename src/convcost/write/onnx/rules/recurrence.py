"""Recurrent layers.

ONNX's nodes take (time, batch, features) and a stack of directions; their gates come in another
order than Keras's and PyTorch's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.errors import NetworkError
from convcost.network.dims import number
from convcost.ops.cell import KERAS_GATES, ONNX_GATES, TORCH_GATES
from convcost.ops.recurrent import Recurrent
from convcost.ops.recurrent_stack import RecurrentStack
from convcost.write.gates import with_gates
from convcost.write.kept import check_gates

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.write.onnx.site import Rule, Site

_NODES = {"simple": "RNN", "gru": "GRU", "lstm": "LSTM"}
#: How many gates use the recurrent activation, and how many values the other one.
_USES = {"simple": (0, 1), "gru": (1, 1), "lstm": (1, 2)}
_ACTIVATIONS = {"sigmoid": "Sigmoid", "tanh": "Tanh", "relu": "Relu", "softsign": "Softsign",
                "softplus": "Softplus", "elu": "Elu"}  # fmt: skip


def _activations(function: str, activation: str, recurrent: str) -> list[str]:
    """The names of the node's activations for one direction.

    Raises:
        NetworkError: the node has none of that name.
    """
    gates, values = _USES[function]
    for name in (activation, recurrent):
        if name not in _ACTIVATIONS:
            raise NetworkError(f"the activation '{name}' in a recurrent layer of ONNX")
    return [_ACTIVATIONS[recurrent]] * gates + [_ACTIVATIONS[activation]] * values


def _time_first(site: Site, time: str) -> str:
    """The sequence as (time, batch, features).

    Raises:
        NetworkError: it has other axes.
    """
    tensor = site.tensors[0]
    if len(tensor.axes) != 3 or tensor.names.index(time) not in {0, 1}:
        raise NetworkError(f"{tensor}; ONNX's recurrent nodes take a batch, steps and features")
    place = tensor.names.index(time)
    return site.graph.turned(site.values[0], (place, 1 - place, 2))


def _recurrent(site: Site) -> None:
    """Keras's: one cell after the other, kernels of (features, gates * units)."""
    op: Any = site.op
    if len(site.values) > 1 or op.return_state:
        raise NetworkError("a recurrent layer that takes or returns states")
    x = _time_first(site, op.time)
    order = (op_time := site.tensors[0].names.index(op.time), 1 - op_time, 2)
    last = ""
    for place, cell in enumerate(op.cells):
        prefix = f"cell_{place}/" if len(op.cells) > 1 else ""
        steps, last = _cell(site, cell, prefix, x)
        x = site.node("Squeeze", steps, site.graph.whole_numbers([1]))
    if op.return_sequences:
        site.give(x, order)
    else:
        site.give(site.node("Squeeze", last, site.graph.whole_numbers([0])))


def _cell(site: Site, cell: Any, prefix: str, x: str) -> list[str]:
    import numpy as np

    check_gates(cell)
    order = (cell.function, KERAS_GATES, ONNX_GATES)
    kernels = [
        with_gates(site.weights[f"{prefix}{name}"].T, *order)[None]
        for name in ("kernel", "recurrent_kernel")
    ]
    inputs = [x, *(site.stored(kernel, "kernel") for kernel in kernels)]
    if cell.biases:
        rows = site.weights[f"{prefix}bias"].reshape(cell.biases, -1)
        both = [with_gates(row, *order) for row in rows]
        both += [np.zeros_like(rows[0])] * (2 - len(rows))
        inputs.append(site.stored(np.concatenate(both)[None], "bias"))
    more = {"linear_before_reset": int(cell.biases > 1)} if cell.function == "gru" else {}
    names = _activations(cell.function, cell.activation, cell.recurrent_activation)
    made = site.graph.node(
        _NODES[cell.function], *inputs, hint=site.name, outputs=2, activations=names,
        hidden_size=number(cell.units, "the units"), **more,
    )  # fmt: skip
    return made[:2]


def _stack(site: Site) -> None:
    """PyTorch's: levels of one or two directions, kernels of (gates * units, features)."""
    op: Any = site.op
    if op.projection is not None or op.time is None:
        raise NetworkError("a recurrent layer with a projection, or a single step of one")
    x = _time_first(site, op.time)
    place = site.tensors[0].names.index(op.time)
    count = 3 if op.function == "lstm" else 2
    ends: list[list[str]] = [[] for _ in range(count - 1)]
    for level in range(op.levels):
        made = site.graph.node(
            _NODES[op.function], *_level_inputs(site, x, level), hint=site.name, outputs=count,
            **_level_attributes(op),
        )  # fmt: skip
        for end, name in zip(ends, made[1:], strict=True):
            end.append(name)
        # (time, direction, batch, units) as (time, batch, direction * units)
        side = site.node("Transpose", made[0], perm=[0, 2, 1, 3])
        width = op.directions * number(op.units, "the units")
        x = site.node("Reshape", side, site.graph.whole_numbers([0, 0, width]))
    site.give(x, (place, 1 - place, 2))
    for output, names in enumerate(ends, start=1):
        site.give(site.node("Concat", *names, axis=0), output=output)


def _level_attributes(op: Any) -> dict[str, Any]:
    names = _activations(op.function, op.activation, "sigmoid") * op.directions
    more = {"linear_before_reset": 1} if op.function == "gru" else {}
    return {
        "activations": names,
        "hidden_size": number(op.units, "the units"),
        "direction": "bidirectional" if op.directions > 1 else "forward",
        **more,
    }


def _level_inputs(site: Site, x: str, level: int) -> list[str]:
    """The sequence, the kernels and biases of all directions, and the first states."""
    import numpy as np

    op: Any = site.op
    order = (op.function, TORCH_GATES, ONNX_GATES)
    places = [f"l{level}" + "_reverse" * direction for direction in range(op.directions)]

    def stacked(*names: str) -> Any:
        rows = ([with_gates(site.weights[f"{n}_{p}"], *order) for n in names] for p in places)
        return np.stack([np.concatenate(row) for row in rows])

    inputs = [x, site.stored(stacked("kernel"), "kernel")]
    inputs.append(site.stored(stacked("recurrent_kernel"), "recurrent_kernel"))
    inputs.append(site.stored(stacked("bias", "recurrent_bias"), "bias") if op.bias else "")
    states = [site.plain(place) for place in range(1, len(site.values))]
    bounds = [level * op.directions, (level + 1) * op.directions, 0]
    cut = [site.graph.whole_numbers([bound]) for bound in bounds]
    return [*inputs, *([""] if states else []), *(site.node("Slice", s, *cut) for s in states)]


RULES: Mapping[str, Rule] = {Recurrent.kind: _recurrent, RecurrentStack.kind: _stack}
