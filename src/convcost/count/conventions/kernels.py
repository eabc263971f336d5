"""The kernels of PyTorch on a CPU that compute an operator in their own way.

Counters that look at kernels meet these in place of `aten.mm`, `aten.convolution` and the like, and
have no formula for them. Seen with PyTorch 2.13.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.ops.matmul import MatMul
from convcost.ops.recurrent_stack import RecurrentStack

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.count.conventions.sites import Operator

_BY_NAME: Mapping[str, str] = {
    "bilinear": "aten._trilinear",
    "mv": "aten.mv",
    "addmv": "aten.addmv",
    "dot": "aten.dot",
    "vdot": "aten.vdot",
}
#: Types of numbers for which oneDNN has an LSTM.
_ONEDNN = ("float32", "bfloat16", "float16")


def own_kernel(operator: Operator) -> str:
    """The kernel of an operator with products; empty where it is taken apart into plain ones."""
    name, op = operator.name, operator.op
    first, *others = operator.call.inputs
    if name == "lstm":
        projected = isinstance(op, RecurrentStack) and op.projection is not None
        return "" if projected or first.dtype not in _ONEDNN else "aten.mkldnn_rnn_layer"
    if name == "scaled_dot_product_attention":
        # others than batches of heads with equally many features are taken apart
        fused = all(
            len(x.axes) == 4 and x.axes[-1].size == first.axes[-1].size
            for x in (first, *others[:2])
        )
        return "aten._scaled_dot_product_flash_attention_for_cpu" if fused else ""
    if name == "matmul" and isinstance(op, MatMul):
        ranks = len(first.axes), len(others[0].axes)
        # a row times a matrix is computed as a matrix of one row
        return "aten.mv" if 1 in ranks and ranks != (1, 2) else ""
    return _BY_NAME.get(name, "")
