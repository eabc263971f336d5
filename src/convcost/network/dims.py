"""Sizes: integers, or exact expressions in named symbols.

A `Dim` is an int or an `Expr`. Formulas are written once with ``+ - * //`` and the helpers
`ceil_div`, `maximum` and `product`; they then give ints for ints, expressions for symbols and,
through `convcost.network.evaluation`, arrays for arrays. An expression is a polynomial with integer
coefficients over atoms (symbols, floor divisions, maxima) and collapses to an int as soon as it is
constant: equal polynomials compare equal, and so do divisions and maxima that differ by whole
numbers only.

>>> size, kernel, padding, stride = symbols("X K P S")
>>> (size - kernel + 2 * padding) // stride + 1
(X - K + 2*P)//S + 1
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any, TypeAlias, Union

from convcost.errors import NetworkError
from convcost.network.dataclass import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

INT64_MAX = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Symbol:
    """A named size; an output axis's symbol carries its definition and is evaluated by it."""

    name: str
    definition: Dim | None = None
    #: names that need a value before this size is a number
    free: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        free = {self.name} if self.definition is None else free_symbols(self.definition)
        object.__setattr__(self, "free", frozenset(free))

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class FloorDiv:
    """An integer division that has no simpler form."""

    numerator: Dim
    denominator: Dim

    def __str__(self) -> str:
        return f"{_grouped(self.numerator)}//{_grouped(self.denominator)}"


@dataclass(frozen=True, slots=True)
class Maximum:
    """The larger of two sizes of which at least one is not known."""

    left: Dim
    right: Dim

    def __str__(self) -> str:
        return f"max({self.left}, {self.right})"


Atom: TypeAlias = Symbol | FloorDiv | Maximum
Monomial: TypeAlias = frozenset[tuple[Atom, int]]
Dim: TypeAlias = Union[int, "Expr"]


@dataclass(frozen=True, slots=True, eq=True)
class Expr:
    """A polynomial: monomial (atoms with powers) -> coefficient.

    Build it from `symbols`; an `Expr` is never constant.
    """

    terms: frozenset[tuple[Monomial, int]]
    #: atoms in the order in which the formula mentions them: how a person expects to read it
    order: tuple[Atom, ...] = field(compare=False)

    def __add__(self, other: Dim) -> Dim:
        return self if other == 0 else _sum((self, other))

    __radd__ = __add__

    def __neg__(self) -> Dim:
        return self * -1

    def __sub__(self, other: Dim) -> Dim:
        return _sum((self, -other))

    def __rsub__(self, other: Dim) -> Dim:
        return _sum((other, -self))

    def __mul__(self, other: Dim) -> Dim:
        if isinstance(other, int) and other:
            return Expr(frozenset([(x, c * other) for x, c in self.terms]), self.order)
        return _product(self, other)

    __rmul__ = __mul__

    def __floordiv__(self, other: Dim) -> Dim:
        return floor_div(self, other)

    def __rfloordiv__(self, other: Dim) -> Dim:
        return floor_div(other, self)

    def __repr__(self) -> str:
        return str(self)

    def __format__(self, spec: str) -> str:
        """As text: thousands separators and the like are for numbers."""
        return str(self)

    def __str__(self) -> str:
        texts: list[str] = []
        for factors, coefficient in reading_order(self):
            sign = "-" if coefficient < 0 else "+"
            # a leading -X//2 would read as (-X)//2
            alone = coefficient == 1 or (coefficient == -1 and bool(texts))
            texts.append(f"{sign} {_monomial_text(factors, abs(coefficient), alone=alone)}")
        text = " ".join(texts)
        return text[2:] if text.startswith("+ ") else "-" + text[2:]


def symbols(names: str) -> tuple[Expr, ...]:
    """One expression per blank-separated name."""
    return tuple(symbol(name) for name in names.split())


def symbol(name: str, definition: Dim | None = None) -> Expr:
    """A named size; with a definition it stands for that expression and prints as its name."""
    atom = Symbol(name, definition)
    return _atom(atom)


def ceil_div(numerator: Dim, denominator: Dim) -> Dim:
    """Division rounded up.

    >>> ceil_div(7, 2), ceil_div(symbol("X"), 2)
    (4, (X + 1)//2)
    """
    return (numerator + denominator - 1) // denominator


def remainder(size: Dim, divisor: Dim) -> Dim:
    """What is left of a size in whole parts.

    >>> remainder(7, 3)
    1
    """
    return size - size // divisor * divisor


def maximum(left: Any, right: Any) -> Any:
    """The larger of two sizes (ints, expressions or arrays).

    >>> maximum(3, 0), maximum(symbol("P"), 0)
    (3, max(P, 0))
    """
    if isinstance(left, int) and isinstance(right, int):
        return max(left, right)
    if isinstance(left, Expr) or isinstance(right, Expr):
        difference = left - right
        if isinstance(difference, int):
            return left if difference >= 0 else right
        # either order gives the same atom: plain numbers last, else by name
        left, right = sorted((left, right), key=lambda dim: (isinstance(dim, int), str(dim)))
        return _atom(Maximum(left, right))
    import numpy as np

    return np.maximum(left, right)


def minimum(left: Any, right: Any) -> Any:
    """The smaller of two sizes."""
    return -maximum(-left, -right)


def summed(sizes: Iterable[Dim]) -> Dim:
    """The sum of sizes; faster than adding one by one where there are many symbolic terms."""
    sizes = tuple(sizes)
    for size in sizes:
        if not isinstance(size, int):
            return _sum(sizes)
    return sum(sizes)


