"""PyTorch's own FlopCounterMode: products that reach one of the operators with a formula.

Source: torch/utils/flop_counter.py of 2.13.0 (the registry and its formulas). Operators arrive
there taken apart into what a kernel computes, here those of the CPU: an LSTM is one kernel of
oneDNN (``aten.mkldnn_rnn_layer``), attention one fused kernel, both without a formula.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from convcost.count.conventions.convention import Charge, Convention
from convcost.count.conventions.kernels import own_kernel
from convcost.count.conventions.sites import combined, operators
from convcost.ops.unknown import Unknown

if TYPE_CHECKING:
    from convcost.count.conventions.convention import Site
    from convcost.count.conventions.sites import Operator

#: What is counted, for operators whose cost we do not know ourselves.
_COUNTED = re.compile(
    r"_?convolution|conv(_transpose)?[123]d|(_scaled_)?mm|addmm|bmm|baddbmm|linear|matmul|einsum|"
    r"gru|rnn_(tanh|relu)|.*_cell|_?scaled_dot_product_.*"
)


def _charge(site: Site) -> Charge:
    return combined(_of_operator(operator) for operator in operators(site))


def _of_operator(operator: Operator) -> Charge:
    if isinstance(operator.op, Unknown):
        known = not _COUNTED.fullmatch(operator.name)
        because = "" if known else f"FlopCounterMode counts aten.{operator.name}"
        return Charge(0, because, known=known)
    kernel = own_kernel(operator) if operator.macs else ""
    if not kernel:
        return Charge(2 * operator.macs)
    because = f"FlopCounterMode has no formula for {kernel}, the kernel on a CPU: it counts 0"
    return Charge(0, because, fault=True)


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
