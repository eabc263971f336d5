"""The shape arithmetic that exporters write, worked out while reading.

``Shape -> Gather -> Unsqueeze -> Concat -> Reshape`` and its kind. Elements are numbers, or sizes
with open symbols. Only small tensors are followed; what cannot be told stays a layer of its own.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

from convcost.errors import NetworkError
from convcost.read.onnx.arithmetic.known import MISFITS, Known, bounded, spread
from convcost.read.onnx.arithmetic.known_movement import MOVEMENT
from convcost.read.onnx.arithmetic.scalars import (
    Scalar,
    Undecided,
    absolute,
    compared,
    divided,
    equal,
    larger,
    product,
    real_function,
    remainder,
    smaller,
    total,
    truth,
)
from convcost.read.onnx.arithmetic.sizes import broadcast

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from convcost.read.onnx.arithmetic.known import Rule, Task


def evaluated(task: Task) -> tuple[Known, ...] | None:
    """The outputs of a node; None where they cannot be told."""
    rule = RULES.get(task.node.op_type)
    if rule is None:
        return None
    try:
        return rule(task)
    except (Undecided, NetworkError, *MISFITS):
        return None


def _each(function: Callable[..., Scalar]) -> Rule:
    """A function of the elements at each place, sizes of one broadcast."""

    def rule(task: Task) -> tuple[Known, ...]:
        operands = [task[place] for place in range(len(task.inputs))]
        shape = broadcast([operand.shape for operand in operands])
        bounded(shape)
        parts = [spread(operand, shape) for operand in operands]
        return (Known(shape, tuple(map(function, *parts))),)  # type: ignore[arg-type]

    return rule


def _quotient(task: Task) -> tuple[Known, ...]:
    real = task.real
    return _each(lambda a, b: divided(a, b, real=real))(task)


def _remainder(task: Task) -> tuple[Known, ...]:
    if task.attribute("fmod", 0):
        raise Undecided  # with the dividend's sign
    return _each(remainder)(task)


def _reduced(function: Callable[[Any, Any], Any]) -> Rule:
    def rule(task: Task) -> tuple[Known, ...]:
        data, axes = task[0], task.numbers(1, "axes")
        rank = len(data.shape)
        if len(data.shape) > 1 and axes is not None and len(axes) < rank:
            raise Undecided
        keep = task.attribute("keepdims", 1)
        if not data.items or (axes == () and task.attribute("noop_with_empty_axes", 0)):
            raise Undecided
        result = data.items[0]
        for item in data.items[1:]:
            result = function(result, item)
        return (Known((1,) * rank if keep else (), (result,)),)

    return rule


def _chosen(condition: Scalar, then: Scalar, other: Scalar) -> Scalar:
    return then if truth(condition) else other


RULES: Mapping[str, Rule] = {
    **MOVEMENT,
    "ReduceProd": _reduced(product),
    "ReduceSum": _reduced(total),
    "ReduceMax": _reduced(larger),
    "ReduceMin": _reduced(smaller),
    "Add": _each(total),
    "Sub": _each(lambda a, b: total(a, -b)),
    "Mul": _each(product),
    "Div": _quotient,
    "Mod": _remainder,
    "Max": _each(larger),
    "Min": _each(smaller),
    "Neg": _each(operator.neg),
    "Abs": _each(absolute),
    **{name: _each(real_function(name)) for name in ("Floor", "Ceil", "Round", "Sqrt", "Pow")},
    "Reciprocal": _each(lambda item: divided(1, item, real=True)),
    "Equal": _each(equal),
    "Greater": _each(lambda a, b: compared(a, b) > 0),
    "Less": _each(lambda a, b: compared(a, b) < 0),
    "GreaterOrEqual": _each(lambda a, b: compared(a, b) >= 0),
    "LessOrEqual": _each(lambda a, b: compared(a, b) <= 0),
    "And": _each(lambda a, b: truth(a) and truth(b)),
    "Or": _each(lambda a, b: truth(a) or truth(b)),
    "Xor": _each(lambda a, b: truth(a) != truth(b)),
    "Not": _each(lambda a: not truth(a)),
    "Where": _each(_chosen),
}