def product(sizes: Iterable[Dim]) -> Dim:
    """The product of sizes; 1 for none."""
    return prod(sizes)


def number(dim: Dim, what: str) -> int:
    """The size as an int.

    Raises:
        NetworkError: it still holds symbols; the message names them.
    """
    if isinstance(dim, int):
        return dim
    names = sorted(free_symbols(dim))
    raise NetworkError(
        f"{what} is not known: {dim} needs {', '.join(names)}",
        hint=f"bind it, for example {' '.join(f'--dim {name}=1' for name in names)}",
    )


def free_symbols(*dims: Dim) -> frozenset[str]:
    """Names that have to be bound before the sizes are numbers."""
    for dim in dims:
        if not isinstance(dim, int):
            named = (atom for dim in dims for atom in mentioned(dim))
            return frozenset(name for atom in named for name in atom.free)
    return _NO_NAMES


_NO_NAMES: frozenset[str] = frozenset()


def mentioned(dim: Dim) -> Iterator[Symbol]:
    """The symbols in a formula itself, not those in their definitions."""
    if isinstance(dim, int):
        return
    for atom in dim.order:
        match atom:
            case Symbol():
                yield atom
            case FloorDiv(left, right) | Maximum(left, right):
                yield from mentioned(left)
                yield from mentioned(right)


def _atom(atom: Atom) -> Expr:
    return Expr(frozenset({(frozenset({(atom, 1)}), 1)}), (atom,))


_CONSTANT: Monomial = frozenset()


def _terms(dim: Dim) -> dict[Monomial, int]:
    if isinstance(dim, int):
        return {_CONSTANT: dim} if dim else {}
    return dict(dim.terms)


def _build(terms: Mapping[Monomial, int], order: Iterable[Atom]) -> Dim:
    kept = {monomial: coefficient for monomial, coefficient in terms.items() if coefficient}
    if not kept:
        return 0
    if len(kept) == 1 and _CONSTANT in kept:
        return kept[_CONSTANT]
    used = {atom for monomial in kept for atom, _ in monomial}
    return Expr(frozenset(kept.items()), tuple(a for a in dict.fromkeys(order) if a in used))


def _order(dim: Dim) -> tuple[Atom, ...]:
    return () if isinstance(dim, int) else dim.order


def _sum(dims: Iterable[Dim]) -> Dim:
    number = 0
    terms: dict[Monomial, int] = {}
    order: list[Atom] = []
    for dim in dims:
        if isinstance(dim, int):
            number += dim
            continue
        order.extend(dim.order)
        for monomial, coefficient in dim.terms:
            terms[monomial] = terms.get(monomial, 0) + coefficient
    if not terms:
        return number
    terms[_CONSTANT] = terms.get(_CONSTANT, 0) + number
    return _build(terms, order)


def _product(left: Dim, right: Dim) -> Dim:
    terms: dict[Monomial, int] = {}
    for a, x in _terms(left).items():
        for b, y in _terms(right).items():
            powers = dict(a)
            for atom, power in b:
                powers[atom] = powers.get(atom, 0) + power
            monomial = frozenset(powers.items())
            terms[monomial] = terms.get(monomial, 0) + x * y
    return _build(terms, (*_order(left), *_order(right)))


def floor_div(numerator: Dim, denominator: Dim) -> Dim:
    """The quotient rounded down; whole multiples of a plain divisor stand outside the division.

    Raises:
        NetworkError: the divisor is zero.
    """
    if isinstance(denominator, int):
        if denominator == 0:
            raise NetworkError(f"division of a size by zero: {numerator}//0")
        if isinstance(numerator, int):
            return numerator // denominator
        # (d*a + b)//d = a + b//d holds for integers: multiples of the divisor move outside,
        # and of the plain number all but its remainder
        whole: dict[Monomial, int] = {}
        rest: dict[Monomial, int] = {}
        for monomial, coefficient in numerator.terms:
            if monomial and coefficient % denominator:
                rest[monomial] = coefficient
            else:
                whole[monomial] = coefficient // denominator
                rest[monomial] = coefficient % denominator
        outside = _build(whole, numerator.order)
        remainder = _build(rest, numerator.order)
        if isinstance(remainder, int):
            return outside + remainder // denominator
        return outside + _atom(FloorDiv(remainder, denominator))
    if numerator == denominator:
        return 1
    if numerator == 0:
        return 0
    return _atom(FloorDiv(numerator, denominator))


def _grouped(dim: Dim) -> str:
    text = str(dim)
    return f"({text})" if isinstance(dim, Expr) and not text.isidentifier() else text


def reading_order(dim: Expr) -> list[tuple[list[tuple[Atom, int]], int]]:
    """Terms and factors in the order of the formula, high powers first, the plain number last."""
    rank = {atom: position for position, atom in enumerate(dim.order)}
    terms = [(sorted(m, key=lambda item: rank[item[0]]), c) for m, c in dim.terms]
    return sorted(
        terms, key=lambda term: (not term[0], [(rank[atom], -power) for atom, power in term[0]])
    )


def _monomial_text(factors: list[tuple[Atom, int]], coefficient: int, *, alone: bool) -> str:
    texts = [str(coefficient)] if coefficient != 1 or not factors else []
    for atom, power in factors:
        text = str(atom)
        if isinstance(atom, FloorDiv) and (power > 1 or len(factors) > 1 or not alone):
            text = f"({text})"
        texts.append(text if power == 1 else f"{text}^{power}")
    return "*".join(texts)
