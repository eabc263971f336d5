"""Sizes: integers, or exact expressions in named symbols.

A `Dim` is an int or an `Expr`. Formulas are written once with ``+ - * //`` and the helpers
`ceil_div`, `maximum` and `product`; they then give ints for ints, expressions for symbols and,
through `evaluate`, arrays for arrays. An expression is a polynomial with integer coefficients over
atoms (symbols, floor divisions, maxima) and collapses to an int as soon as it is constant, so
equal expressions compare equal.

>>> size, kernel, padding, stride = symbols("X K P S")
>>> (size - kernel + 2 * padding) // stride + 1
(X - K + 2*P)//S + 1
>>> evaluate((size - kernel + 2 * padding) // stride + 1, {"X": 28, "K": 5, "P": 0, "S": 1})
24
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias, Union

from convcost.errors import NetworkError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

INT64_MAX = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Symbol:
    """A named size; an output axis's symbol carries its definition and can be evaluated by it."""

    name: str
    definition: Dim | None = None

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
Monomial: TypeAlias = tuple[tuple[Atom, int], ...]
Dim: TypeAlias = Union[int, "Expr"]


@dataclass(frozen=True, slots=True, eq=True)
class Expr:
    """A polynomial: monomial (atoms with powers, in a canonical order) -> coefficient.

    Build it from `symbols`; an `Expr` is never constant.
    """

    terms: frozenset[tuple[Monomial, int]]
    #: atoms in the order in which the formula mentions them: how a person expects to read it
    order: tuple[Atom, ...] = field(compare=False)

    def __add__(self, other: Dim) -> Dim:
        return _sum((self, other))

    __radd__ = __add__

    def __neg__(self) -> Dim:
        return self * -1

    def __sub__(self, other: Dim) -> Dim:
        return _sum((self, -other))

    def __rsub__(self, other: Dim) -> Dim:
        return _sum((other, -self))

    def __mul__(self, other: Dim) -> Dim:
        return _product(self, other)

    __rmul__ = __mul__

    def __floordiv__(self, other: Dim) -> Dim:
        return _floor_div(self, other)

    def __rfloordiv__(self, other: Dim) -> Dim:
        return _floor_div(other, self)

    def __repr__(self) -> str:
        return str(self)

    def __str__(self) -> str:
        rank = {atom: position for position, atom in enumerate(self.order)}
        texts = []
        for monomial, coefficient in sorted(
            self.terms, key=lambda term: _reading_order(term, rank)
        ):
            sign = "-" if coefficient < 0 else "+"
            texts.append(f"{sign} {_monomial_text(monomial, abs(coefficient), rank)}")
        text = " ".join(texts)
        return text[2:] if text.startswith("+ ") else "-" + text[2:]


def symbols(names: str) -> tuple[Expr, ...]:
    """One expression per blank-separated name."""
    return tuple(symbol(name) for name in names.split())


def symbol(name: str, definition: Dim | None = None) -> Expr:
    """A named size; with a definition it stands for that expression and prints as its name."""
    atom = Symbol(name, definition)
    return Expr(frozenset({(((atom, 1),), 1)}), (atom,))


def ceil_div(numerator: Dim, denominator: Dim) -> Dim:
    """Division rounded up.

    >>> ceil_div(7, 2), ceil_div(symbol("X"), 2)
    (4, (X + 1)//2)
    """
    return (numerator + denominator - 1) // denominator


def maximum(left: Any, right: Any) -> Any:
    """The larger of two sizes (ints, expressions or arrays).

    >>> maximum(3, 0), maximum(symbol("P"), 0)
    (3, max(P, 0))
    """
    if isinstance(left, int) and isinstance(right, int):
        return max(left, right)
    if isinstance(left, Expr) or isinstance(right, Expr):
        return left if left == right else _atom(Maximum(left, right))
    import numpy as np

    return np.maximum(left, right)


def minimum(left: Any, right: Any) -> Any:
    """The smaller of two sizes."""
    return -maximum(-left, -right)


def product(sizes: Iterable[Dim]) -> Dim:
    """The product of sizes; 1 for none."""
    result: Dim = 1
    for size in sizes:
        result = result * size
    return result


