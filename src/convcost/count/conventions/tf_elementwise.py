"""What TensorFlow's profiler makes of layers without products, as Keras 3 runs them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.count.conventions.convention import Charge
from convcost.count.conventions.sites import number
from convcost.network.dims import product
from convcost.ops.activation import Activation
from convcost.ops.embedding import Embedding
from convcost.ops.layer_norm import LayerNorm, RMSNorm, UnitNorm
from convcost.ops.merge import Merge
from convcost.ops.norm import BatchNorm
from convcost.ops.permute import Repeat
from convcost.ops.pool import GlobalPool, Pool
from convcost.ops.prelu import PRelu
from convcost.ops.preparation import Normalization, Rescaling
from convcost.ops.resize import Upsample
from convcost.ops.wrap import last_axes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.network.op import Call, Op

#: Nodes with a formula per element; the nodes of the others (Relu, Sigmoid, Tanh ...) have none.
_ACTIVATIONS: Mapping[str, int] = {
    "softmax": 5,  # its own formula
    "gelu": 4,  # three Mul, Neg
    "silu": 2,  # two Mul
    "hard_sigmoid": 2,  # AddV2, RealDiv
    "hard_silu": 3,  # AddV2, RealDiv, Mul
    "mish": 1,  # Mul
    "celu": 5,  # Maximum, Minimum, RealDiv, Mul, AddV2
    **dict.fromkeys(
        ("linear", "relu", "relu6", "leaky_relu", "elu", "selu", "sigmoid", "tanh", "softplus",
         "softsign", "exponential", "log_softmax"), 0),
}  # fmt: skip

#: Ops of which no node has a formula.
_FREE = frozenset(
    {"input", "constant", "dropout", "flatten", "reshape", "permute", "view", "copy", "concatenate",
     "zero_padding", "cropping", "resize"}
)  # fmt: skip


def per_element(function: str, elements: int) -> Charge:
    """The charge of an activation function."""
    if function not in _ACTIVATIONS:
        return Charge(0, f"what Keras makes of {function} was not compared", known=False)
    per = _ACTIVATIONS[function]
    return Charge(per * elements, f"{function}: {per} per element" if per else "")


def elementwise(op: Op, call: Call) -> Charge:
    """The charge of an op without products."""
    elements = number(call.outputs[0].elements) if call.outputs else 0
    match op:
        case Activation(function=function):
            return per_element(function, elements)
        case BatchNorm(scale=scale):
            channels = number(call.inputs[0].size(op.axis))
            because = "BatchNorm: 2 per element, and 5 or 6 per channel for scale and shift"
            return Charge(2 * elements + (6 if scale else 5) * channels, because)
        case LayerNorm() | RMSNorm() | UnitNorm():
            return _by_row(op, call, elements)
        case Normalization(axes=axes):
            stored = number(product(a.size for a in last_axes(call.inputs[0], axes)))
            because = "normalisation: 2 per element, 1 per deviation"
            return Charge(2 * elements + stored, because)
        case Pool(windows=windows):
            return _pool(op, elements) if len(windows) < 3 else Charge(0)
        case GlobalPool(function="average"):
            return Charge(number(call.inputs[0].elements), "global average: 1 per input")
        case GlobalPool():
            return Charge(0)
        case Merge(function=function):
            terms = len(call.inputs) - 1 + (function == "average")
            return Charge(terms * elements, "1 per element and operation of a merge")
        case PRelu():
            alpha = sum(number(p.elements) for p in call.parameters)
            return Charge(3 * elements + alpha, "PReLU: 3 per element, 1 per slope")
        case Rescaling():
            return Charge(2 * elements, "rescaling: 2 per element")
        case Embedding():
            indices = number(call.inputs[0].elements)
            return Charge(
                2 * indices, "embedding: 2 per index, to count negative ones from the end"
            )
        case Upsample(factors=factors, interpolation="nearest"):
            return Charge(len(factors), "1 per axis for the repeated size")
        case Repeat():
            return Charge(1, "1 for the repeated size")
        case _:
            known = op.kind in _FREE or op.kind == "upsample"
            because = "" if known else f"what Keras makes of a {op.kind} was not compared"
            return Charge(0, because, known=known)


def _by_row(op: LayerNorm | RMSNorm | UnitNorm, call: Call, elements: int) -> Charge:
    rows = elements // number(product(a.size for a in last_axes(call.inputs[0], op.axes)))
    match op:
        case LayerNorm(scale=scale, center=center):
            # with a scale the products are per element, without one per row
            per, per_row = (8, 4) if scale else (6, 5)
            per += center
        case RMSNorm():
            per, per_row = 4, 3
        case UnitNorm():
            per, per_row = 3, 2
    because = f"{op.kind}: {per} per element, {per_row} per row"
    return Charge(per * elements + per_row * rows, because)


def _pool(op: Pool, elements: int) -> Charge:
    taps = number(product(window.kernel for window in op.windows))
    return Charge(taps * elements, "pooling: 1 per tap and result")
