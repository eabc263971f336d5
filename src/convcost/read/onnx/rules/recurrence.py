"""LSTM, GRU and simple recurrent layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.errors import NetworkError
from convcost.ops.activation import activation_name
from convcost.ops.cell import GATES, ONNX_GATES, TORCH_GATES, gate_places
from convcost.ops.recurrent_stack import RecurrentStack
from convcost.read.onnx.step import Step, Weight
from convcost.read.onnx.values import Value
from convcost.read.shared_axes import AxisNames

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.read.onnx.site import Rule, Site
    from convcost.read.onnx.values import Arrange

_KINDS: Mapping[str, Any] = {"LSTM": "lstm", "GRU": "gru", "RNN": "simple"}
_SUFFIXES = ("", "_reverse")


def _recurrent(site: Site) -> Step | tuple[Value, ...]:
    kind = _KINDS[site.node.op_type]
    tensor = site.value(0)
    first = bool(site.integer("layout"))
    order = ("batch", "time", "feature") if first else ("time", "batch", "feature")
    if tensor.rank != 3:
        raise NetworkError(f"a sequence of {tensor.rank} axes; expected 3")
    tensor = site.named(tensor, order)
    both = site.text("direction", "forward") == "bidirectional"
    units = site.integer("hidden_size", 0) or site.value(2).sizes[-1]
    if site.has(7):
        raise NetworkError("connections from the cell to its gates (peepholes)")
    op = RecurrentStack(
        function=kind,
        units=units,
        directions=2 if both else 1,
        bias=site.has(3),
        activation=_activation(site, kind),
    )
    return _layers(site, op, tensor, first=first)


def _activation(site: Site, kind: str) -> str:
    """What the cell's input goes through.

    Raises:
        NetworkError: it is not known, or the gates have another than the sigmoid.
    """
    stated = site.attribute("activations")
    if not stated:
        return "tanh"
    names = [n.decode(errors="replace") if isinstance(n, bytes) else str(n) for n in stated]
    gate, own = ("", names[0]) if kind == "simple" else (names[0], names[1 % len(names)])
    found = activation_name(own)
    if found is None or gate.lower() not in ("", "sigmoid"):
        raise NetworkError(f"its activations are {', '.join(names)}")
    return found


def _layers(site: Site, op: RecurrentStack, tensor: Value, *, first: bool) -> tuple[Value, ...]:
    """The layer, and views of its results: ONNX keeps an axis for the directions."""
    states = [site.value(place) for place in (5, 6) if site.has(place)]
    made = [_value(site, result, place) for place, result in enumerate(op.outputs(tensor.tensor))]
    step = site.weighted(op, [tensor, *states], _weights(site, op), made)
    site.building.layer("", step, site.scope, site.node)
    steps, *finals = made
    rows = steps.sizes[:2]
    # several directions are an axis between others, and no longer the values in their order
    how = {"function": "reshape"} if op.directions == 1 else {}
    if first:
        shape: tuple[Any, ...] = (*rows, op.directions, op.units)
    else:
        shape = (rows[0], op.directions, rows[1], op.units)
    found = [site.seen(steps, shape, **how)]
    for place, final in enumerate(finals, 1):
        value = final
        if first:
            value = site.seen(final, (final.sizes[1], op.directions, op.units), **how)
        value.name = site.node.outputs[place] if site.wants(place) else value.name
        found.append(value)
    return tuple(found)


def _value(site: Site, tensor: Any, place: int) -> Value:
    name = site.node.outputs[place] if site.wants(place) else site.node.outputs[0]
    return Value(name, tensor.shape, tensor.dtype, AxisNames(tensor.names))


def _weights(site: Site, op: RecurrentStack) -> list[Weight]:
    """W, R and B hold all directions; the op has a kernel and biases for each."""
    kernel, recurrent = site.value(1), site.value(2)
    bias = site.maybe(3)
    gates = GATES[op.function]
    rows = gates * op.units
    expected = (op.directions, rows)
    if kernel.sizes[:2] != expected or recurrent.sizes[:2] != expected:
        raise NetworkError(f"weights {kernel.sizes} and {recurrent.sizes} for {op.units} units")
    found = []
    for place in range(op.directions):
        suffix = _SUFFIXES[place]
        part = "" if op.directions == 1 else ("forward", "reverse")[place]
        for name, value in (("kernel", kernel), ("recurrent_kernel", recurrent)):
            shape = (rows, value.sizes[-1])
            arrange = _reordered(place, op.function, gates, 0)
            found.append(Weight(f"{name}_l0{suffix}", value, arrange, shape, part=part))
        if bias is None:
            continue
        for half, name in enumerate(("bias", "recurrent_bias")):
            arrange = _reordered(place, op.function, 2 * gates, half)
            label = name if not part else f"{part}/{name}"
            found.append(Weight(f"{name}_l0{suffix}", bias, arrange, (rows,), part=label))
    return found


def _reordered(direction: int, function: str, parts: int, half: int) -> Arrange:
    """One direction's numbers, one half of its biases, with the gates in PyTorch's order."""
    places = gate_places(function, ONNX_GATES, TORCH_GATES)
    order = [half * len(places) + place for place in places]

    def arrange(array: Any) -> Any:
        own = array[direction]
        blocks = own.reshape(parts, -1, *own.shape[1:])
        return blocks[order].reshape(-1, *own.shape[1:])

    return arrange


RULES: Mapping[str, Rule] = dict.fromkeys(_KINDS, _recurrent)
