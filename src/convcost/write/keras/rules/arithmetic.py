"""Element-wise arithmetic and reductions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.errors import NetworkError
from convcost.ops.elementwise import Elementwise
from convcost.ops.merge import Merge
from convcost.ops.preparation import Rescaling
from convcost.ops.reduce import Reduce
from convcost.write.keras.rules.pooling import without

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.write.keras.site import Rule, Site

_MERGES = {"add": "Add", "subtract": "Subtract", "multiply": "Multiply", "maximum": "Maximum",
           "minimum": "Minimum", "average": "Average"}  # fmt: skip
#: Of values that are not below zero neither are these.
_POSITIVE = frozenset({"add", "multiply", "maximum", "minimum", "average"})
#: Functions of one, of two and of three tensors that `keras.ops` has under another name, or the
#: same.
_FUNCTIONS: tuple[Mapping[str, str], ...] = (
    {
        "negate": "negative", "acos": "arccos", "acosh": "arccosh", "asin": "arcsin",
        "asinh": "arcsinh", "atan": "arctan", "atanh": "arctanh",
        **{
            name: name
            for name in (
                "abs", "ceil", "cos", "cosh", "erf", "exp", "expm1", "floor", "isinf", "isnan",
                "log", "log10", "log1p", "log2", "logical_not", "reciprocal", "round", "rsqrt",
                "sign", "sin", "sinh", "sqrt", "square", "tan", "trunc",
            )
        },
    },
    {
        "atan2": "arctan2", "remainder": "mod",
        **{
            name: name
            for name in ("add", "divide", "equal", "floor_divide", "greater", "greater_equal",
                         "less", "less_equal", "logical_and", "logical_or", "logical_xor",
                         "maximum", "minimum", "multiply", "not_equal", "power", "subtract")
        },
    },
    {"select": "where"},
)  # fmt: skip
_REDUCTIONS = {"sum": "sum", "product": "prod", "mean": "mean", "max": "max", "min": "min",
               "logsumexp": "logsumexp"}  # fmt: skip


def _aligned(site: Site) -> tuple[list[Any], tuple[int, ...] | None]:
    """The inputs with axes in one order: the first one's where all have its axes."""
    if len({tensor.names for tensor in site.tensors}) == 1:
        order = site.values[0].order
        return [site.turned(place, order) for place in range(len(site.values))], order
    return [site.plain(place) for place in range(len(site.values))], None


def _merge(site: Site) -> None:
    op: Any = site.op
    nodes, order = _aligned(site)
    positive = site.positive and op.function in _POSITIVE
    site.give(_merged(site, nodes, op.function), order, positive=positive)


def _merged(site: Site, nodes: list[Any], function: str) -> Any:
    """By a layer; by functions where Keras's layers would not take the shapes.

    They want tensors of as many axes and the same batch; a difference is one of two tensors.
    """
    import keras

    alike = len({len(node.shape) for node in nodes}) == 1
    alike = alike and len({node.shape[0] for node in nodes}) == 1
    if alike and len(nodes) > 1 and (function != "subtract" or len(nodes) == 2):
        return site.layer(_MERGES[function], nodes)
    call = getattr(keras.ops, "add" if function == "average" else function)
    made = nodes[0]
    for place, node in enumerate(nodes[1:], start=2):
        last = place == len(nodes) and function != "average"
        made = site.function(call, made, node, part="" if last else f"first{place}")
    if function == "average":
        made = site.function(keras.ops.divide, made, len(nodes))
    return made


def _elementwise(site: Site) -> None:
    import keras

    op: Any = site.op
    count = len(site.values)
    name = _FUNCTIONS[count - 1].get(op.function) if count <= len(_FUNCTIONS) else None
    function = getattr(keras.ops, name, None) if name else None
    if function is None:
        lost = count == 1 and op.function in _FUNCTIONS[1]
        plain = "with a plain number, which the network does not keep, " if lost else ""
        raise NetworkError(f"'{op.function}' {plain}cannot be written to Keras")
    nodes, order = _aligned(site)
    if op.function in _MERGES:
        positive = site.positive and op.function in _POSITIVE
        site.give(_merged(site, nodes, op.function), order, positive=positive)
    else:
        site.give(site.function(function, *nodes), order)


def _reduce(site: Site) -> None:
    """In whatever order the axes lie."""
    import keras

    op: Any = site.op
    if op.second is not None or op.function not in {*_REDUCTIONS, "norm"}:
        raise NetworkError(f"the reduction '{op.function}' cannot be written to Keras")
    order = site.values[0].order
    node = site.turned(0, order)
    axes = tuple(sorted(order.index(place) for place in op.positions))
    result = order if op.keep_axes else without(order, op.positions)
    options = {"axis": axes, "keepdims": op.keep_axes}
    if op.function == "norm":
        squares = site.function(keras.ops.square, node, part="square")
        total = site.function(keras.ops.sum, squares, part="sum", **options)
        site.give(site.function(keras.ops.sqrt, total), result)
        return
    function = getattr(keras.ops, _REDUCTIONS[op.function])
    positive = site.positive and op.function in {"sum", "mean", "max", "min", "product"}
    site.give(site.function(function, node, **options), result, positive=positive)


def _rescaling(site: Site) -> None:
    """``x * scale + offset``."""
    op: Any = site.op
    if op.scale is None:
        raise NetworkError("its factor is not known")
    node = site.turned(0, site.values[0].order)
    site.like_input(site.layer("Rescaling", node, scale=op.scale, offset=op.offset))


RULES: Mapping[str, Rule] = {
    Merge.kind: _merge,
    Elementwise.kind: _elementwise,
    Reduce.kind: _reduce,
    Rescaling.kind: _rescaling,
}
