"""Activation functions, softmax among them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple

from convcost.errors import NetworkError
from convcost.network.dataclass import dataclass
from convcost.network.op import Call, Gradient, Op

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

#: These reduce along an axis: they are not computed element by element.
ROW_FUNCTIONS = frozenset({"softmax", "log_softmax"})


class Derivative(NamedTuple):
    """What the gradient of a function costs.

    Attributes:
        charge: operations per element of the result's gradient, the product with it included.
        reads: what the derivative is computed from, as PyTorch's autograd has it (its
            ``derivatives.yaml``): the function's result or its input.
    """

    charge: int
    reads: Literal["result", "input"] | None = None


#: The gradient g of each function f(x) = y; a comparison that lets g through or drops it is one.
DERIVATIVES: Mapping[str, Derivative] = {
    "linear": Derivative(0),
    "relu": Derivative(1, "result"),  # compare
    "relu6": Derivative(2, "input"),  # compare twice
    "leaky_relu": Derivative(2, "input"),  # compare, multiply
    "elu": Derivative(4, "input"),  # g * a * e^x: compare, exp, multiply twice
    "selu": Derivative(4, "input"),  # as elu; the scale is part of a
    "celu": Derivative(4, "input"),  # g * e^(x/a): compare, divide, exp, multiply
    "sigmoid": Derivative(3, "result"),  # g * y * (1 - y): subtract, multiply twice
    "hard_sigmoid": Derivative(3, "input"),  # compare twice, multiply
    "log_sigmoid": Derivative(3, "input"),  # g / (1 + e^x): exp, add, divide
    "tanh": Derivative(3, "result"),  # g * (1 - y^2): multiply, subtract, multiply
    "softplus": Derivative(4, "input"),  # g / (1 + e^-x): negate, exp, add, divide
    "softsign": Derivative(4, "input"),  # g / (1 + |x|)^2: abs, add, multiply, divide
    "exponential": Derivative(1, "result"),  # g * y
    # g * s * (1 + x * (1 - s)): sigmoid, subtract, multiply, add, multiply twice
    "silu": Derivative(9, "input"),
    "hard_silu": Derivative(5, "input"),  # compare twice, g * (x / 3 + 1/2)
    # g * (P + x * p): P divide, erf, add, multiply; p square, multiply, exp, multiply; then 3
    "gelu": Derivative(11, "input"),
    # g * (t + x * s * (1 - t^2)): softplus, tanh, sigmoid, then multiply, subtract, multiply
    # twice, add, multiply
    "mish": Derivative(14, "input"),
    "softmax": Derivative(4, "result"),  # y * (g - sum(g * y)): multiply, sum, subtract, multiply
    "threshold": Derivative(1, "input"),  # compare
    "hard_tanh": Derivative(2, "input"),  # compare twice
    "hard_shrink": Derivative(2, "input"),  # abs, compare
    "soft_shrink": Derivative(2, "input"),  # compare twice
    "tanh_shrink": Derivative(3, "input"),  # g * tanh(x)^2: tanh, multiply twice
    # g * (1 + x / sqrt(x^2 + b)) / 2: multiply, add, square root, divide, add, multiply twice
    "squareplus": Derivative(7, "input"),
    "sparse_plus": Derivative(5, "input"),  # compare twice, g * (x + 1) / 2
    "sparse_sigmoid": Derivative(3, "input"),  # compare twice, multiply
    "log_softmax": Derivative(4, "result"),  # g - e^y * sum(g): exp, sum, multiply, subtract
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


def derivative(function: str) -> Derivative:
    """What the gradient of an activation costs.

    Raises:
        NetworkError: the function is not known.
    """
    try:
        return DERIVATIVES[function]
    except KeyError:
        raise NetworkError(f"unknown activation function '{function}'") from None


@dataclass(frozen=True, slots=True)
class Activation(Op):
    """An element-wise function (softmax: along an axis) as a layer of its own.

    Element-wise: `CHARGES` per element. Gradient: `DERIVATIVES` per element.

    Attributes:
        function: a key of `CHARGES`.
        alpha: the function's number, the slope of ``leaky_relu``, where it is not the usual one.
        position: of the axis that softmax runs along; None for the last one.
        approximate: whether ``gelu`` is computed by its approximation with tanh, which takes
            about as many operations.

    >>> from convcost.network.tensor import Tensor
    >>> x = Tensor.of(batch=1, feature=10)
    >>> Activation("softmax").cost("forward", Call((x,), (x,))).elementwise
    50
    """

    kind: ClassVar[str] = "activation"
    function: str
    alpha: float | None = None
    position: int | None = None
    approximate: bool = False

    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """The input's shape."""
        (tensor,) = inputs
        return (tensor,)

    def elementwise(self, call: Call) -> Dim:
        """`CHARGES` per element."""
        return charge(self.function, call.output_elements)

    def gradient(self, call: Call) -> Gradient:
        """`DERIVATIVES` per element, from the result or the input."""
        found = derivative(self.function)
        return Gradient(
            data=found.charge * call.output_elements,
            data_reads=call.output_bytes if found.reads == "result" else call.input_bytes,
        )

    def touches_data(self, call: Call) -> bool:
        """Not when it is the identity."""
        del call
        return self.function != "linear"