def number(dim: Dim, what: str) -> int:
    """The size as an int.

    Raises:
        NetworkError: it still holds symbols; the message names them.
    """
    if isinstance(dim, int):
        return dim
    names = ", ".join(sorted(free_symbols(dim)))
    raise NetworkError(
        f"{what} is not known: {dim} needs {names}",
        hint=f"bind {names}, for example --dim {names}=1",
    )


def free_symbols(dim: Dim) -> frozenset[str]:
    """Names that have to be bound before the size is a number."""
    if isinstance(dim, int):
        return frozenset()
    names: set[str] = set()
    for monomial, _ in dim.terms:
        for atom, _ in monomial:
            match atom:
                case Symbol(name, None):
                    names.add(name)
                case Symbol(_, definition) if definition is not None:
                    names |= free_symbols(definition)
                case FloorDiv(left, right) | Maximum(left, right):
                    names |= free_symbols(left) | free_symbols(right)
    return frozenset(names)


def definitions(dim: Dim) -> dict[str, Dim]:
    """The definitions of the named sizes in an expression, the innermost first."""
    found: dict[str, Dim] = {}
    if isinstance(dim, Expr):
        for atom in dim.order:
            if isinstance(atom, Symbol) and atom.definition is not None:
                found |= definitions(atom.definition) | {atom.name: atom.definition}
            elif isinstance(atom, FloorDiv):
                found |= definitions(atom.numerator) | definitions(atom.denominator)
            elif isinstance(atom, Maximum):
                found |= definitions(atom.left) | definitions(atom.right)
    return found


def substitute(dim: Dim, values: Mapping[str, Dim]) -> Dim:
    """The size with symbols replaced; what is left symbolic stays an expression.

    >>> substitute(symbol("N") * 4 + symbol("X"), {"N": 32})
    X + 128
    """
    if isinstance(dim, int):
        return dim
    return _sum(
        product(
            [coefficient, *(_substitute_atom(a, values) for a, p in monomial for _ in range(p))]
        )
        for monomial, coefficient in dim.terms
    )


def _substitute_atom(atom: Atom, values: Mapping[str, Dim]) -> Dim:
    match atom:
        case Symbol(name, _) if name in values:
            return values[name]
        case Symbol(name, definition) if definition is not None:
            inner = substitute(definition, values)
            return inner if isinstance(inner, int) else symbol(name, inner)
        case FloorDiv(left, right):
            return _floor_div(substitute(left, values), substitute(right, values))
        case Maximum(left, right):
            result: Dim = maximum(substitute(left, values), substitute(right, values))
            return result
    return _atom(atom)


def evaluate(dim: Dim, values: Mapping[str, Any]) -> Any:
    """The size for numbers or NumPy arrays of numbers, one result per element.

    Arrays are computed in int64 where a bound over all intermediate values shows that they fit,
    with Python's exact integers (dtype object) otherwise: a result is never silently wrapped.

    Raises:
        NetworkError: a symbol has no value.

    >>> import numpy as np
    >>> evaluate(symbol("X") * symbol("X"), {"X": np.array([2, 3])})
    array([4, 9])
    """
    missing = free_symbols(dim) - set(values)
    if missing:
        names = ", ".join(sorted(missing))
        raise NetworkError(f"{dim} needs a value for {names}")
    if isinstance(dim, int) or all(isinstance(value, int) for value in values.values()):
        return substitute(dim, values)
    import numpy as np

    arrays = {name: np.asarray(value) for name, value in values.items()}
    limits = {n: int(np.abs(a).max()) if a.size else 0 for n, a in arrays.items()}
    exact = np.int64 if _bound(dim, limits) <= INT64_MAX else object
    return _on_arrays(dim, {name: array.astype(exact) for name, array in arrays.items()})


def _on_arrays(dim: Dim, arrays: Mapping[str, Any]) -> Any:
    if isinstance(dim, int):
        return dim
    total: Any = 0
    for monomial, coefficient in dim.terms:
        term: Any = coefficient
        for atom, power in monomial:
            term = term * _atom_on_arrays(atom, arrays) ** power
        total = total + term
    return total


def _atom_on_arrays(atom: Atom, arrays: Mapping[str, Any]) -> Any:
    match atom:
        case Symbol(name, _) if name in arrays:
            return arrays[name]
        case Symbol(_, definition) if definition is not None:
            return _on_arrays(definition, arrays)
        case FloorDiv(left, right):
            return _on_arrays(left, arrays) // _on_arrays(right, arrays)
        case Maximum(left, right):
            import numpy as np

            return np.maximum(_on_arrays(left, arrays), _on_arrays(right, arrays))
    raise AssertionError(atom)


