"""Arithmetic, comparison and logic on each value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.errors import NetworkError
from convcost.network.dataclass import replace
from convcost.ops.copy import Copy
from convcost.ops.elementwise import Elementwise
from convcost.ops.merge import Merge
from convcost.read.onnx.arithmetic.sizes import broadcast
from convcost.read.onnx.file.dtypes import DTYPES
from convcost.read.onnx.step import Step

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.network.op import Op
    from convcost.read.onnx.site import Rule, Site
    from convcost.read.onnx.values import Value

#: Functions of several tensors that other frameworks have as layers.
_MERGES: Mapping[str, Any] = {
    "Add": "add", "Sub": "subtract", "Mul": "multiply", "Max": "maximum", "Min": "minimum",
    "Sum": "add", "Mean": "average",
}  # fmt: skip
_MERGED: Mapping[str, Op] = {name: Merge(function) for name, function in _MERGES.items()}

_FUNCTIONS = {
    "Abs": "abs", "Acos": "acos", "Acosh": "acosh", "Asin": "asin", "Asinh": "asinh",
    "Atan": "atan", "Atanh": "atanh", "Ceil": "ceil", "Cos": "cos", "Cosh": "cosh",
    "Div": "divide", "Erf": "erf", "Exp": "exp", "Floor": "floor", "Log": "log",
    "Mod": "remainder", "Neg": "negate", "Pow": "power", "Reciprocal": "reciprocal",
    "Round": "round", "Sign": "sign", "Sin": "sin", "Sinh": "sinh", "Sqrt": "sqrt", "Tan": "tan",
    "BitShift": "multiply", "BitwiseAnd": "logical_and", "BitwiseNot": "logical_not",
    "BitwiseOr": "logical_or", "BitwiseXor": "logical_xor",
}  # fmt: skip

#: Functions whose results are truth values.
_TRUTHS = {
    "And": "logical_and", "Or": "logical_or", "Xor": "logical_xor", "Not": "logical_not",
    "Equal": "equal", "Greater": "greater", "GreaterOrEqual": "greater_equal", "Less": "less",
    "LessOrEqual": "less_equal", "IsNaN": "isnan", "IsInf": "isinf",
}  # fmt: skip
_OPS: Mapping[str, Elementwise] = {
    **{name: Elementwise(function=function) for name, function in _FUNCTIONS.items()},
    **{name: Elementwise(function=f, dtype="bool") for name, f in _TRUTHS.items()},
}


def _operands(site: Site) -> tuple[tuple[Value, ...], tuple[Value, ...]]:
    """All inputs, and those of them that are tensors; plain numbers are no inputs.

    Until opset 6 the second one could be laid over any axes of the first.
    """
    values = site.values()
    if site.opset < 7 and len(values) == 2 and site.attribute("broadcast"):
        values = (values[0], _laid_over(site, *values))
    tensors = tuple([value for value in values if not value.is_number])
    return values, tensors or values[:1]


def _numbers(
    site: Site, values: tuple[Value, ...], tensors: tuple[Value, ...], result: Value
) -> tuple[float | None, ...]:
    """The plain numbers between the tensors, for `Elementwise.numbers`.

    Empty where there are none, where one is not told, and where their axes are the result's.
    """
    if len(tensors) == len(values) or result.rank != max(tensor.rank for tensor in tensors):
        return ()
    found: list[float | None] = []
    for value in values:
        number = None
        if not any(value is tensor for tensor in tensors):
            known = site.building.known(value, setting=True)
            number = None if known is None else known.number
            if number is None:
                return ()
        found.append(number)
    return tuple(found)


def _laid_over(site: Site, first: Value, second: Value) -> Value:
    if site.attribute("axis") is None or second.rank == 0:
        return second
    behind = first.rank - site.position("axis", first.rank) - second.rank
    if behind <= 0:
        return second
    return site.seen(second, (*second.sizes, *(1,) * behind))


def _merge(site: Site) -> Step | Value:
    values, tensors = _operands(site)
    result = site.merged(values)
    if len(tensors) > 1 or site.node.op_type == "Mean":
        return Step(_MERGED[site.node.op_type], tensors, (result,))
    if len(values) == 1:
        return values[0]
    numbers = _numbers(site, values, tensors, result)
    op = Elementwise(function=_MERGES[site.node.op_type], numbers=numbers)
    return Step(op, tensors, (result,))


def _function(site: Site) -> Step:
    values, tensors = _operands(site)
    op = _OPS[site.node.op_type]
    dtype = "bool" if site.node.op_type in _TRUTHS else values[0].dtype
    result = site.merged(values, dtype)
    numbers = _numbers(site, values, tensors, result)
    return Step(replace(op, numbers=numbers) if numbers else op, tensors, (result,))


def _where(site: Site) -> Step:
    values, tensors = _operands(site)
    if len(values) != 3:
        raise NetworkError(f"Where has {len(values)} inputs; expected 3")
    dtype = values[1].dtype
    changed = dtype if tensors[0].dtype != dtype else None
    result = site.merged(values, dtype)
    numbers = _numbers(site, values, tensors, result)
    return Step(Elementwise(function="select", dtype=changed, numbers=numbers), tensors,
                (result,))  # fmt: skip


def _cast(site: Site) -> Step | Value:
    value = site.value(0)
    if site.node.op_type == "CastLike":
        dtype = site.value(1).dtype
    else:
        dtype = DTYPES.get(site.attribute("to"), "")
    if not dtype:
        raise NetworkError(f"a cast to {site.attribute('to')!r}")
    if dtype == value.dtype:
        return value
    result = site.like(value, dtype)
    if value.stored is not None and value.ref is None:
        result.stored = value.stored  # the layer that uses it has the numbers as they are stored
        return result
    return Step(lambda out: Copy(function="cast", result=out[0]), (value,), (result,))


def _quantized(site: Site) -> Step:
    """Between two tensors with a scale and a zero point each: rescaled, then the function."""
    first, second = site.value(0), site.value(3)
    shape = broadcast([first.sizes, second.sizes])
    result = site.resized(first if first.rank == len(shape) else second, shape)
    return Step(_MERGED[site.node.op_type.removeprefix("QLinear")], (first, second), (result,))


RULES: Mapping[str, Rule] = {
    **dict.fromkeys(_MERGES, _merge),
    **dict.fromkeys((*_FUNCTIONS, *_TRUTHS), _function),
    "Where": _where,
    "Cast": _cast,
    "CastLike": _cast,
    "com.microsoft:QLinearAdd": _quantized,
    "com.microsoft:QLinearMul": _quantized,
}
