"""fvcore's FlopCountAnalysis and ActivationCountAnalysis: operators of a trace that have a handle.

Source: fvcore/nn/flop_count.py (the table of handles), jit_handles.py (their formulas) and
activation_count.py of 0.1.5.post20221221, with PyTorch 2.13. The model is traced with
`torch.jit`, where convolutions arrive as ``aten::_convolution``, or as ``aten::_convolution_mode``
where their padding is given by name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.count.conventions.convention import Charge, Convention
from convcost.count.conventions.sites import Operator, combined, number, operators, results
from convcost.network.dataclass import replace
from convcost.ops.matmul import MatMul
from convcost.ops.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from convcost.count.conventions.convention import Site

_RANKS_OF_NORMS = range(2, 6)


def _charge(site: Site) -> Charge:
    return combined(_of_operator(operator) for operator in _traced(site))


def _traced(site: Site) -> tuple[Operator, ...]:
    """The operators of a layer under the names that a trace has: that of what was called."""
    found, origin = operators(site), site.layer.origin
    if origin is None or not origin.part_of:
        return found
    name = origin.part_of.removeprefix("aten.").replace("linalg_matmul", "matmul")
    return tuple(replace(operator, name=name, overload="") for operator in found)


def _of_operator(operator: Operator) -> Charge:
    if operator.overload == "padding":
        because = (
            "fvcore has no handle for aten::_convolution_mode: a convolution whose padding is "
            "given by name (padding='same') counts 0, with padding=1 it would count"
        )
        return Charge(0, because, fault=True)
    rule = _RULES.get(operator.name)
    if rule is not None and isinstance(operator.op, Unknown):
        return Charge(0, f"fvcore counts aten::{operator.name}", known=False)
    if rule is not None:
        return rule(operator)
    if not operator.macs:
        return Charge(0)
    return Charge(0, f"fvcore has no handle for aten::{operator.name}: it counts 0", fault=True)


def _products(operator: Operator) -> Charge:
    return Charge(operator.macs)


def _matmul(operator: Operator) -> Charge:
    """Elements of the left x columns of the right: what the left is repeated for is left out."""
    if not isinstance(operator.op, MatMul):
        return Charge(operator.macs)
    left, right = operator.call.inputs[:2]
    if len(right.axes) < 2:
        because = "fvcore ends with an IndexError at a product with a vector (aten::matmul)"
        return Charge(0, because, fault=True, known=False)
    operations = number(left.elements) * number(right.axes[-1].size)
    if operations == operator.macs:
        return Charge(operations)
    because = "aten::matmul of a tensor that is repeated for the other one: counted once"
    return Charge(operations, because, fault=True)


def _batch_norm(operator: Operator) -> Charge:
    own_statistics = operator.op.kind == "group_norm" or operator.call.mode == "training"
    if own_statistics:
        return _norm(operator)
    return _per_input(operator, 2 if _scaled(operator) else 1, "of a BatchNorm")


def _norm(operator: Operator) -> Charge:
    rank = len(operator.call.inputs[0].axes)
    if rank not in _RANKS_OF_NORMS:
        because = f"fvcore ends with an AssertionError at a normalisation of {rank} axes"
        return Charge(0, because, fault=True, known=False)
    return _per_input(operator, 5 if _scaled(operator) else 4, "that is normalised by its own sums")


def _scaled(operator: Operator) -> bool:
    return bool(getattr(operator.op, "scale", False))


def _average(operator: Operator) -> Charge:
    return _per_input(operator, 1, "that average pooling to a given size reads")


def _per_input(operator: Operator, times: int, what: str) -> Charge:
    operations = times * number(operator.call.inputs[0].elements)
    return Charge(operations, f"{times} per element {what}")


def _per_output(times: int, what: str) -> Callable[[Operator], Charge]:
    def rule(operator: Operator) -> Charge:
        operations = times * number(operator.call.outputs[0].elements)
        return Charge(operations, f"{times} per element {what}")

    return rule


_CONVOLUTIONS = (
    *(f"conv{n}d" for n in (1, 2, 3)),
    *(f"conv_transpose{n}d" for n in (1, 2, 3)),
    "convolution",
    "_convolution",
)
#: Single steps of recurrent layers are traced as the linear layers that they consist of.
_LINEAR = ("linear", "lstm_cell", "gru_cell", "rnn_tanh_cell", "rnn_relu_cell")

#: Names of operators with a handle -> what it says.
_RULES: Mapping[str, Callable[[Operator], Charge]] = {
    **dict.fromkeys((*_CONVOLUTIONS, *_LINEAR, "addmm", "bmm", "mm", "einsum"), _products),
    "matmul": _matmul,
    "batch_norm": _batch_norm,
    "group_norm": _norm,
    "layer_norm": _norm,
    "instance_norm": _norm,
    "adaptive_avg_pool2d": _average,
    "upsample_nearest2d": _per_output(1, "copied from its nearest neighbour"),
    "upsample_bilinear2d": _per_output(4, "of a bilinear interpolation"),
    "grid_sampler": _per_output(4, "sampled at a given place"),
}

_ACTIVE = frozenset((*_CONVOLUTIONS, *_LINEAR, "addmm", "bmm", "einsum", "matmul"))


def _activations(site: Site) -> int:
    """Values that convolutions, linear layers and products compute; those of `torch.mm` not."""
    counted = (
        operator
        for operator in _traced(site)
        if operator.name in _ACTIVE and operator.overload != "padding" and operator.macs
    )
    return sum(results(operator) for operator in counted)


CONVENTION = Convention(
    name="fvcore",
    version="0.1.5.post20221221",
    unit="MAC",
    says="flops",
    counts=(
        "multiply-accumulates of convolutions and products, 2 per element of a BatchNorm (5 in "
        "training), 5 of other normalisations (1 less without scale), 1 per value that adaptive "
        "average pooling reads, 1 or 4 per interpolated value; no biases, no activations"
    ),
    charge=_charge,
    activations=_activations,
)
