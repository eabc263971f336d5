"""Element-wise arithmetic and reductions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.errors import NetworkError
from convcost.ops.elementwise import Elementwise
from convcost.ops.merge import Merge
from convcost.ops.preparation import Rescaling
from convcost.ops.reduce import Reduce

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.write.onnx.site import Rule, Site

_MERGES = {"add": "Add", "subtract": "Sub", "multiply": "Mul", "maximum": "Max", "minimum": "Min",
           "average": "Mean"}  # fmt: skip
#: Function of so many tensors -> operator.
_FUNCTIONS = {
    **{
        (name, 1): node
        for name, node in (
            ("abs", "Abs"), ("ceil", "Ceil"), ("cos", "Cos"), ("erf", "Erf"), ("exp", "Exp"),
            ("floor", "Floor"), ("log", "Log"), ("negate", "Neg"), ("reciprocal", "Reciprocal"),
            ("round", "Round"), ("sign", "Sign"), ("sin", "Sin"), ("sqrt", "Sqrt"), ("tan", "Tan"),
        )
    },
    **{
        (name, 2): node
        for name, node in (
            ("add", "Add"), ("subtract", "Sub"), ("multiply", "Mul"), ("divide", "Div"),
            ("maximum", "Max"), ("minimum", "Min"), ("power", "Pow"),
        )
    },
}  # fmt: skip
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
    count = len(site.values)
    node = _FUNCTIONS.get((op.function, count))
    if node is None:
        lost = count == 1 and (op.function, 2) in _FUNCTIONS
        plain = "with a plain number, which the network does not keep, " if lost else ""
        raise NetworkError(f"'{op.function}' {plain}cannot be written to ONNX")
    names, order = _aligned(site)
    site.give(site.node(node, *names), order)


def _reduce(site: Site) -> None:
    op: Any = site.op
    node = _REDUCTIONS.get(op.function)
    if node is None or op.second is not None:
        raise NetworkError(f"the reduction '{op.function}' cannot be written to ONNX")
    axes = site.graph.whole_numbers(sorted(op.positions))
    site.give(site.node(node, site.plain(), axes, keepdims=int(op.keep_axes)))


def _rescaling(site: Site) -> None:
    """``x * scale + offset``."""
    op: Any = site.op
    if op.scale is None:
        raise NetworkError("its factor is not known")
    dtype = site.tensors[0].dtype
    made = site.node("Mul", site.values[0].name, site.graph.number(op.scale, dtype))
    site.like_input(site.node("Add", made, site.graph.number(op.offset, dtype)))


RULES: Mapping[str, Rule] = {
    Merge.kind: _merge,
    Elementwise.kind: _elementwise,
    Reduce.kind: _reduce,
    Rescaling.kind: _rescaling,
}
