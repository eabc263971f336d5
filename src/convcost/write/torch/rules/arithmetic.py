"""Element-wise arithmetic and reductions."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

from convcost.errors import NetworkError
from convcost.ops.elementwise import Elementwise
from convcost.ops.merge import Merge
from convcost.ops.reduce import Reduce
from convcost.write.kept import check_division, number_among, operands

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.write.torch.site import Rule, Site

_MERGES = {"add": "add", "subtract": "sub", "multiply": "mul", "maximum": "maximum",
           "minimum": "minimum", "average": "add"}  # fmt: skip
#: Functions of one, of two and of three tensors that `torch` has under another name, or the same.
_FUNCTIONS: tuple[Mapping[str, str], ...] = (
    {
        "negate": "neg",
        **{
            name: name
            for name in (
                "abs", "acos", "acosh", "asin", "asinh", "atan", "atanh", "ceil", "cos", "cosh",
                "erf", "exp", "expm1", "floor", "isinf", "isnan", "log", "log10", "log1p", "log2",
                "logical_not", "reciprocal", "round", "rsqrt", "sign", "sin", "sinh", "sqrt",
                "square", "tan", "trunc",
            )
        },
    },
    {
        "subtract": "sub", "multiply": "mul", "divide": "div", "power": "pow", "equal": "eq",
        "not_equal": "ne", "greater": "gt", "greater_equal": "ge", "less": "lt",
        "less_equal": "le",
        **{
            name: name
            for name in ("add", "atan2", "floor_divide", "logical_and", "logical_or",
                         "logical_xor", "maximum", "minimum", "remainder")
        },
    },
    {"select": "where", "clamp": "clamp"},
)  # fmt: skip
#: Functions of two operands that take a plain number, on either side where Python's operator does.
_WITH_NUMBERS: Mapping[str, str] = {
    "add": "add", "subtract": "sub", "multiply": "mul", "divide": "truediv", "power": "pow",
    "equal": "eq", "not_equal": "ne", "greater": "gt", "greater_equal": "ge", "less": "lt",
    "less_equal": "le",
}  # fmt: skip
_REDUCTIONS = {"sum": "sum", "mean": "mean", "max": "amax", "min": "amin", "logsumexp": "logsumexp"}


def _aligned(site: Site) -> tuple[list[Any], tuple[int, ...] | None]:
    """The inputs with axes in one order: the first one's where all have its axes."""
    if len({tensor.names for tensor in site.tensors}) == 1:
        order = site.values[0].order
        return [site.graph.turned(value, order) for value in site.values], order
    return [site.plain(place) for place in range(len(site.values))], None


def _merge(site: Site) -> None:
    """Two at a time."""
    import torch

    op: Any = site.op
    nodes, order = _aligned(site)
    made, *rest = nodes
    for node in rest:
        made = site.function(getattr(torch, _MERGES[op.function]), made, node)
    if op.function == "average":
        made = site.function(torch.div, made, len(nodes))
    site.give(made, order)


def _elementwise(site: Site) -> None:
    import torch

    op: Any = site.op
    nodes, order = _aligned(site)
    given = operands(op, nodes, exact=site.exact)
    check_division(op.function, site.tensors, site.results[0], truncates=False)
    inputs = [
        number_among(op, each, site.tensors[0], site.results[0]) if isinstance(each, float)
        else each
        for each in given
    ]  # fmt: skip
    count, function = len(inputs), op.function
    if function == "scaled_add" and count == 3:
        made = site.function(torch.add, *inputs[:2], alpha=inputs[2])
    elif any(isinstance(each, float) for each in given) and count == 2:
        made = _with_number(site, function, inputs)
    else:
        name = _FUNCTIONS[count - 1].get(function) if count <= len(_FUNCTIONS) else None
        if name is None:
            raise NetworkError(f"'{function}' cannot be written to PyTorch")
        made = site.function(getattr(torch, name), *inputs)
    site.give(made, order)


def _with_number(site: Site, function: str, inputs: list[Any]) -> Any:
    """A function of a tensor and a number, in either order.

    Raises:
        NetworkError: PyTorch has it for tensors only.
    """
    import torch

    if function in _WITH_NUMBERS:
        return site.function(getattr(operator, _WITH_NUMBERS[function]), *inputs)
    first, second = inputs
    if isinstance(first, (int, float)):
        first, second = (second, first) if function in {"maximum", "minimum"} else (None, None)
    if function in {"maximum", "minimum"}:
        limit = {"min" if function == "maximum" else "max": second}
        return site.function(torch.clamp, first, **limit)
    if function not in {"remainder", "floor_divide"} or first is None:
        raise NetworkError(f"'{function}' of a number cannot be written to PyTorch")
    return site.function(getattr(torch, function), first, second)


def _reduce(site: Site) -> None:
    import torch

    op: Any = site.op
    options = {"dim": tuple(sorted(op.positions)), "keepdim": op.keep_axes}
    if op.function == "norm" and op.second is None:
        site.give(site.function(torch.linalg.vector_norm, site.plain(), **options))
        return
    name = _REDUCTIONS.get(op.function)
    if name is None or op.second is not None:
        raise NetworkError(f"the reduction '{op.function}' cannot be written to PyTorch")
    site.give(site.function(getattr(torch, name), site.plain(), **options))


RULES: Mapping[str, Rule] = {
    Merge.kind: _merge,
    Elementwise.kind: _elementwise,
    Reduce.kind: _reduce,
}
