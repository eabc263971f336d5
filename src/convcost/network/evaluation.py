"""Values for the symbols in sizes: other sizes, numbers, or NumPy arrays of numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.errors import NetworkError
from convcost.network.dims import (
    INT64_MAX,
    Atom,
    Dim,
    Expr,
    FloorDiv,
    Maximum,
    Symbol,
    floor_div,
    free_symbols,
    maximum,
    mentioned,
    product,
    reading_order,
    summed,
    symbol,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping


def definitions(*dims: Dim) -> dict[str, Dim]:
    """The definitions of the named sizes in expressions, the innermost first."""
    named = symbols_within(dims)
    return {s.name: s.definition for s in named if s.definition is not None}


def symbols_within(dims: Iterable[Dim], known: Collection[Symbol] = ()) -> Iterable[Symbol]:
    """Every symbol that sizes mention, also inside definitions: the innermost first, each once.

    What only `known` symbols mention is left out. A loop, since definitions form long chains: each
    output size of a deep network is defined by the one before it.
    """
    found: dict[Symbol, None] = {}
    # most sizes are numbers, or one of few formulas
    for dim in dict.fromkeys(dim for dim in dims if not isinstance(dim, int)):
        open_: list[tuple[Symbol | None, Iterator[Symbol]]] = [(None, mentioned(dim))]
        while open_:
            owner, rest = open_[-1]
            for atom in rest:
                if atom in found or atom in known:
                    continue
                if atom.definition is not None:
                    open_.append((atom, mentioned(atom.definition)))
                    break
                found[atom] = None
            else:
                open_.pop()
                if owner is not None:
                    found[owner] = None
    return found


class Substitution:
    """Replaces symbols in many sizes; what they share is worked out once."""

    def __init__(self, values: Mapping[str, Dim]) -> None:
        self._values = values
        self._symbols: dict[Symbol, Dim] = {}
        self._done: dict[Expr, Dim] = {}

    def __call__(self, dim: Dim) -> Dim:
        """The size with symbols replaced; what is left symbolic stays an expression."""
        if isinstance(dim, int):
            return dim
        result = self._done.get(dim)
        if result is None:
            for atom in symbols_within((dim,), self._symbols):
                self._symbols[atom] = self._symbol(atom)
            result = self._formula(dim)
            # the same object where nothing changes: what holds it need not be made anew
            result = self._done[dim] = dim if result == dim else result
        return result

    def _formula(self, dim: Dim) -> Dim:
        if isinstance(dim, int):
            return dim
        # the order in which a person reads a formula is of use where it has several symbols
        terms = reading_order(dim) if len(dim.order) > 1 else dim.terms
        products = []
        for factors, coefficient in terms:
            atoms = [self._atom(atom) for atom, power in factors for _ in range(power)]
            products.append(product([coefficient, *atoms]))
        return summed(products)

    def _symbol(self, atom: Symbol) -> Dim:
        if atom.definition is None:
            return self._values.get(atom.name, symbol(atom.name, atom.definition))
        inner = self._formula(atom.definition)
        if inner == atom.definition:
            return symbol(atom.name, atom.definition)
        return inner if isinstance(inner, int) else symbol(atom.name, inner)

    def _atom(self, atom: Atom) -> Dim:
        match atom:
            case Symbol():
                return self._symbols[atom]
            case FloorDiv(left, right):
                return floor_div(self._formula(left), self._formula(right))
            case Maximum(left, right):
                result: Dim = maximum(self._formula(left), self._formula(right))
                return result


def substitute(dim: Dim, values: Mapping[str, Dim]) -> Dim:
    """The size with symbols replaced; what is left symbolic stays an expression.

    A named size follows its definition; it cannot be replaced itself.

    >>> substitute(symbol("N") * 4 + symbol("X"), {"N": 32})
    X + 128
    """
    return Substitution(values)(dim)


class Evaluation:
    """Sizes for numbers or NumPy arrays of numbers; named sizes are worked out once.

    Arrays are computed in int64 where a bound over all intermediate values shows that they fit,
    with Python's exact integers (dtype object) otherwise: a result is never silently wrapped.

    Attributes:
        where: None, or a mask of the elements for which a result is wanted, set before the first
            use: an element that would divide by zero then leaves the mask instead of raising, and
            results outside of it mean nothing.
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.where: Any = None
        self._values = values
        self._plain = all(isinstance(value, int) for value in values.values())
        self._substitution = Substitution(values if self._plain else {})
        self._arrays: dict[Symbol, Any] = {}
        self._bounds: dict[Symbol, int] = {}
        self._results: dict[type, dict[Symbol, Any]] = {}

    def __call__(self, dim: Dim) -> Any:
        """The size, one result per element.

        Raises:
            NetworkError: a symbol has no value, a value is not a whole number, or a divisor is
                zero.
        """
        if isinstance(dim, int):
            return dim
        for atom in symbols_within((dim,), self._bounds):
            self._bounds[atom] = self._symbol_bound(atom, dim)
        if self._plain and self.where is None:
            return self._substitution(dim)
        import numpy as np

        dtype = np.int64 if bound(dim, self._bounds) <= INT64_MAX else object
        results = self._results.setdefault(dtype, {})
        for atom in symbols_within((dim,), results):
            if atom.definition is None:
                results[atom] = self._arrays[atom].astype(dtype)
            else:
                results[atom] = self._formula(atom.definition, results)
        return self._formula(dim, results)

    def _symbol_bound(self, atom: Symbol, dim: Dim) -> int:
        if atom.definition is not None:
            return bound(atom.definition, self._bounds)
        value = self._values.get(atom.name)
        if value is None:
            names = ", ".join(sorted(free_symbols(dim) - set(self._values)))
            raise NetworkError(f"{dim} needs a value for {names}")
        if self._plain and self.where is None:
            return abs(int(value))
        import numpy as np

        self._arrays[atom] = array = np.asarray(value)
        if array.dtype.kind not in "iuO" and array.size:
            raise NetworkError(f"the values of {atom.name} are {array.dtype}, not whole numbers")
        # not by abs: it wraps for the smallest integer of a dtype
        return int(max(int(array.max()), -int(array.min()))) if array.size else 0

    def _formula(self, dim: Dim, results: Mapping[Symbol, Any]) -> Any:
        if isinstance(dim, int):
            return dim
        total: Any = 0
        for monomial, coefficient in dim.terms:
            term: Any = coefficient
            for atom, power in monomial:
                term = term * self._atom(atom, results) ** power
            total = total + term
        return total

    def _atom(self, atom: Atom, results: Mapping[Symbol, Any]) -> Any:
        match atom:
            case Symbol():
                return results[atom]
            case FloorDiv(left, right):
                numerator, divisor = self._formula(left, results), self._formula(right, results)
                return numerator // (divisor if isinstance(right, int) else self._nonzero(divisor))
            case Maximum(left, right):
                import numpy as np

                return np.maximum(self._formula(left, results), self._formula(right, results))

    def _nonzero(self, divisor: Any) -> Any:
        import numpy as np

        zero = np.asarray(divisor == 0, dtype=bool)
        if not zero.any():
            return divisor
        if self.where is None:
            raise NetworkError("division of a size by zero")
        self.where = self.where & ~zero
        return np.where(zero, 1, divisor)


