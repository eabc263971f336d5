"""Values along axes made one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.ops.chain import Chain
from convcost.ops.elementwise import Elementwise
from convcost.ops.pool import GlobalPool
from convcost.ops.reduce import Cumulate, Reduce
from convcost.read.onnx.site import place_of
from convcost.read.onnx.step import Step

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.read.onnx.site import Rule, Site
    from convcost.read.onnx.values import Value

_FUNCTIONS: Mapping[str, Any] = {
    "ReduceSum": "sum", "ReduceMean": "mean", "ReduceMax": "max", "ReduceMin": "min",
    "ReduceProd": "product", "ReduceL1": "norm", "ReduceL2": "norm", "ReduceLogSum": "sum",
    "ReduceLogSumExp": "logsumexp", "ReduceSumSquare": "sum", "ArgMax": "argmax",
    "ArgMin": "argmin",
}  # fmt: skip
#: Functions of each value before, or of each result after.
_BEFORE, _AFTER = {"ReduceSumSquare": "square"}, {"ReduceLogSum": "log"}


def _reduce(site: Site) -> Step | Value:
    """Axes are an input since opset 18 (of ReduceSum since 13)."""
    tensor, kind = site.value(0), site.node.op_type
    axes = site.numbers("axes", 1)
    if not axes and site.integer("noop_with_empty_axes"):
        return tensor
    positions = sorted({place_of(axis, tensor.rank) for axis in axes or range(tensor.rank)})
    return _reduced(site, tensor, tuple(positions), _FUNCTIONS[kind])


def _extreme(site: Site) -> Step:
    """The place of the largest or smallest value along one axis."""
    tensor = site.value(0)
    position = site.position("axis", tensor.rank)
    return _reduced(site, tensor, (position,), _FUNCTIONS[site.node.op_type], "int64")


def _reduced(
    site: Site, tensor: Value, positions: tuple[int, ...], function: Any, dtype: str | None = None
) -> Step:
    kind = site.node.op_type
    keep = bool(site.integer("keepdims", 1))
    if keep:
        shape = [1 if place in positions else size for place, size in enumerate(tensor.sizes)]
        result = site.resized(tensor, shape, dtype)
    else:
        left = [place for place in range(tensor.rank) if place not in positions]
        result = site.new([tensor.sizes[place] for place in left], dtype or tensor.dtype)
        names = tensor.names
        result.axes.take([names[place] for place in left])
    if function == "mean":
        pooled = _as_pool(tensor, positions, result, keep=keep)
        if pooled is not None:
            return pooled
    op: Any = Reduce(function=function, positions=positions, keep_axes=keep, dtype=dtype)
    if kind in _BEFORE:
        op = Chain((Elementwise(function=_BEFORE[kind]), op))
    elif kind in _AFTER:
        op = Chain((op, Elementwise(function=_AFTER[kind])))
    return Step(op, (tensor,), (result,))


def _as_pool(
    tensor: Value, positions: tuple[int, ...], result: Value, *, keep: bool
) -> Step | None:
    """The mean over all positions of an image is the global average pool of other frameworks."""
    names = tensor.names
    if positions != (2, 3) or names[1:] != ("channel", "height", "width"):
        return None
    if not keep:
        from convcost.read.shared_axes import AxisNames

        result.axes = AxisNames((names[0], "feature"))
    op = GlobalPool(function="average", axes=("height", "width"), keep_axes=keep)
    return Step(op, (tensor,), (result,))


def _cumulate(site: Site) -> Step:
    tensor = site.value(0)
    function: Any = "sum" if site.node.op_type == "CumSum" else "product"
    return Step(Cumulate(function=function), (tensor,), (site.like(tensor),))


RULES: Mapping[str, Rule] = {
    **dict.fromkeys((name for name in _FUNCTIONS if name.startswith("Reduce")), _reduce),
    "ArgMax": _extreme,
    "ArgMin": _extreme,
    "CumSum": _cumulate,
    "CumProd": _cumulate,
}
