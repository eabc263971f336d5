"""PyTorch's recurrent layers: levels of one or two directions, as layers of Keras."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.errors import NetworkError
from convcost.network.dims import number
from convcost.ops.cell import KERAS_GATES, TORCH_GATES
from convcost.ops.recurrent_stack import RecurrentStack
from convcost.write.gates import with_gates
from convcost.write.keras.graph import Numbers
from convcost.write.keras.rules.recurrence import LAYERS, check_sequence
from convcost.write.keras.site import Part

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.write.keras.site import Rule, Site


def _stack(site: Site) -> None:
    """Raises NetworkError for a projection and for a single step."""
    import keras

    op: Any = site.op
    if op.projection is not None or op.time is None:
        raise NetworkError("a recurrent layer with a projection, or a single step of one")
    tensor = site.tensors[0]
    check_sequence(tensor, op.time)
    time = tensor.names.index(op.time)
    order = (1 - time, time, 2)
    node = site.turned(0, order)
    ends: list[list[Any]] = []
    for level in range(op.levels):
        node, *states = keras.tree.flatten(_level(site, node, level))
        ends.append(states)
    site.give(node, order)
    # of each direction all states come together: LSTM's h and c
    kinds = 2 if op.function == "lstm" else 1
    for kind in range(kinds):
        chosen = [state for states in ends for state in states[kind::kinds]]
        part = ("state", "memory")[kind]
        site.give(site.function(keras.ops.stack, chosen, part=part), output=kind + 1)


def _level(site: Site, node: Any, level: int) -> Any:
    """The results of all steps, and the last states."""
    op: Any = site.op
    settings = {"units": number(op.units, "the units"), "activation": op.activation,
                "use_bias": op.bias, "return_sequences": True, "return_state": True}  # fmt: skip
    if op.function == "gru":
        settings["reset_after"] = True
    part = f"level{level}" if level < op.levels - 1 else ""
    call = _states(site, level)
    place = f"l{level}"
    if op.directions == 1:
        return site.layer(LAYERS[op.function], node, part=part, call=call,
                          numbers=_numbers(site, place, ""), **settings)  # fmt: skip
    numbers = _numbers(site, place, "forward_layer.")
    numbers |= _numbers(site, f"{place}_reverse", "backward_layer.")
    inner = Part(LAYERS[op.function], settings)
    return site.layer("Bidirectional", node, part=part, call=call, numbers=numbers, layer=inner,
                      merge_mode="concat")  # fmt: skip


def _numbers(site: Site, place: str, where: str) -> dict[str, Numbers]:
    """Of one cell; PyTorch's two biases are one in Keras, but in a GRU."""
    import numpy as np

    op: Any = site.op

    def turned(name: str) -> Numbers:
        array = site.weights[f"{name}_{place}"]
        array = with_gates(array, op.function, TORCH_GATES, KERAS_GATES)
        return site.numbers(f"{name}_{place}", array.T)

    found = {f"{where}cell.{name}": turned(name) for name in ("kernel", "recurrent_kernel")}
    if op.bias:
        own, other = turned("bias"), turned("recurrent_bias")
        both = np.stack([own.array, other.array])
        array = both if op.function == "gru" else both.sum(0)
        found[f"{where}cell.bias"] = Numbers(array, own.parameters + other.parameters)
    return found


def _states(site: Site, level: int) -> dict[str, Any]:
    """The first states of a level; none where they are zeros anyway."""
    op: Any = site.op
    if len(site.values) == 1 or all(value.zeros for value in site.values[1:]):
        return {}
    nodes = [site.plain(place) for place in range(1, len(site.values))]
    first = level * op.directions
    rows = [
        site.function(_row(row), node, part="first")
        for row in range(first, first + op.directions)
        for node in nodes
    ]
    return {"initial_state": rows}


def _row(row: int) -> Any:
    return lambda x: x[row]


RULES: Mapping[str, Rule] = {RecurrentStack.kind: _stack}
