"""Python's own functions on plain values, with bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.read.keras.code.arithmetic import FAILURES, bounded, iterate, truth
from convcost.read.keras.code.values import NotFollowed, is_flat, is_scalar
from convcost.read.limits import MAX_SIZE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def builtin(name: str, arguments: Sequence[object], keywords: dict[str, object]) -> object:
    """A call of one of Python's own functions on plain values.

    >>> builtin("int", [6.9], {}), builtin("len", [(1, 2)], {}), builtin("max", [3, 5], {})
    (6, 2, 5)
    """
    if name == "dict" and not arguments:
        return dict(keywords)
    if keywords.keys() - {"start"} or name not in _BUILTINS:
        raise NotFollowed
    try:
        return bounded(_BUILTINS[name](*arguments, **keywords))
    except FAILURES as error:
        raise NotFollowed from error


def _range(*limits: object) -> range:
    numbers = [limit for limit in limits if type(limit) is int and abs(limit) <= MAX_SIZE]
    if len(numbers) != len(limits):
        raise NotFollowed
    return range(*numbers)


def _number(kind: Callable[[Any], object]) -> Callable[[object], object]:
    """A conversion of a scalar; Python itself bounds the digits of an integer in a string."""

    def convert(value: object) -> object:
        if not is_scalar(value):
            raise NotFollowed
        return kind(value)

    return convert


def _of_flat(function: Callable[..., object]) -> Callable[..., object]:
    """A function of plain numbers, or of one list of them."""

    def call(*values: object) -> object:
        if not all(is_flat(value) for value in values):
            raise NotFollowed
        return function(*values)

    return call


def _round(value: object, digits: object = None) -> object:
    if not isinstance(value, int | float):
        raise NotFollowed
    if digits is None:
        return round(value)
    # Rounding an integer to a billion digits takes a power of ten with as many.
    if type(digits) is not int or abs(digits) > 20:
        raise NotFollowed
    return round(value, digits)


def _enumerate(value: object, start: object = 0) -> list[object]:
    if type(start) is not int:
        raise NotFollowed
    return list(enumerate(iterate(value), start))


_BUILTINS: dict[str, Callable[..., object]] = {
    "abs": _of_flat(abs),
    "bool": truth,
    "enumerate": _enumerate,
    "float": _number(float),
    "int": _number(int),
    "len": lambda value: len(iterate(value)),
    "list": lambda *value: iterate(*value) if value else [],
    "max": _of_flat(max),
    "min": _of_flat(min),
    "range": _range,
    "reversed": lambda value: iterate(value)[::-1],
    "round": _round,
    "sorted": _of_flat(sorted),
    "str": _number(str),
    "sum": _of_flat(sum),
    "tuple": lambda *value: tuple(iterate(*value)) if value else (),
    "zip": lambda *values: list(zip(*map(iterate, values), strict=False)),
}
BUILTINS = frozenset({*_BUILTINS, "dict"})
