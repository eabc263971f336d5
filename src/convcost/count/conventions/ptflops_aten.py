"""ptflops with its aten backend: MACs and biases of the operators below the modules, on a CPU.

Source: ptflops/aten_ops.py and aten_engine.py of 0.7.5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.count.conventions.convention import Charge, Convention, Site
from convcost.count.conventions.kernels import own_kernel
from convcost.count.conventions.ptflops import CONVENTION as MODULES
from convcost.count.conventions.sites import combined, number, operators
from convcost.count.conventions.torch_classes import biased, cells
from convcost.ops.cell import GATES

if TYPE_CHECKING:
    from convcost.count.conventions.sites import Operator


def _charge(site: Site) -> Charge:
    whole = MODULES.charge(site)
    if not whole.known:
        return whole
    return combined(_operator(each) for each in operators(site))


def _operator(operator: Operator) -> Charge:
    if not operator.macs:
        return Charge(0)
    # other counters have a formula for this one
    kernel = "aten.baddbmm" if operator.name == "baddbmm" else own_kernel(operator)
    if kernel:
        return Charge(0, f"{kernel} has no rule", fault=True)
    extra = _biases(operator)
    if not extra:
        return Charge(operator.macs)
    gates = any(True for _ in cells(operator.op))
    because = (
        "1 more per unit for each bias of a gate" if gates else "1 more per result for the bias"
    )
    return Charge(operator.macs + extra, because)


def _biases(operator: Operator) -> int:
    op, call = operator.op, operator.call
    units = [(GATES[function], units) for function, units in cells(op)]
    if units:
        rows = number(call.inputs[0].elements) // number(call.inputs[0].axes[-1].size)
        return 2 * rows * sum(gates * each for gates, each in units) if biased(op) else 0
    has_one = getattr(op, "bias", False) or getattr(op, "addend", False)
    return number(call.outputs[0].elements) if has_one else 0


CONVENTION = Convention(
    name="ptflops-aten",
    version="0.7.5",
    unit="MAC",
    says="MACs",
    counts="MACs and biases of convolutions and matrix products, whatever calls them; on a CPU",
    charge=_charge,
    parameters=MODULES.parameters,
)
