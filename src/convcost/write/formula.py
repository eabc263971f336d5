"""Sizes as text that reads back as the same size."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from convcost.network.dims import Expr, FloorDiv, Maximum, Symbol, reading_order
from convcost.network.evaluation import symbols_within
from convcost.read.exchange.formula import NAME

if TYPE_CHECKING:
    from convcost.network.dims import Atom, Dim

_PLAIN_NAME = re.compile(NAME)


class Formulas:
    """Writes the sizes of one network; the grammar is that of `convcost.read.exchange.formula`.

    Attributes:
        sizes: the named sizes met so far, as rows of the file: what a formula mentions stands
            before it.
    """

    def __init__(self) -> None:
        self.sizes: list[dict[str, str]] = []
        #: symbols may share a name; in the file each has its own
        self._references: dict[Symbol, str] = {}
        self._taken: set[str] = set()
        # by identity: equal expressions may be printed in different order
        self._done: dict[int, tuple[Expr, str]] = {}

    def __call__(self, dim: Dim) -> int | str:
        """A number as it is, an expression as text."""
        if isinstance(dim, int):
            return dim
        done = self._done.get(id(dim))
        if done is None:
            for symbol in symbols_within((dim,), self._references):
                self._name(symbol)
            # the expression is kept so that its id is not used again
            done = self._done[id(dim)] = dim, self._formula(dim)
        return done[1]

    def _name(self, symbol: Symbol) -> None:
        reference, number = symbol.name, 1
        while reference in self._taken:
            number += 1
            reference = f"{symbol.name}#{number}"
        self._taken.add(reference)
        self._references[symbol] = reference
        row: dict[str, str] = {"size": reference}
        if reference != symbol.name:
            row["name"] = symbol.name
        if symbol.definition is not None:
            row["formula"] = self._text(symbol.definition)
        if len(row) > 1:
            self.sizes.append(row)

    def _text(self, dim: Dim) -> str:
        return str(dim) if isinstance(dim, int) else self._formula(dim)

    def _formula(self, dim: Expr) -> str:
        text = ""
        mentioned: dict[Atom, Any] = {}
        for factors, coefficient in reading_order(dim):
            mentioned.update(factors)
            sign = "-" if coefficient < 0 else "+"
            bare = coefficient == 1 or (coefficient == -1 and bool(text))
            term = self._term(factors, abs(coefficient), bare=bare)
            text += f" {sign} {term}" if text else sign.replace("+", "") + term
        if tuple(mentioned) != dim.order:
            text += "; " + ", ".join(map(self._factor, dim.order))
        return text

    def _term(self, factors: list[tuple[Atom, int]], coefficient: int, *, bare: bool) -> str:
        if bare and len(factors) == 1 and factors[0][1] == 1:
            return self._atom(factors[0][0])
        texts = [str(coefficient)] if coefficient != 1 or not factors else []
        for atom, power in factors:
            texts.append(self._factor(atom) + (f"^{power}" if power > 1 else ""))
        return "*".join(texts)

    def _factor(self, atom: Atom) -> str:
        text = self._atom(atom)
        return f"({text})" if isinstance(atom, FloorDiv) else text

    def _atom(self, atom: Atom) -> str:
        match atom:
            case Symbol():
                name = self._references[atom]
                return name if _PLAIN_NAME.fullmatch(name) else f"`{name.replace('`', '``')}`"
            case FloorDiv(left, right):
                return f"{self._operand(left)}//{self._operand(right)}"
            case Maximum(left, right):
                return f"max({self._side(left)}, {self._side(right)})"

    def _operand(self, dim: Dim) -> str:
        text = self._text(dim)
        return text if text.isdecimal() or _PLAIN_NAME.fullmatch(text) else f"({text})"

    def _side(self, dim: Dim) -> str:
        text = self._text(dim)
        # an order of atoms is a list with commas, too
        return f"({text})" if ";" in text else text
