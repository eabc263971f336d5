"""Element-wise arithmetic and reductions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.errors import NetworkError
from convcost.ops.elementwise import Elementwise
from convcost.ops.merge import Merge
from convcost.ops.reduce import Reduce
from convcost.write.kept import check_division, operands, plain_number

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from convcost.write.onnx.site import Rule, Site

_MERGES = {"add": "Add", "subtract": "Sub", "multiply": "Mul", "maximum": "Max", "minimum": "Min",
           "average": "Mean"}  # fmt: skip
#: Function of so many operands, tensors or plain numbers -> operator.
_FUNCTIONS = {
    **{
        (name, 1): node
        for name, node in (
            ("abs", "Abs"), ("acos", "Acos"), ("acosh", "Acosh"), ("asin", "Asin"),
            ("asinh", "Asinh"), ("atan", "Atan"), ("atanh", "Atanh"), ("ceil", "Ceil"),
            ("cos", "Cos"), ("cosh", "Cosh"), ("erf", "Erf"), ("exp", "Exp"), ("floor", "Floor"),
            ("isinf", "IsInf"), ("isnan", "IsNaN"), ("log", "Log"), ("negate", "Neg"),
            ("reciprocal", "Reciprocal"), ("round", "Round"), ("sign", "Sign"), ("sin", "Sin"),
            ("sinh", "Sinh"), ("sqrt", "Sqrt"), ("tan", "Tan"),
        )
    },
    **{
        (name, 2): node
        for name, node in (
            ("add", "Add"), ("subtract", "Sub"), ("multiply", "Mul"), ("divide", "Div"),
            ("maximum", "Max"), ("minimum", "Min"), ("power", "Pow"), ("equal", "Equal"),
            ("greater", "Greater"), ("greater_equal", "GreaterOrEqual"), ("less", "Less"),
            ("less_equal", "LessOrEqual"),
        )
    },
    ("clamp", 3): "Clip",
    ("select", 3): "Where",
}  # fmt: skip
#: Likewise, of truth values only.
_LOGIC = {("logical_not", 1): "Not", ("logical_and", 2): "And", ("logical_or", 2): "Or",
          ("logical_xor", 2): "Xor"}  # fmt: skip
_REDUCTIONS = {"sum": "ReduceSum", "mean": "ReduceMean", "max": "ReduceMax", "min": "ReduceMin",
               "product": "ReduceProd", "norm": "ReduceL2",
               "logsumexp": "ReduceLogSumExp"}  # fmt: skip


def _aligned(site: Site) -> tuple[list[str], tuple[int, ...] | None]:
    """The inputs with axes in one order: the first one's where all have its axes."""
    if len({tensor.names for tensor in site.tensors}) == 1:
        order = site.values[0].order
        return [site.graph.turned(value, order) for value in site.values], order
    return [site.plain(place) for place in range(len(site.values))], None


def _merge(site: Site) -> None:
    """Two at a time where ONNX's operator takes two."""
    op: Any = site.op
    names, order = _aligned(site)
    node = _MERGES[op.function]
    if node in {"Max", "Min", "Mean"}:
        made = site.node(node, *names)
    else:
        made = names[0]
        for name in names[1:]:
            made = site.node(node, made, name)
    site.give(made, order)


def _elementwise(site: Site) -> None:
    op: Any = site.op
    names, order = _aligned(site)
    given = operands(op, names, exact=site.exact)
    check_division(op.function, site.tensors, site.results[0], truncates=True)
    inputs = [
        each if isinstance(each, str) else _number(site, each, place)
        for place, each in enumerate(given)
    ]
    if op.function in _COMPOSED:
        site.give(_COMPOSED[op.function](site, *inputs), order)
        return
    key = (op.function, len(inputs))
    node = _FUNCTIONS.get(key)
    if node is None and all(tensor.dtype == "bool" for tensor in site.tensors):
        node = _LOGIC.get(key)
    if node is None:
        raise NetworkError(f"'{op.function}' cannot be written to ONNX")
    site.give(site.node(node, *inputs), order)


def _number(site: Site, value: float, place: int) -> str:
    """A plain number among the operands; ONNX has them in the dtype of the others."""
    op: Any = site.op
    tensor = site.results[0] if op.function == "select" and place else site.tensors[0]
    return site.graph.number(plain_number(value, tensor), tensor.dtype)


def _square(site: Site, x: str) -> str:
    return site.node("Mul", x, x)


def _rsqrt(site: Site, x: str) -> str:
    return site.node("Reciprocal", site.node("Sqrt", x))


def _scaled_add(site: Site, x: str, y: str, factor: str) -> str:
    return site.node("Add", x, site.node("Mul", y, factor))


_COMPOSED: Mapping[str, Callable[..., str]] = {
    "square": _square,
    "rsqrt": _rsqrt,
    "scaled_add": _scaled_add,
}


def _reduce(site: Site) -> None:
    op: Any = site.op
    node = _REDUCTIONS.get(op.function)
    if node is None or op.second is not None:
        raise NetworkError(f"the reduction '{op.function}' cannot be written to ONNX")
    axes = site.graph.whole_numbers(sorted(op.positions))
    site.give(site.node(node, site.plain(), axes, keepdims=int(op.keep_axes)))


RULES: Mapping[str, Rule] = {
    Merge.kind: _merge,
    Elementwise.kind: _elementwise,
    Reduce.kind: _reduce,
}
