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
    {"select": "where"},
)  # fmt: skip
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
    count = len(site.values)
    name = _FUNCTIONS[count - 1].get(op.function) if count <= len(_FUNCTIONS) else None
    if name is None:
        lost = count == 1 and op.function in _FUNCTIONS[1]
        plain = "with a plain number, which the network does not keep, " if lost else ""
        raise NetworkError(f"'{op.function}' {plain}cannot be written to PyTorch")
    nodes, order = _aligned(site)
    site.give(site.function(getattr(torch, name), *nodes), order)


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


def _rescaling(site: Site) -> None:
    """``x * scale + offset``."""
    import torch

    op: Any = site.op
    if op.scale is None:
        raise NetworkError("its factor is not known")
    made = site.function(torch.mul, site.values[0].node, op.scale)
    site.like_input(site.function(torch.add, made, op.offset))


RULES: Mapping[str, Rule] = {
    Merge.kind: _merge,
    Elementwise.kind: _elementwise,
    Reduce.kind: _reduce,
    Rescaling.kind: _rescaling,
}
