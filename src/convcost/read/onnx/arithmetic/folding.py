"""Nodes that are worked out while reading, because all that they take is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.errors import SourceError
from convcost.read.limits import MAX_SIZE
from convcost.read.onnx.arithmetic.known import Known, Task
from convcost.read.onnx.arithmetic.operators import RULES, evaluated
from convcost.read.onnx.arithmetic.scalars import is_bounded
from convcost.read.onnx.file.dtypes import DTYPES
from convcost.read.onnx.file.messages import TensorValue
from convcost.read.onnx.values import Value
from convcost.read.shared_axes import AxisNames

if TYPE_CHECKING:
    from convcost.read.onnx.site import Site


def folded(site: Site) -> bool:
    """Work a node out where all that it takes is known."""
    node, given = site.node, site.given
    if node.op_type not in RULES or not given:
        return False
    known = []
    for value in given:
        if value is not None and value.known is None and value.stored is None:
            return False  # data
        found = None if value is None else site.building.known(value)
        if found is None and value is not None:
            return False
        known.append(found)
    first = next((value for value in given if value is not None), None)
    if first is None:
        return False
    dtype = _dtype(site, first)
    task = Task(node, site.opset, tuple(known), "float" in first.dtype, "float" not in dtype)
    outputs = evaluated(task)
    if outputs is None or not all(is_bounded(item) for output in outputs for item in output.items):
        return False
    for name, output in zip(node.outputs, outputs, strict=False):
        names = AxisNames([None] * len(output.shape))
        site.scope.values[name] = Value(
            name, output.shape, dtype, names, known=output, is_empty=0 in output.shape
        )
    return True


def _dtype(site: Site, first: Value) -> str:
    """The dtype of what is worked out."""
    kind = site.node.op_type
    if kind == "Cast":
        return DTYPES.get(site.attribute("to", 0), "int64")
    if kind == "ConstantOfShape":
        value = site.attribute("value")
        return value.dtype if isinstance(value, TensorValue) else "float32"
    if kind in ("Equal", "Greater", "Less", "GreaterOrEqual", "LessOrEqual", "And", "Or", "Not"):
        return "bool"
    if kind in ("Where", "CastLike") and len(site.given) > 1:
        other = site.given[1]
        return first.dtype if other is None else other.dtype
    return "int64" if kind in ("NonZero", "Shape", "Size") else first.dtype


def loaded(tensor: TensorValue) -> Known | None:
    """The numbers of a small tensor; None where the file does not have them."""
    if tensor.load is None or tensor.dtype in ("string", "complex64", "complex128"):
        return None
    try:
        items = tensor.load().reshape(-1).tolist()
    except SourceError:
        return None
    return Known(tensor.dims, tuple([_plain(item) for item in items]))


def _plain(item: Any) -> Any:
    if isinstance(item, float):
        return int(item) if item.is_integer() and abs(item) < MAX_SIZE else item
    return item if isinstance(item, (bool, int)) else float(item)
