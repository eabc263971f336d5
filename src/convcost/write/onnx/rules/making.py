"""Tensors that come from nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.network.dims import number
from convcost.ops.constant import Constant
from convcost.ops.copy import Fill
from convcost.write.kept import fill_value
from convcost.write.values import constant_numbers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.write.onnx.site import Rule, Site


def _fill(site: Site) -> None:
    """One number everywhere."""
    import numpy as np
    from onnx import numpy_helper

    op: Any = site.op
    result = site.results[0]
    shape = site.graph.whole_numbers([number(size, "a size") for size in result.shape])
    value = numpy_helper.from_array(np.array([fill_value(op)], result.dtype))
    site.give(site.node("ConstantOfShape", shape, value=value))


def _constant(site: Site) -> None:
    """A stored tensor."""
    op: Any = site.op
    if op.parameter:
        site.give(site.weight("value"))
    else:
        site.give(site.stored(constant_numbers(op, exact=site.exact), "value"))


RULES: Mapping[str, Rule] = {Fill.kind: _fill, Constant.kind: _constant}
