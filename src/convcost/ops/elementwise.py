"""Arithmetic on each value by itself, apart from activation functions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from convcost.errors import NetworkError
from convcost.network.op import Call, Op
from convcost.ops.activation import charge
from convcost.ops.merge import Merge

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Elementwise(Op):
    """A function of each value, or of values at the same place of tensors that broadcast.

    Element-wise: `ELEMENTWISE_CHARGES` per output. Plain numbers among the operands (``x * 2``) are
    no inputs.

    Attributes:
        function: a key of `ELEMENTWISE_CHARGES`.
        dtype: of the result, where it is another one (comparisons).

    >>> from convcost.network.tensor import Tensor
    >>> x = Tensor.of(batch=1, feature=10)
    >>> Elementwise(function="rsqrt").cost("forward", Call((x,), (x,))).elementwise
    20
    """

    kind: ClassVar[str] = "elementwise"
    arity: ClassVar[tuple[int, int | None]] = (1, None)
    function: str
    dtype: str | None = None

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Glu(Op):
    """One half of an axis times the sigmoid of the other half.

    Element-wise: 5 per output (sigmoid 4, multiply).

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
