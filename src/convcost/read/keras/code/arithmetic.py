"""Arithmetic on plain values, with bounds: what a network's sizes need, and no more.

Nothing here calls anything of the text. Every result is bounded in size, so that no line of code
can take much time or memory.
"""

from __future__ import annotations

import ast
import operator
import re
import string
from typing import TYPE_CHECKING, Any

from convcost.read.keras.code.values import NotFollowed, Opaque, Reference, is_flat, is_scalar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

#: Longest sequence, string, and integer (in bits).
MOST_ITEMS = 10_000
_MOST_BITS = 128

_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.BitXor: operator.xor,
}
_UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
    ast.Invert: operator.invert,
}
_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda item, items: item in items,
    ast.NotIn: lambda item, items: item not in items,
}
#: What arithmetic on values of any kind runs into.
FAILURES = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


def bounded(value: object) -> object:
    """The value itself, if it is not too large.

    Raises:
        NotFollowed: it is.
    """
    if isinstance(value, int) and value.bit_length() > _MOST_BITS:
        raise NotFollowed
    if isinstance(value, str | list | tuple | dict) and len(value) > MOST_ITEMS:
        raise NotFollowed
    return value


def binary(kind: ast.operator, left: object, right: object) -> object:
    """``left kind right`` for plain values.

    >>> binary(ast.Mult(), 32, 2), binary(ast.Add(), (8, 8), (3,))
    (64, (8, 8, 3))
    >>> binary(ast.Pow(), 9, 9**9)
    Traceback (most recent call last):
    ...
    convcost.read.keras.code.values.NotFollowed
    """
    if isinstance(left, str) and isinstance(kind, ast.Mod):
        return _percent(left, right)
    sequences = isinstance(left, list | tuple) and isinstance(kind, ast.Add | ast.Mult)
    repeats = isinstance(right, list | tuple) and isinstance(kind, ast.Mult)
    if not (is_scalar(left) or sequences) or not (is_scalar(right) or sequences or repeats):
        raise NotFollowed
    _check_growth(kind, left, right)
    try:
        result = _BINARY[type(kind)](left, right)
    except (*FAILURES, KeyError) as error:
        raise NotFollowed from error
    if isinstance(result, complex):
        raise NotFollowed
    return bounded(result)


def _check_growth(kind: ast.operator, left: object, right: object) -> None:
    """Refuse an operation whose result would be far too large, before it is worked out."""
    if isinstance(kind, ast.Pow | ast.LShift) and isinstance(left, int) and isinstance(right, int):
        bits = left.bit_length() * abs(right) if isinstance(kind, ast.Pow) else right
        if bits > 2 * _MOST_BITS:
            raise NotFollowed
    if isinstance(kind, ast.Mult):
        for items, count in ((left, right), (right, left)):
            if (
                isinstance(items, str | list | tuple)
                and isinstance(count, int)
                and len(items) * count > MOST_ITEMS
            ):
                raise NotFollowed


def unary(kind: ast.unaryop, value: object) -> object:
    """``kind value`` for a number."""
    if not isinstance(value, int | float) or type(kind) not in _UNARY:
        raise NotFollowed
    try:
        return bounded(_UNARY[type(kind)](value))
    except FAILURES as error:
        raise NotFollowed from error


def truth(value: object) -> bool:
    """Whether a value counts as true.

    Raises:
        NotFollowed: the value is unknown.
    """
    if isinstance(value, Opaque | Reference):
        raise NotFollowed
    if isinstance(value, int | float | str | list | tuple | dict):
        return bool(value)
    return value is not None


def compare(kind: ast.cmpop, left: object, right: object) -> bool:
    """``left kind right``; flat values only, but anything known can be told from None.

    >>> compare(ast.In(), "a", ("a", "b")), compare(ast.IsNot(), (), None)
    (True, True)
    """
    if isinstance(left, Opaque | Reference) or isinstance(right, Opaque | Reference):
        raise NotFollowed
    if isinstance(kind, ast.Is | ast.IsNot):
        return (left is right) is isinstance(kind, ast.Is)
    if left is None or right is None or not (is_flat(left) and is_flat(right)):
        if isinstance(kind, ast.Eq | ast.NotEq) and (left is None or right is None):
            return (left is right) is isinstance(kind, ast.Eq)
        raise NotFollowed
    try:
        return bool(_COMPARISONS[type(kind)](left, right))
    except FAILURES as error:
        raise NotFollowed from error


def text_of(value: object, specification: str = "", conversion: int = -1) -> str:
    """A value in an f-string."""
    if not is_scalar(value) or re.search(r"\d{3}", specification):
        raise NotFollowed
    try:
        return format(repr(value) if conversion == ord("r") else value, specification)
    except FAILURES as error:
        raise NotFollowed from error


def _percent(template: str, value: object) -> object:
    """``template % value``; no widths worth the name."""
    if not is_flat(value) or re.search(r"%[^a-zA-Z%]*?(?:\d{3}|\*)", template):
        raise NotFollowed
    try:
        return bounded(template % (tuple(value) if isinstance(value, list | tuple) else value))
    except FAILURES as error:
        raise NotFollowed from error


def format_text(template: str, values: Sequence[object], named: dict[str, object]) -> object:
    """``template.format(...)`` with plain fields.

    >>> format_text("conv_{}_{i:02d}", [3], {"i": 7})
    'conv_3_07'
    """
    if not all(is_scalar(value) for value in (*values, *named.values())):
        raise NotFollowed
    try:
        for _, name, specification, _ in string.Formatter().parse(template):
            plain = re.fullmatch(r"\w*", name or "")
            if plain is None or re.search(r"\d{3}|[{}]", specification or ""):
                raise NotFollowed
        return bounded(template.format(*values, **named))
    except FAILURES as error:
        raise NotFollowed from error


def item(owner: object, key: object) -> object:
    """``owner[key]`` of a list, tuple, string or dict."""
    if isinstance(owner, list | tuple | str) and (type(key) is int or isinstance(key, slice)):
        try:
            return owner[key]
        except FAILURES as error:
            raise NotFollowed from error
    if isinstance(owner, dict) and is_flat(key) and not isinstance(key, list) and key in owner:
        return owner[key]
    raise NotFollowed


def iterate(value: object) -> list[object]:
    """The items of a plain sequence."""
    if isinstance(value, range):
        if len(value) > MOST_ITEMS:
            raise NotFollowed
        return list(value)
    if isinstance(value, list | tuple | dict | str):
        return list(value)
    raise NotFollowed
