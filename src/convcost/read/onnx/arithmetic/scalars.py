"""Elements of known tensors: whole numbers, sizes with open symbols, fractions of these."""

from __future__ import annotations

import math
import operator
from typing import TYPE_CHECKING, Any, TypeAlias, Union

from convcost.network.dataclass import dataclass
from convcost.network.dims import Dim, Expr, ceil_div, maximum, minimum
from convcost.read.limits import MAX_SIZE, MAX_SIZE_DEGREE, MAX_SIZE_TERMS
from convcost.read.onnx.arithmetic.sizes import sign

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from fractions import Fraction

#: An element: a number, a truth value, a size, or a fraction of a size.
Scalar: TypeAlias = Union[int, float, Expr, "Ratio"]


class Undecided(Exception):  # noqa: N818 - not an error: the value stays unknown
    """What cannot be told without numbers for the open sizes."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """A fraction of a size: ``N * 3 / 2``, before it is rounded."""

    numerator: Dim
    denominator: int

    def __mul__(self, other: Any) -> Scalar:
        if isinstance(other, (Expr, Ratio)):
            raise Undecided
        factor = _fraction(other)
        return ratio(self.numerator * factor.numerator, self.denominator * factor.denominator)

    __rmul__ = __mul__

    def __add__(self, other: Any) -> Scalar:
        if isinstance(other, Ratio):
            raise Undecided
        if isinstance(other, Expr):
            return ratio(self.numerator + other * self.denominator, self.denominator)
        more = _fraction(other)
        top = self.numerator * more.denominator + more.numerator * self.denominator
        return ratio(top, self.denominator * more.denominator)

    __radd__ = __add__

    def __neg__(self) -> Scalar:
        return self * -1

    def __sub__(self, other: Any) -> Scalar:
        return self.__add__(-other)

    def __rsub__(self, other: Any) -> Scalar:
        return total(-self, other)


def ratio(numerator: Dim, denominator: int) -> Scalar:
    """A fraction in its simplest form.

    >>> from convcost.network.dims import symbol
    >>> ratio(4 * symbol("N"), 2), ratio(3, 2), ratio(symbol("N"), 2)
    (2*N, 1.5, Ratio(numerator=N, denominator=2))
    """
    if isinstance(numerator, int):
        whole_part, rest = divmod(numerator, denominator)
        return numerator / denominator if rest else whole_part
    common = math.gcd(denominator, *(coefficient for _, coefficient in numerator.terms))
    numerator = numerator // common
    return numerator if denominator == common else Ratio(numerator, denominator // common)


def _fraction(number: Any) -> Fraction:
    from fractions import Fraction

    try:
        return Fraction(number)
    except (TypeError, ValueError, OverflowError):
        raise Undecided from None


def plain(item: Scalar) -> Scalar:
    """A float of whole value as an int: a size may be multiplied by it."""
    return int(item) if isinstance(item, float) and item.is_integer() else item


def product(left: Scalar, right: Scalar) -> Scalar:
    """The product; exact where one is a size."""
    if isinstance(left, Expr) and isinstance(right, float):
        left, right = right, left
    if isinstance(left, float) and isinstance(right, Expr):
        part = _fraction(left)
        return ratio(right * part.numerator, part.denominator)
    return _apply(operator.mul, left, right)


def total(left: Scalar, right: Scalar) -> Scalar:
    """The sum; exact where one is a size."""
    if isinstance(left, float) and isinstance(right, Expr):
        left, right = right, left
    if isinstance(left, Expr) and isinstance(right, float):
        part = _fraction(right)
        return ratio(left * part.denominator + part.numerator, part.denominator)
    return _apply(operator.add, left, right)


def _apply(function: Callable[[Any, Any], Any], left: Scalar, right: Scalar) -> Scalar:
    found: Scalar = function(left, right)
    if not is_bounded(found):
        raise Undecided
    return found


def is_bounded(item: Scalar) -> bool:
    """Whether a number or formula is as short as sizes are: chains of squares grow without end."""
    if isinstance(item, Ratio):
        item = item.numerator
    if isinstance(item, float):
        return math.isfinite(item)
    if isinstance(item, int):
        return abs(item) <= MAX_SIZE**2
    degrees = (sum(power for _, power in factors) for factors, _ in item.terms)
    return len(item.terms) <= MAX_SIZE_TERMS and max(degrees) <= MAX_SIZE_DEGREE


def divided(left: Scalar, right: Scalar, *, real: bool) -> Scalar:
    """The quotient; of whole numbers rounded towards zero."""
    if not real:
        if isinstance(left, int) and isinstance(right, int):
            quotient = abs(left) // abs(right)
            return quotient if (left < 0) == (right < 0) else -quotient
        if isinstance(left, (float, Ratio)) or isinstance(right, (float, Ratio)):
            raise Undecided
        return left // right
    if isinstance(right, (Expr, Ratio)):
        if isinstance(left, Expr) and left == right:
            return 1
        raise Undecided
    if isinstance(left, (int, float)):
        return plain(left / right)
    part = 1 / _fraction(right)
    if isinstance(left, Ratio):
        return left * part
    return ratio(left * part.numerator, part.denominator)


def remainder(left: Scalar, right: Scalar) -> Scalar:
    """What a division leaves, with the divisor's sign."""
    if isinstance(left, (float, Ratio)) or isinstance(right, (float, Ratio)):
        raise Undecided
    return left - left // right * right


