"""The number that an activation function depends on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from convcost.network.op import Op

#: Of Keras 3's `keras.activations.leaky_relu`; PyTorch's and ONNX's is 0.01.
_KERAS_SLOPE = 0.2


def alpha_of(op: Op, function: str, framework: str | None) -> float | None:
    """The op's own ``alpha``; None where that of PyTorch and ONNX holds.

    Args:
        op: the activation, or an op with a fused one.
        function: by the name that `convcost.ops.activation` has for it.
        framework: whose convention holds where the op does not tell.
    """
    alpha: float | None = getattr(op, "alpha", None)
    if alpha is None and function == "leaky_relu" and framework == "keras":
        return _KERAS_SLOPE
    return alpha
