"""Sizes from text: a small grammar, read without evaluating anything.

    formula = ["-"] term {("+" | "-") term} [";" part {"," part}]
    term    = part "//" part | power {"*" power}
    power   = part ["^" number]
    part    = number | name | "max" "(" formula "," formula ")" | "(" formula ")"

A name is a word, or anything between backquotes (a backquote in it is doubled). Factors are
numbers, names, maxima and quotients in parentheses, not sums. The list after a semicolon says in
which order the formula names its parts where its terms do not tell; it changes how it is printed,
not what it is worth.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NoReturn

from convcost.network.dims import Expr, floor_div, free_symbols, maximum, product, summed, symbol
from convcost.network.evaluation import bound
from convcost.read.exchange.misfit import Misfit, expected, step
from convcost.read.limits import (
    MAX_FORMULA,
    MAX_FORMULA_BITS,
    MAX_FORMULA_DEPTH,
    MAX_FORMULA_NAMES,
    MAX_FORMULA_POWER,
    MAX_SIZE,
    MAX_SIZE_TERMS,
)

if TYPE_CHECKING:
    from convcost.network.dims import Atom, Dim, Symbol
    from convcost.read.exchange.schema import SizeRow

#: A name that needs no backquotes.
NAME = r"[^\W\d]\w*"
_TOKEN = re.compile(rf"\s*([0-9]+|{NAME}|`(?:[^`]|``)*`|//|[-+*^(),;])")
#: How a token that is no name and no number begins; the empty one is the end.
_OPERATORS = "/-+*^(),;"
_DIGITS = len(str(MAX_SIZE))


class Sizes:
    """The sizes of one network: numbers, and formulas in its named and open sizes.

    Attributes:
        open: names of the sizes that have no definition.
    """

    def __init__(self) -> None:
        self.open: set[str] = set()
        #: how many ops are open around what is read
        self.depth = 0
        self._named: dict[str, Dim] = {}
        self._formulas: dict[str, Dim] = {}
        self._bounds: dict[Symbol, int] = {}

    def define(self, row: SizeRow) -> None:
        """Take over a named size; its formula mentions only those before it.

        Raises:
            Misfit: it is defined already, or its formula is none.
        """
        definition = None
        if row.formula is not None:
            with step("formula"):
                definition = self(row.formula)
            if isinstance(definition, int):
                raise Misfit(f"a named size stands for a formula, not for the number {definition}")
        if row.size in self._named:
            raise Misfit(f"the size {row.size!r:.80} is used or defined before")
        self._add(row.size, row.size if row.name is None else row.name, definition)

    def __call__(self, value: object) -> Dim:
        """A size.

        Raises:
            Misfit: it is neither a number within the limits nor a formula.
        """
        if type(value) is int:
            if not -MAX_SIZE <= value <= MAX_SIZE:
                raise Misfit(f"the number is above the limit for a size, {MAX_SIZE:,}")
            return value
        if type(value) is not str:
            raise expected("a size", value)
        found = self._formulas.get(value)
        if found is None:
            found = self._formulas[value] = self._checked(value)
        return found

    def named(self, name: str) -> Dim:
        """The size that a formula names."""
        if name not in self._named:
            self._add(name, name, None)
        return self._named[name]

    def _add(self, reference: str, name: str, definition: Dim | None) -> None:
        size = symbol(name, definition)
        atom = size.order[0]
        if definition is None:
            self.open.add(name)
            self._bounds[atom] = MAX_SIZE  # type: ignore[index]
        else:
            self._bounds[atom] = bound(definition, self._bounds)  # type: ignore[index]
        self._named[reference] = size

    def _checked(self, text: str) -> Dim:
        if len(text) > MAX_FORMULA:
            raise Misfit(f"a formula has {len(text):,} letters; the limit is {MAX_FORMULA:,}")
        dim = _Parser(text, self).whole()
        if isinstance(dim, int):
            return self(dim)
        if bound(dim, self._bounds).bit_length() > MAX_FORMULA_BITS:
            raise Misfit("a size grows beyond every limit")
        if len(free_symbols(dim)) > MAX_FORMULA_NAMES:
            raise Misfit(f"a size depends on more than {MAX_FORMULA_NAMES} open sizes")
        return dim


class _Parser:
    """One formula, token by token."""

    def __init__(self, text: str, sizes: Sizes) -> None:
        self._text = text
        self._sizes = sizes
        self._end = 0
        self._start = 0
        self._depth = 0
        self._current = ""
        self._next()

    def whole(self) -> Dim:
        """The size."""
        dim = self._formula()
        if self._current:
            self._refuse("the end")
        return dim

    def _next(self) -> str:
        """Step to the next token; returns the one before."""
        token = self._current
        found = _TOKEN.match(self._text, self._end)
        if found is None:
            self._start = self._end
            self._current = ""
            if self._text[self._end :].strip():
                self._refuse("a name, a number or an operator")
        else:
            self._start, self._end, self._current = found.start(1), found.end(), found[1]
        return token

    def _accept(self, *tokens: str) -> str:
        return self._next() if self._current and self._current in tokens else ""

    def _formula(self) -> Dim:
        self._depth += 1
        if self._depth > MAX_FORMULA_DEPTH:
            raise Misfit(f"a formula is nested more than {MAX_FORMULA_DEPTH} deep")
        sign = self._accept("-") or "+"
        terms = []
        while sign:
            term = self._term()
            terms.append(-term if sign == "-" else term)
            sign = self._accept("+", "-")
        dim = summed(terms)
        if isinstance(dim, Expr) and len(dim.terms) > MAX_SIZE_TERMS:
            raise Misfit(f"a formula has more than {MAX_SIZE_TERMS} terms")
        if self._accept(";"):
            dim = self._ordered(dim)
        self._depth -= 1
        return dim

    def _term(self) -> Dim:
        first = self._part()
        if self._accept("//"):
            with step():
                return floor_div(first, self._part())
        factors = [*self._power(first)]
        if self._current != "*":
            return first if len(factors) == 1 else product(factors)
        while self._accept("*"):
            factors += self._power(self._part())
        if not all(isinstance(factor, int) or _is_atom(factor) for factor in factors):
            self._refuse("a product of numbers, names, maxima and quotients")
        return product(factors)

    def _power(self, base: Dim) -> list[Dim]:
        if not self._accept("^"):
            return [base]
        if not self._current.isdecimal() or not 1 <= self._number() <= MAX_FORMULA_POWER:
            self._refuse(f"a power from 1 to {MAX_FORMULA_POWER}")
        if not _is_atom(base):
            self._refuse("a power of a name, a maximum or a quotient")
        return [base] * int(self._next())

    def _part(self) -> Dim:
        if self._current.isdecimal():
            number = self._number()
            self._next()
            return number
        if self._accept("("):
            dim = self._formula()
            self._close()
            return dim
        if self._current[:1] == "`":
            return self._sizes.named(self._next()[1:-1].replace("``", "`"))
        if self._current[:1] in _OPERATORS:
            self._refuse("a name or a number")
        name = self._next()
        if name == "max" and self._accept("("):
            return self._maximum()
        return self._sizes.named(name)

    def _maximum(self) -> Dim:
        left = self._formula()
        if not self._accept(","):
            self._refuse("','")
        right = self._formula()
        self._close()
        dim: Dim = maximum(left, right)
        return dim

    def _ordered(self, dim: Dim) -> Dim:
        parts = [self._part()]
        while self._accept(","):
            parts.append(self._part())
        order = tuple(part.order[0] for part in parts if isinstance(part, Expr) and _is_atom(part))
        if not isinstance(dim, Expr) or len(order) != len(parts) or not _permutes(order, dim.order):
            self._refuse("every part of the formula once after ';'")
        return Expr(dim.terms, order)

    def _number(self) -> int:
        if len(self._current) > _DIGITS or int(self._current) > MAX_SIZE:
            raise Misfit(f"a number in it is above the limit for a size, {MAX_SIZE:,}")
        return int(self._current)

    def _close(self) -> None:
        if not self._accept(")"):
            self._refuse("')'")

    def _refuse(self, what: str) -> NoReturn:
        misfit = expected("a size", self._text)
        misfit.message += f": expected {what} at letter {self._start + 1}"
        raise misfit


def _is_atom(dim: Dim) -> bool:
    return (
        isinstance(dim, Expr)
        and len(dim.order) == 1
        and dim.terms == frozenset({(frozenset({(dim.order[0], 1)}), 1)})
    )


def _permutes(order: tuple[Atom, ...], other: tuple[Atom, ...]) -> bool:
    return len(order) == len(other) and set(order) == set(other)
