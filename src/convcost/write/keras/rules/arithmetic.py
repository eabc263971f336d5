"""Element-wise arithmetic and reductions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.errors import NetworkError
from convcost.ops.elementwise import Elementwise
from convcost.ops.merge import Merge
from convcost.ops.reduce import Reduce
from convcost.write.kept import check_division, number_among, operands
from convcost.write.keras.graph import is_symbolic
from convcost.write.keras.rules.pooling import without
from convcost.write.layout import sizes_of

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
    {"select": "where", "clamp": "clip"},
)  # fmt: skip
_REDUCTIONS = {"sum": "sum", "product": "prod", "mean": "mean", "max": "max", "min": "min",
               "logsumexp": "logsumexp"}  # fmt: skip


def _aligned(site: Site) -> tuple[list[Any], tuple[int, ...]]:
    """The inputs with axes in one order: that of the first one with most axes.

    What is added to or multiplied with a map, one number per channel, is turned, not the map.
    """
    ranks = [len(tensor.axes) for tensor in site.tensors]
    order = site.values[ranks.index(max(ranks))].order
    return [_laid(site, place, order) for place in range(len(site.values))], order


def _laid(site: Site, place: int, order: tuple[int, ...]) -> Any:
    """An input in that order; one with fewer axes is aligned at the last one of the network's."""
    import keras

    tensor = site.tensors[place]
    missing = len(order) - len(tensor.axes)
    if not missing or order == tuple(range(len(order))):
        return site.turned(place, order) if not missing else site.plain(place)
    shape = tuple([1] * missing + sizes_of(tensor.shape, "an operand"))
    node = site.function(keras.ops.reshape, site.plain(place), shape, part=f"operand{place}")
    return site.function(keras.ops.transpose, node, order, part=f"turned{place}")


def _merge(site: Site) -> None:
    op: Any = site.op
    nodes, order = _aligned(site)
    positive = site.positive and op.function in _POSITIVE
    site.give(_merged(site, nodes, op.function), order, positive=positive)


def _merged(site: Site, nodes: list[Any], function: str) -> Any:
    """By a layer; by functions where Keras's layers would not take the shapes.

    They want tensors of as many axes and the same batch, none of them a constant; a difference is
    one of two tensors.
    """
    import keras

    alike = len({len(node.shape) for node in nodes}) == 1
    alike = alike and len({node.shape[0] for node in nodes}) == 1 and all(map(is_symbolic, nodes))
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
    nodes, order = _aligned(site)
    given = operands(op, nodes, exact=site.exact)
    check_division(op.function, site.tensors, site.results[0], truncates=False)
    if op.function in _MERGES and len(given) == len(nodes):
        positive = site.positive and op.function in _POSITIVE
        site.give(_merged(site, nodes, op.function), order, positive=positive)
        return
    inputs = [
        number_among(op, each, site.tensors[0], site.results[0]) if isinstance(each, float)
        else each
        for each in given
    ]  # fmt: skip
    count = len(inputs)
    if op.function == "scaled_add" and count == 3:
        scaled = site.function(keras.ops.multiply, *inputs[1:], part="scaled")
        site.give(site.function(keras.ops.add, inputs[0], scaled), order)
        return
    name = _FUNCTIONS[count - 1].get(op.function) if count <= len(_FUNCTIONS) else None
    function = getattr(keras.ops, name, None) if name else None
    if function is None:
        raise NetworkError(f"'{op.function}' cannot be written to Keras")
    site.give(site.function(function, *inputs), order)


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


RULES: Mapping[str, Rule] = {
    Merge.kind: _merge,
    Elementwise.kind: _elementwise,
    Reduce.kind: _reduce,
}
