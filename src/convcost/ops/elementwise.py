"""Arithmetic on each value by itself, apart from activation functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from convcost.errors import NetworkError
from convcost.network.dataclass import dataclass, replace
from convcost.network.dims import summed
from convcost.network.op import Call, Gradient, Op
from convcost.ops.activation import charge
from convcost.ops.merge import Merge, repetitions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.network.dims import Dim
    from convcost.network.tensor import Tensor

#: Operations per output. Each arithmetic operation, comparison and elementary function is one.
ELEMENTWISE_CHARGES: Mapping[str, int] = {
    **dict.fromkeys(
        ("abs", "add", "ceil", "cos", "divide", "equal", "erf", "exp", "expm1", "floor"), 1
    ),
    **dict.fromkeys(("greater", "greater_equal", "less", "less_equal", "not_equal"), 1),
    **dict.fromkeys(("log", "log1p", "log2", "log10", "logical_and", "logical_not"), 1),
    **dict.fromkeys(("logical_or", "logical_xor", "maximum", "minimum", "multiply"), 1),
    **dict.fromkeys(("negate", "power", "reciprocal", "remainder", "round", "select"), 1),
    **dict.fromkeys(("sign", "sin", "sqrt", "square", "subtract", "tan", "trunc"), 1),
    **dict.fromkeys(("acos", "asin", "atan", "atan2", "cosh", "sinh", "isnan", "isinf"), 1),
    **dict.fromkeys(("acosh", "asinh", "atanh"), 1),
    "floor_divide": 2,  # divide, floor
    "rsqrt": 2,  # square root, reciprocal
    "scaled_add": 2,  # multiply, add
    "multiply_add": 2,
    "divide_add": 3,  # divide, multiply, add
    "clamp": 2,  # compare twice
    "lerp": 3,  # subtract, multiply, add
    "normalize": 3,  # square, add, multiply; a root and a division per row are not charged
    "noise": 1,  # a random number
}

#: Operations per output of the gradient of each operand, the last for all that follow, and whether
#: the operands or the result are read for it. Functions without a slope (rounding, signs) have 0:
#: their gradient is written as zeros.
ELEMENTWISE_GRADIENTS: Mapping[str, tuple[tuple[int, ...], str]] = {
    **dict.fromkeys(
        ("ceil", "floor", "round", "sign", "trunc", "noise", "floor_divide"), ((0,), "")
    ),
    **dict.fromkeys(("equal", "greater", "greater_equal", "less", "less_equal"), ((0,), "")),
    **dict.fromkeys(("not_equal", "logical_and", "logical_not", "logical_or"), ((0,), "")),
    **dict.fromkeys(("logical_xor", "isnan", "isinf"), ((0,), "")),
    "abs": ((2,), "operands"),  # sign, multiply
    "acos": ((5,), "operands"),  # square, subtract, square root, divide, negate
    "acosh": ((4,), "operands"),  # square, subtract, square root, divide
    "add": ((0,), ""),
    "asin": ((4,), "operands"),  # as acos, without the sign
    "asinh": ((4,), "operands"),  # square, add, square root, divide
    "atan": ((3,), "operands"),  # square, add, divide
    "atanh": ((3,), "operands"),  # square, subtract, divide
    "atan2": ((5, 6), "operands"),  # square twice, add, divide, multiply; negate
    "clamp": ((3,), "operands"),  # compare twice, select
    "cos": ((3,), "operands"),  # sin, multiply, negate
    "cosh": ((2,), "operands"),  # sinh, multiply
    "divide": ((1, 3), "operands"),  # divide; multiply by the result, divide, negate
    "divide_add": ((0, 2, 4), "operands"),  # multiply, divide; as divide, scaled
    "erf": ((5,), "operands"),  # square, negate, exp, multiply twice
    "exp": ((1,), "result"),  # multiply
    "expm1": ((2,), "result"),  # add, multiply
    "lerp": ((2, 1, 2), "operands"),  # subtract, multiply; multiply; subtract, multiply
    "log": ((1,), "operands"),  # divide
    "log10": ((2,), "operands"),  # multiply, divide
    "log1p": ((2,), "operands"),  # add, divide
    "log2": ((2,), "operands"),
    "maximum": ((2,), "operands"),  # compare, select
    "minimum": ((2,), "operands"),
    "multiply": ((1,), "operands"),
    "multiply_add": ((0, 2), "operands"),  # multiply twice
    "negate": ((1,), ""),
    "normalize": ((5,), "operands"),  # sum of products (2), a * gradient + b * input (3)
    "power": ((3,), "operands"),  # power or log, multiply twice
    "reciprocal": ((3,), "result"),  # square, multiply, negate
    "remainder": ((0, 4), "operands"),  # divide, floor, multiply, negate
    "rsqrt": ((4,), "result"),  # cube (2), multiply by the constant and the gradient
    "scaled_add": ((0, 1), ""),  # multiply
    "select": ((1,), "operands"),
    "sin": ((2,), "operands"),  # cos, multiply
    "sinh": ((2,), "operands"),  # cosh, multiply
    "sqrt": ((2,), "result"),  # double, divide
    "square": ((2,), "operands"),  # double, multiply
    "subtract": ((0, 1), ""),  # negate
    "tan": ((3,), "result"),  # square, add, multiply
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Elementwise(Op):
    """A function of each value, or of values at the same place of tensors that broadcast.

    Element-wise: `ELEMENTWISE_CHARGES` per output. Plain numbers among the operands (``x * 2``) are
    no inputs. Gradient: `ELEMENTWISE_GRADIENTS` per output, and the sums of repeated inputs.

    Attributes:
        function: a key of `ELEMENTWISE_CHARGES`.
        dtype: of the result, where it is another one (comparisons).
        numbers: the operands in order, None for an input: ``1 - x`` has ``(1.0, None)``, a
            ``clamp`` its limits behind the input, a ``scaled_add`` its factor behind both. Empty
            where all operands are inputs, or where the source does not tell the numbers.

    >>> from convcost.network.tensor import Tensor
    >>> x = Tensor.of(batch=1, feature=10)
    >>> Elementwise(function="rsqrt").cost("forward", Call((x,), (x,))).elementwise
    20
    """

    kind: ClassVar[str] = "elementwise"
    arity: ClassVar[tuple[int, int | None]] = (1, None)
    function: str
    dtype: str | None = None
    numbers: tuple[float | None, ...] = ()

    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """The broadcast shape.

        Raises:
            NetworkError: sizes differ and neither is one.
        """
        (result,) = Merge("add").outputs(*inputs)
        return (result if self.dtype is None else replace(result, dtype=self.dtype),)

    def elementwise(self, call: Call) -> Dim:
        """`ELEMENTWISE_CHARGES` per output.

        Raises:
            NetworkError: the function is not known.
        """
        try:
            return ELEMENTWISE_CHARGES[self.function] * call.output_elements
        except KeyError:
            raise NetworkError(f"unknown element-wise function '{self.function}'") from None

    def gradient(self, call: Call) -> Gradient | None:
        """`ELEMENTWISE_GRADIENTS` per output for each input that waits for one."""
        rule = ELEMENTWISE_GRADIENTS.get(self.function)
        if rule is None:
            return None
        charges, read = rule
        last = len(charges) - 1
        per_output = sum(
            charges[min(place, last)] for place in range(len(call.inputs)) if call.wants(place)
        )
        reads = {"operands": call.input_bytes, "result": call.output_bytes, "": 0}
        return Gradient(
            data=per_output * call.output_elements + summed(repetitions(call)),
            data_reads=reads[read],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Glu(Op):
    """One half of an axis times the sigmoid of the other half.

    Element-wise: 5 per output (sigmoid 4, multiply). Gradient: 9 per output: the sigmoid again (4),
    one half's gradient (1: multiply), the other's (4: subtract, multiply three times).

    Attributes:
        position: of the axis that is halved.

    >>> from convcost.network.tensor import Tensor
    >>> x = Tensor.of(batch=1, feature=10)
    >>> glu = Glu(position=1)
    >>> glu.cost("forward", Call((x,), glu.outputs(x))).elementwise
    25
    """

    kind: ClassVar[str] = "glu"
    position: int

    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Half of the axis."""
        (tensor,) = inputs
        axes = list(tensor.axes)
        axes[self.position] = replace(axes[self.position], size=axes[self.position].size // 2)
        return (replace(tensor, axes=tuple(axes)),)

    def elementwise(self, call: Call) -> Dim:
        """Sigmoid and product."""
        return (charge("sigmoid", 1) + 1) * call.output_elements

    def gradient(self, call: Call) -> Gradient:
        """Both halves are read again."""
        per_output = charge("sigmoid", 1) + 1 + 4
        return Gradient(data=per_output * call.output_elements, data_reads=call.input_bytes)