def bound(dim: Dim, symbols: Mapping[Symbol, int]) -> int:
    """No intermediate value of the size is larger in magnitude.

    Divisors are at least 1 in magnitude.

    Args:
        dim: the size.
        symbols: the bound of every symbol that it mentions.

    >>> x = symbol("X")
    >>> bound((x * x - 3) // 4, {next(iter(mentioned(x))): 10})
    102
    """
    if isinstance(dim, int):
        return abs(dim)
    total = 0
    for monomial, coefficient in dim.terms:
        term = abs(coefficient)
        for atom, power in monomial:
            term *= max(1, _atom_bound(atom, symbols)) ** power
        total += term
    return total


def _atom_bound(atom: Atom, symbols: Mapping[Symbol, int]) -> int:
    match atom:
        case Symbol():
            return symbols[atom]
        case FloorDiv(left, right) | Maximum(left, right):
            return max(bound(left, symbols), bound(right, symbols))


def evaluate(dim: Dim, values: Mapping[str, Any]) -> Any:
    """The size for numbers or NumPy arrays of numbers, one result per element; see `Evaluation`.

    Raises:
        NetworkError: a symbol has no value, a value is not a whole number, or a divisor is zero.

    >>> import numpy as np
    >>> evaluate(symbol("X") * symbol("X"), {"X": np.array([2, 3])})
    array([4, 9])
    """
    return Evaluation(values)(dim)
