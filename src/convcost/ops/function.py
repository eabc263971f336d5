"""Arithmetic on values at one place: what each function costs, and the gradient of each operand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from convcost.errors import NetworkError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcost.network.op import Call

#: What the gradient of an operand is computed from, besides that of the result: all operands, all
#: but itself, the result, or nothing.
Reads: TypeAlias = Literal["operands", "others", "result", "nothing"]


class Function(NamedTuple):
    """What a function of values costs.

    Attributes:
        charge: operations per output.
        gradient: operations per output of the gradient of each operand, the last for all that
            follow. Functions without a slope (rounding, signs) have 0: their gradient is written as
            zeros.
        reads: what these are computed from, likewise.
        operands: how many there are, plain numbers among them; None where all are inputs.
    """

    charge: int
    gradient: tuple[int, ...] = (0,)
    reads: tuple[Reads, ...] = ("nothing",)
    operands: int | None = 1

    def slope(self, operand: int) -> int:
        """Operations per output of the gradient of that operand."""
        return self.gradient[min(operand, len(self.gradient) - 1)]

    def read(self, operands: Sequence[int], call: Call) -> tuple[tuple[int, ...], bool]:
        """Which inputs are read for the gradients that are wanted, and whether the result is.

        Args:
            operands: for each input, which operand it is.
            call: of the op.
        """
        places = range(len(call.inputs))
        found: set[int] = set()
        result = False
        for place, operand in zip(places, operands, strict=True):
            if not call.wants(place):
                continue
            reads = self.reads[min(operand, len(self.reads) - 1)]
            result |= reads == "result"
            if reads == "operands":
                found.update(places)
            elif reads == "others":
                found.update(other for other in places if other != place)
        return tuple(sorted(found)), result


#: Each arithmetic operation, comparison and elementary function is one operation; behind a row is
#: what its gradients do.
FUNCTIONS: Mapping[str, Function] = {
    "abs": Function(1, (2,), ("operands",)),  # sign, multiply
    "acos": Function(1, (5,), ("operands",)),  # square, subtract, square root, divide, negate
    "acosh": Function(1, (4,), ("operands",)),  # square, subtract, square root, divide
    "add": Function(1, operands=2),
    "asin": Function(1, (4,), ("operands",)),  # as acos, without the sign
    "asinh": Function(1, (4,), ("operands",)),  # square, add, square root, divide
    "atan": Function(1, (3,), ("operands",)),  # square, add, divide
    "atan2": Function(1, (5, 6), ("operands",), 2),  # square twice, add, divide, multiply; negate
    "atanh": Function(1, (3,), ("operands",)),  # square, subtract, divide
    "ceil": Function(1),
    "clamp": Function(2, (3,), ("operands",), 3),  # compare twice; likewise, and select
    "cos": Function(1, (3,), ("operands",)),  # sin, multiply, negate
    "cosh": Function(1, (2,), ("operands",)),  # sinh, multiply
    # divide; multiply by the result, divide, negate
    "divide": Function(1, (1, 3), ("others", "operands"), 2),
    # divide, multiply, add; then multiply; divide; as divide, scaled
    "divide_add": Function(3, (0, 2, 4), ("operands",), None),
    "equal": Function(1, operands=2),
    "erf": Function(1, (5,), ("operands",)),  # square, negate, exp, multiply twice
    "exp": Function(1, (1,), ("result",)),  # multiply
    "expm1": Function(1, (2,), ("result",)),  # add, multiply
    "floor": Function(1),
    "floor_divide": Function(2, operands=2),  # divide, floor
    "greater": Function(1, operands=2),
    "greater_equal": Function(1, operands=2),
    "isinf": Function(1),
    "isnan": Function(1),
    # subtract, multiply, add; then subtract, multiply; multiply; subtract, multiply
    "lerp": Function(3, (2, 1, 2), ("operands",), None),
    "less": Function(1, operands=2),
    "less_equal": Function(1, operands=2),
    "log": Function(1, (1,), ("operands",)),  # divide
    "log10": Function(1, (2,), ("operands",)),  # multiply, divide
    "log1p": Function(1, (2,), ("operands",)),  # add, divide
    "log2": Function(1, (2,), ("operands",)),  # multiply, divide
    "logical_and": Function(1, operands=2),
    "logical_not": Function(1),
    "logical_or": Function(1, operands=2),
    "logical_xor": Function(1, operands=2),
    "maximum": Function(1, (2,), ("operands",), 2),  # compare, select
    "minimum": Function(1, (2,), ("operands",), 2),
    "multiply": Function(1, (1,), ("others",), 2),
    "multiply_add": Function(2, (0, 2), ("operands",), None),  # multiply twice
    "negate": Function(1, (1,)),
    "noise": Function(1, operands=None),  # a random number
    # square, add, multiply (a root and a division per row are not charged); then a sum of products
    # and the sum of two products
    "normalize": Function(3, (5,), ("operands",), None),
    "not_equal": Function(1, operands=2),
    "power": Function(1, (3,), ("operands",), 2),  # power or log, multiply twice
    "reciprocal": Function(1, (3,), ("result",)),  # square, multiply, negate
    "remainder": Function(1, (0, 4), ("operands",), 2),  # divide, floor, multiply, negate
    "round": Function(1),
    # square root, reciprocal; then cube (2), multiply by the constant and the gradient
    "rsqrt": Function(2, (4,), ("result",)),
    "scaled_add": Function(2, (0, 1), operands=3),  # multiply, add; then multiply
    "select": Function(1, (1,), ("operands",), 3),
    "sign": Function(1),
    "sin": Function(1, (2,), ("operands",)),  # cos, multiply
    "sinh": Function(1, (2,), ("operands",)),  # cosh, multiply
    "sqrt": Function(1, (2,), ("result",)),  # double, divide
    "square": Function(1, (2,), ("operands",)),  # double, multiply
    "subtract": Function(1, (0, 1), operands=2),  # negate
    "tan": Function(1, (3,), ("result",)),  # square, add, multiply
    "trunc": Function(1),
}


def function_named(name: str) -> Function:
    """The row of a function.

    Raises:
        NetworkError: the function is not known.

    >>> function_named("divide").slope(1)
    3
    """
    try:
        return FUNCTIONS[name]
    except KeyError:
        raise NetworkError(f"unknown element-wise function '{name}'") from None
