"""Between fractions and small whole numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.ops.elementwise import Elementwise
from convcost.ops.reduce import Reduce
from convcost.read.onnx.file.dtypes import DTYPES
from convcost.read.onnx.step import Step

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.read.onnx.site import Rule, Site


def _dequantize(site: Site) -> Step:
    """``(x - zero point) * scale``. A stored x is a parameter; scales are not."""
    tensor = site.building.parameter(site.value(0))
    scale = site.value(1)
    result = site.like(tensor, "float32" if not scale.dtype else scale.dtype)
    op = Elementwise(function="multiply_add", dtype=result.dtype)
    return Step(op, (tensor,), (result,))


def _quantize(site: Site) -> Step:
    """``round(x / scale) + zero point``, within the bounds of the dtype: a division and a clamp."""
    tensor = site.value(0)
    dtype = (
        site.value(2).dtype if site.has(2) else DTYPES.get(site.attribute("output_dtype"), "uint8")
    )
    return Step(Elementwise(function="divide_add", dtype=dtype), (tensor,),
                (site.like(tensor, dtype),))  # fmt: skip


def _dynamic(site: Site) -> Step:
    """The bounds of the values, then as the quantisation with a given scale."""
    tensor = site.value(0)
    whole = tuple(range(tensor.rank))
    bounds = []
    for function in ("min", "max"):
        bound = site.new((), tensor.dtype)
        step = Step(Reduce(function=function, positions=whole), (tensor,), (bound,))
        site.building.layer(function, step, site.scope, site.node)
        bounds.append(bound)
    result = site.like(tensor, "uint8")
    others = (site.new((), "float32", 1), site.new((), "uint8", 2))
    return Step(Elementwise(function="divide_add", dtype="uint8"), (tensor, *bounds), (result,),
                byproducts=others)  # fmt: skip


RULES: Mapping[str, Rule] = {
    "DequantizeLinear": _dequantize,
    "QuantizeLinear": _quantize,
    "DynamicQuantizeLinear": _dynamic,
    "com.microsoft:DequantizeLinear": _dequantize,
    "com.microsoft:QuantizeLinear": _quantize,
}