def _bound(dim: Dim, limits: Mapping[str, int]) -> int:
    """No intermediate value of the expression is larger in magnitude (divisors are at least 1)."""
    if isinstance(dim, int):
        return abs(dim)
    total = 0
    for monomial, coefficient in dim.terms:
        term = abs(coefficient)
        for atom, power in monomial:
            term *= max(1, _atom_bound(atom, limits)) ** power
        total += term
    return total


def _atom_bound(atom: Atom, limits: Mapping[str, int]) -> int:
    match atom:
        case Symbol(name, _) if name in limits:
            return limits[name]
        case Symbol(_, definition) if definition is not None:
            return _bound(definition, limits)
        case FloorDiv(left, right) | Maximum(left, right):
            return max(_bound(left, limits) + 1, _bound(right, limits))
    raise AssertionError(atom)


def _atom(atom: Atom) -> Expr:
    return Expr(frozenset({(((atom, 1),), 1)}), (atom,))


def _terms(dim: Dim) -> dict[Monomial, int]:
    if isinstance(dim, int):
        return {(): dim} if dim else {}
    return dict(dim.terms)


def _build(terms: Mapping[Monomial, int], order: Iterable[Atom]) -> Dim:
    kept = {monomial: coefficient for monomial, coefficient in terms.items() if coefficient}
    if not kept:
        return 0
    if len(kept) == 1 and () in kept:
        return kept[()]
    used = {atom for monomial in kept for atom, _ in monomial}
    return Expr(frozenset(kept.items()), tuple(a for a in dict.fromkeys(order) if a in used))


def _order(dim: Dim) -> tuple[Atom, ...]:
    return () if isinstance(dim, int) else dim.order


def _sum(dims: Iterable[Dim]) -> Dim:
    terms: dict[Monomial, int] = {}
    order: list[Atom] = []
    for dim in dims:
        order.extend(_order(dim))
        for monomial, coefficient in _terms(dim).items():
            terms[monomial] = terms.get(monomial, 0) + coefficient
    return _build(terms, order)


def _product(left: Dim, right: Dim) -> Dim:
    terms: dict[Monomial, int] = {}
    for a, x in _terms(left).items():
        for b, y in _terms(right).items():
            powers = dict(a)
            for atom, power in b:
                powers[atom] = powers.get(atom, 0) + power
            monomial = tuple(sorted(powers.items(), key=lambda item: str(item[0])))
            terms[monomial] = terms.get(monomial, 0) + x * y
    return _build(terms, (*_order(left), *_order(right)))


def _floor_div(numerator: Dim, denominator: Dim) -> Dim:
    if isinstance(denominator, int):
        if denominator == 0:
            raise NetworkError(f"division of a size by zero: {numerator}//0")
        if isinstance(numerator, int):
            return numerator // denominator
        # (d*a + b)//d = a + b//d holds for integers: multiples of the divisor move outside
        whole: dict[Monomial, int] = {}
        rest: dict[Monomial, int] = {}
        for monomial, coefficient in numerator.terms:
            part = whole if coefficient % denominator == 0 else rest
            part[monomial] = coefficient
        outside = _build({m: c // denominator for m, c in whole.items()}, numerator.order)
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


def _reading_order(term: tuple[Monomial, int], rank: Mapping[Atom, int]) -> tuple[int, list[int]]:
    """Symbols in the order of the formula, the plain number last."""
    monomial, _ = term
    return (0 if monomial else 1, sorted(rank[atom] for atom, _ in monomial))


def _monomial_text(monomial: Monomial, coefficient: int, rank: Mapping[Atom, int]) -> str:
    factors = [str(coefficient)] if coefficient != 1 or not monomial else []
    for atom, power in sorted(monomial, key=lambda item: rank[item[0]]):
        text = str(atom)
        if isinstance(atom, FloorDiv) and (power > 1 or len(monomial) > 1 or coefficient != 1):
            text = f"({text})"
        factors.append(text if power == 1 else f"{text}^{power}")
    return "*".join(factors)