def whole(item: Scalar) -> Any:
    """The element as a whole number, cut off; sizes are positive.

    >>> from convcost.network.dims import symbol
    >>> whole(2.7), whole(ratio(symbol("N"), 2)), whole(True)
    (2, N//2, 1)
    """
    if isinstance(item, Ratio):
        return item.numerator // item.denominator
    if isinstance(item, float) and not math.isfinite(item):
        raise Undecided
    return int(item) if isinstance(item, (float, bool)) else item


def real_function(name: str) -> Callable[..., Scalar]:
    """A function of fractions by ONNX's name."""
    return _FUNCTIONS[name]


def _floor(item: Scalar) -> Scalar:
    return math.floor(item) if isinstance(item, float) else whole(item)


def _ceil(item: Scalar) -> Scalar:
    if isinstance(item, Ratio):
        return ceil_div(item.numerator, item.denominator)
    return math.ceil(item) if isinstance(item, float) else item


def _round(item: Scalar) -> Scalar:
    if isinstance(item, Ratio):
        raise Undecided
    return round(item) if isinstance(item, float) else item


def _root(item: Scalar) -> Scalar:
    if not isinstance(item, (int, float)) or item < 0:
        raise Undecided
    return plain(math.sqrt(item))


def _power(base: Scalar, exponent: Scalar) -> Scalar:
    if not isinstance(base, (int, float)) or not isinstance(exponent, (int, float)):
        raise Undecided
    if abs(exponent) > 64 or abs(base) > 2**32 or (base < 0 and exponent % 1):
        raise Undecided
    return plain(float(base) ** exponent)


_FUNCTIONS: Mapping[str, Callable[..., Scalar]] = {
    "Floor": _floor, "Ceil": _ceil, "Round": _round, "Sqrt": _root, "Pow": _power,
}  # fmt: skip


def compared(left: Scalar, right: Scalar) -> int:
    """1, 0 or -1 as the first is larger, equal or smaller.

    Raises:
        Undecided: it depends on the open sizes.
    """
    if isinstance(left, (int, float)) and isinstance(right, (int, float)):
        return (left > right) - (left < right)
    difference = total(left, -right)
    if isinstance(difference, Ratio):
        difference = difference.numerator
    found = None if isinstance(difference, float) else sign(difference)
    if found is None:
        raise Undecided
    return found


def equal(left: Scalar, right: Scalar) -> bool:
    """Whether they are equal for all open sizes; Undecided where only some make them so."""
    return compared(left, right) == 0


def truth(item: Scalar) -> bool:
    """Whether it is not zero."""
    return compared(item, 0) != 0


def absolute(item: Scalar) -> Scalar:
    """Without its sign."""
    return -item if compared(item, 0) < 0 else item


def larger(left: Scalar, right: Scalar) -> Scalar:
    """The larger one."""
    return _extreme(left, right, maximum, max)


def smaller(left: Scalar, right: Scalar) -> Scalar:
    """The smaller one."""
    return _extreme(left, right, minimum, min)


def _extreme(left: Scalar, right: Scalar, sizes: Any, numbers: Any) -> Scalar:
    if isinstance(left, (int, float)) and isinstance(right, (int, float)):
        found: Scalar = numbers(left, right)
        return found
    left, right = plain(left), plain(right)
    if isinstance(left, (float, Ratio)) or isinstance(right, (float, Ratio)):
        raise Undecided
    size: Dim = sizes(left, right)
    return size
