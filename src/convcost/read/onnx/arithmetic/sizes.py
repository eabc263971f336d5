"""Arithmetic of sizes that shape rules share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.errors import NetworkError
from convcost.network.dims import Dim, Expr, product

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcost.network.dims import Atom

Shape = tuple[Dim, ...]


def sign(size: Dim) -> int | None:
    """1, 0 or -1 where it is the same for all positive values of the symbols; else None.

    >>> from convcost.network.dims import symbol
    >>> n = symbol("N")
    >>> sign(n + 1), sign(-2 * n), sign(n - 1)
    (1, -1, None)
    """
    if isinstance(size, int):
        return (size > 0) - (size < 0)
    coefficients = [coefficient for _, coefficient in size.terms]
    if min(coefficients) > 0:
        return 1
    return -1 if max(coefficients) < 0 else None


def broadcast(shapes: Sequence[Shape]) -> Shape:
    """The shape that tensors of these shapes have together.

    Raises:
        NetworkError: sizes differ and neither is one.
    """
    result = shapes[0]
    for other in shapes[1:]:
        if other is not result and other != result:
            result = _broadcast(result, other)
    return result


def _broadcast(left: Shape, right: Shape) -> Shape:
    longer, shorter = (left, right) if len(left) >= len(right) else (right, left)
    offset = len(longer) - len(shorter)
    sizes = list(longer)
    for place, size in enumerate(shorter, offset):
        own = sizes[place]
        if own == 1:
            sizes[place] = size
        elif size not in (1, own):
            raise NetworkError(f"sizes {left} and {right} do not fit: {own} against {size}")
    return tuple(sizes)


def reshaped(old: Shape, target: Sequence[Dim], *, zero_copies: bool = True) -> Shape:
    """The shape that ``Reshape`` gives: 0 copies a size, -1 is what is left.

    Raises:
        NetworkError: the number of elements differs, or cannot be told.
    """
    sizes = list(target)
    if zero_copies:
        for place, size in enumerate(sizes):
            if size == 0:
                if place >= len(old):
                    raise NetworkError(f"a reshape of {old} to {tuple(target)} copies no size")
                sizes[place] = old[place]
    left, others = _cancelled(old, [size for size in sizes if size != -1])
    if -1 in sizes:
        sizes[sizes.index(-1)] = 0 if 0 in sizes else quotient(product(left), product(others))
    elif product(left) != product(others):
        raise NetworkError(f"{old} cannot be reshaped to {tuple(target)}")
    return tuple(sizes)


def _cancelled(old: Sequence[Dim], new: Sequence[Dim]) -> tuple[list[Dim], list[Dim]]:
    """The sizes that are in one of both only."""
    rest, extra = list(old), []
    for size in new:
        if size in rest:
            rest.remove(size)
        else:
            extra.append(size)
    return rest, extra


def quotient(numerator: Dim, denominator: Dim) -> Dim:
    """An exact division.

    Raises:
        NetworkError: it has a remainder, or is no division of polynomials by one of their factors.

    >>> from convcost.network.dims import symbols
    >>> n, h = symbols("N H")
    >>> quotient(6 * n * h + 2 * n, 2 * n), quotient(12, 4)
    (3*H + 1, 3)
    """
    if denominator == 1:
        return numerator
    if denominator == 0:
        raise NetworkError(f"{numerator} elements cannot be split into none")
    if isinstance(numerator, int) and isinstance(denominator, int):
        whole, rest = divmod(numerator, denominator)
        if rest:
            raise NetworkError(f"{numerator} elements cannot be split into parts of {denominator}")
        return whole
    found = _divided(numerator, denominator)
    # what is no polynomial (sizes that were rounded) is taken to be exact, as the file states
    return numerator // denominator if found is None else found


def _divided(numerator: Dim, denominator: Dim) -> Dim | None:
    if isinstance(numerator, int):
        return None
    ((factors, coefficient), *more) = (
        [(frozenset(), denominator)] if isinstance(denominator, int) else [*denominator.terms]
    )
    if more:
        return None
    result: Dim = 0
    for monomial, number in numerator.terms:
        powers: dict[Atom, int] = dict(monomial)
        for atom, power in factors:
            powers[atom] = powers.get(atom, 0) - power
        whole, rest = divmod(number, coefficient)
        if rest or min(powers.values(), default=0) < 0:
            return None
        result = result + _monomial(powers) * whole
    return result


def _monomial(powers: dict[Atom, int]) -> Dim:
    result: Dim = 1
    for atom, power in powers.items():
        factor = Expr(frozenset({(frozenset({(atom, 1)}), 1)}), (atom,))
        for _ in range(power):
            result = result * factor
    return result
