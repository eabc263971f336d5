"""PyTorch's own FlopCounterMode: products that reach one of the operators with a formula.

Source: torch/utils/flop_counter.py of 2.13.0 (the registry and its formulas). Operators arrive
there taken apart into what a kernel computes, here those of the CPU: an LSTM is one kernel of
oneDNN (``aten.mkldnn_rnn_layer``), attention one fused kernel, both without a formula.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from convcost.count.conventions.convention import Charge, Convention
from convcost.count.conventions.sites import combined, operators
from convcost.ops.matmul import MatMul
from convcost.ops.recurrent_stack import RecurrentStack
from convcost.ops.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.count.conventions.convention import Site
    from convcost.count.conventions.sites import Operator

#: Operators whose kernel has no formula -> that kernel.
_WITHOUT_FORMULA: Mapping[str, str] = {
    "bilinear": "aten._trilinear",
    "mv": "aten.mv",
    "addmv": "aten.addmv",
    "dot": "aten.dot",
    "vdot": "aten.vdot",
}
#: What is counted, for operators whose cost we do not know ourselves.
_COUNTED = re.compile(
    r"_?convolution|conv(_transpose)?[123]d|(_scaled_)?mm|addmm|bmm|baddbmm|linear|matmul|einsum|"
    r"gru|rnn_(tanh|relu)|.*_cell|_?scaled_dot_product_.*"
)
#: Types of numbers for which oneDNN has an LSTM.
_ONEDNN = ("float32", "bfloat16", "float16")


def _charge(site: Site) -> Charge:
    return combined(_of_operator(operator) for operator in operators(site))


def _of_operator(operator: Operator) -> Charge:
    if isinstance(operator.op, Unknown):
        known = not _COUNTED.fullmatch(operator.name)
        because = "" if known else f"FlopCounterMode counts aten.{operator.name}"
        return Charge(0, because, known=known)
    kernel = _kernel(operator)
    if not kernel:
        return Charge(2 * operator.macs)
    because = f"FlopCounterMode has no formula for {kernel}, the kernel on a CPU: it counts 0"
    return Charge(0, because, fault=True)


def _kernel(operator: Operator) -> str:
    """The kernel without a formula that computes an operator; empty where there is a formula."""
    name, op = operator.name, operator.op
    if not operator.macs:
        return ""
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
    return _WITHOUT_FORMULA.get(name, "")


CONVENTION = Convention(
    name="flop-counter",
    version="torch 2.13.0",
    unit="FLOP",
    says="FLOP",
    counts=(
        "2 per multiply-accumulate of convolutions and products; nothing else. Counted on a CPU, "
        "where LSTM layers and fused attention count 0"
    ),
    charge=_charge,
)
