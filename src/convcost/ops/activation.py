"""Activation functions, softmax among them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from convcost.errors import NetworkError
from convcost.network.op import Call, Op

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.network.dims import Dim
    from convcost.network.tensor import Tensor

#: Operations per element. Each arithmetic operation, comparison and elementary function
#: (exp, log, erf, tanh, abs) counts as one.
CHARGES: Mapping[str, int] = {
    "linear": 0,
    "relu": 1,  # compare
    "relu6": 2,  # compare twice
    "leaky_relu": 2,  # compare, multiply
    "elu": 4,  # compare, exp, subtract, multiply
    "selu": 5,  # elu and a scale
    "celu": 5,  # divide, then elu
    "sigmoid": 4,  # negate, exp, add, divide
    "hard_sigmoid": 4,  # multiply, add, compare twice
    "log_sigmoid": 4,  # negate, exp, add, log
    "tanh": 1,
    "softplus": 3,  # exp, add, log
    "softsign": 3,  # abs, add, divide
    "exponential": 1,
    "silu": 5,  # sigmoid and a product
    "hard_silu": 5,  # hard sigmoid and a product
    "gelu": 5,  # divide, erf, add, multiply twice
    "mish": 5,  # softplus, tanh, multiply
    "softmax": 5,  # maximum, subtract, exp, sum, divide
    "threshold": 1,  # compare
    "hard_tanh": 2,  # compare twice
    "hard_shrink": 2,  # abs, compare
    "soft_shrink": 3,  # compare twice, add
    "tanh_shrink": 2,  # tanh, subtract
    "squareplus": 5,  # multiply, add, square root, add, multiply
    "sparse_plus": 5,  # compare twice, add, multiply twice
    "sparse_sigmoid": 4,  # add, multiply, compare twice
    "log_softmax": 6,  # maximum, subtract, exp, sum, log, subtract
}

_SYNONYMS: Mapping[str, str] = {
    "identity": "linear",
    "none": "linear",
    "swish": "silu",
    "hard_swish": "hard_silu",
    "leakyrelu": "leaky_relu",
    "logsoftmax": "log_softmax",
    "thresholdedrelu": "threshold",
    "thresholded_relu": "threshold",
}


def activation_name(name: str | None) -> str | None:
    """The standard name of an activation function; None for an unknown one.

    >>> activation_name("Swish"), activation_name(None), activation_name("my_own")
    ('silu', 'linear', None)
    """
    standard = (name or "linear").lower()
    standard = _SYNONYMS.get(standard, standard)
    return standard if standard in CHARGES else None


def charge(function: str, elements: Dim) -> Dim:
    """Element-wise operations of an activation over so many elements.

    Raises:
        NetworkError: the function is not known.
    """
    try:
        return CHARGES[function] * elements
    except KeyError:
        raise NetworkError(f"unknown activation function '{function}'") from None


@dataclass(frozen=True, slots=True)
class Activation(Op):
    """An element-wise function (softmax: along the last axis) as a layer of its own.

    Element-wise: `CHARGES` per element.

    >>> from convcost.network.tensor import Tensor
    >>> x = Tensor.of(batch=1, feature=10)
    >>> Activation("softmax").cost("forward", Call((x,), (x,))).elementwise
    50
    """

    kind: ClassVar[str] = "activation"
    function: str

    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """The input's shape."""
        (tensor,) = inputs
        return (tensor,)

    def elementwise(self, call: Call) -> Dim:
        """`CHARGES` per element."""
        return charge(self.function, call.output_elements)

    def touches_data(self, call: Call) -> bool:
        """Not when it is the identity."""
        del call
        return self.function != "linear"
