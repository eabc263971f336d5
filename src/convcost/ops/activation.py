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


class Curve(NamedTuple):
    """What an activation function costs.

    Attributes:
        charge: operations per element.
        derivative: what its gradient costs.
    """

    charge: int
    derivative: Derivative


#: Each arithmetic operation, comparison and elementary function (exp, log, erf, tanh, abs) counts
#: as one. Beside or above a row: what the function f(x) = y does; what its gradient g does, where a
#: comparison that lets g through or drops it is one.
ACTIVATIONS: Mapping[str, Curve] = {
    "linear": Curve(0, Derivative(0)),
    "relu": Curve(1, Derivative(1, "result")),  # compare; compare
    "relu6": Curve(2, Derivative(2, "input")),  # compare twice; compare twice
    "leaky_relu": Curve(2, Derivative(2, "input")),  # compare, multiply; compare, multiply
    # compare, exp, subtract, multiply; g * a * e^x: compare, exp, multiply twice
    "elu": Curve(4, Derivative(4, "input")),
    "selu": Curve(5, Derivative(4, "input")),  # elu and a scale; as elu, the scale in its a
    # divide, then elu; g * e^(x/a): compare, divide, exp, multiply
    "celu": Curve(5, Derivative(4, "input")),
    # negate, exp, add, divide; g * y * (1 - y): subtract, multiply twice
    "sigmoid": Curve(4, Derivative(3, "result")),
    # multiply, add, compare twice; compare twice, multiply
    "hard_sigmoid": Curve(4, Derivative(3, "input")),
    # negate, exp, add, log; g / (1 + e^x): exp, add, divide
    "log_sigmoid": Curve(4, Derivative(3, "input")),
    "tanh": Curve(1, Derivative(3, "result")),  # g * (1 - y^2): multiply, subtract, multiply
    # exp, add, log; g / (1 + e^-x): negate, exp, add, divide
    "softplus": Curve(3, Derivative(4, "input")),
    # abs, add, divide; g / (1 + |x|)^2: abs, add, multiply, divide
    "softsign": Curve(3, Derivative(4, "input")),
    "exponential": Curve(1, Derivative(1, "result")),  # g * y
    # sigmoid and a product; g * s * (1 + x * (1 - s)): sigmoid, subtract, multiply, add, multiply
    # twice
    "silu": Curve(5, Derivative(9, "input")),
    # hard sigmoid and a product; compare twice, g * (x / 3 + 1/2)
    "hard_silu": Curve(5, Derivative(5, "input")),
    # divide, erf, add, multiply twice; g * (P + x * p): P divide, erf, add, multiply; p square,
    # multiply, exp, multiply; then 3
    "gelu": Curve(5, Derivative(11, "input")),
    # softplus, tanh, multiply; g * (t + x * s * (1 - t^2)): softplus, tanh, sigmoid, then multiply,
    # subtract, multiply twice, add, multiply
    "mish": Curve(5, Derivative(14, "input")),
    # maximum, subtract, exp, sum, divide; y * (g - sum(g * y)): multiply, sum, subtract, multiply
    "softmax": Curve(5, Derivative(4, "result")),
    "threshold": Curve(1, Derivative(1, "input")),  # compare; compare
    "hard_tanh": Curve(2, Derivative(2, "input")),  # compare twice; compare twice
    "hard_shrink": Curve(2, Derivative(2, "input")),  # abs, compare; abs, compare
    "soft_shrink": Curve(3, Derivative(2, "input")),  # compare twice, add; compare twice
    # tanh, subtract; g * tanh(x)^2: tanh, multiply twice
    "tanh_shrink": Curve(2, Derivative(3, "input")),
    # multiply, add, square root, add, multiply; g * (1 + x / sqrt(x^2 + b)) / 2: multiply, add,
    # square root, divide, add, multiply twice
    "squareplus": Curve(5, Derivative(7, "input")),
    # compare twice, add, multiply twice; compare twice, g * (x + 1) / 2
    "sparse_plus": Curve(5, Derivative(5, "input")),
    # add, multiply, compare twice; compare twice, multiply
    "sparse_sigmoid": Curve(4, Derivative(3, "input")),
    # maximum, subtract, exp, sum, log, subtract; g - e^y * sum(g): exp, sum, multiply, subtract
    "log_softmax": Curve(6, Derivative(4, "result")),
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
    return standard if standard in ACTIVATIONS else None


def charge(function: str, elements: Dim) -> Dim:
    """Element-wise operations of an activation over so many elements.

    Raises:
        NetworkError: the function is not known.
    """
    try:
        return ACTIVATIONS[function].charge * elements
    except KeyError:
        raise NetworkError(f"unknown activation function '{function}'") from None


def derivative(function: str) -> Derivative:
    """What the gradient of an activation costs.

    Raises:
        NetworkError: the function is not known.
    """
    try:
        return ACTIVATIONS[function].derivative
    except KeyError:
        raise NetworkError(f"unknown activation function '{function}'") from None


def last_function(op: Op) -> str | None:
    """The function that a result has gone through last; None where the op has none.

    >>> last_function(Activation("softmax"))
    'softmax'
    """
    return op.function if isinstance(op, Activation) else getattr(op, "activation", None)


@dataclass(frozen=True, slots=True)
class Activation(Op):
    """An element-wise function (softmax: along an axis) as a layer of its own.

    Element-wise and gradient: its row of `ACTIVATIONS`, per element.

    Attributes:
        function: a key of `ACTIVATIONS`.
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
        """The function's charge per element."""
        return charge(self.function, call.output_elements)

    def gradient(self, call: Call) -> Gradient:
        """That of the function per element, from the result or the input."""
        found = derivative(self.function)
        return Gradient(
            data=found.charge * call.output_elements,
            data_reads=call.output_bytes if found.reads == "result" else call.input_bytes,
        )

    def touches_data(self, call: Call) -> bool:
        """Not when it is the identity."""
        del call
        return self.function != "linear"
