"""Methods of Python's own lists, dicts and strings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.read.keras.code import arithmetic
from convcost.read.keras.code.values import NotFollowed, is_flat

if TYPE_CHECKING:
    from convcost.read.keras.code.values import Arguments, Keywords


def plain_method(owner: object, name: str, arguments: Arguments, keywords: Keywords) -> object:
    """``owner.name(*arguments, **keywords)`` for a list, a dict or a string.

    >>> plain_method("conv{}", "format", [1], {}), plain_method({"a": 1}, "items", [], {})
    ('conv1', [('a', 1)])
    """
    if isinstance(owner, list) and name in ("append", "extend", "insert", "pop"):
        return _change_list(owner, name, arguments)
    if isinstance(owner, dict) and name in ("items", "values", "keys", "get"):
        return _read_dict(owner, name, arguments)
    if isinstance(owner, str) and name == "format":
        return arithmetic.format_text(owner, arguments, keywords)
    if isinstance(owner, str) and name in ("lower", "upper") and not arguments:
        return owner.lower() if name == "lower" else owner.upper()
    raise NotFollowed


def _change_list(owner: list[object], name: str, arguments: Arguments) -> object:
    """``append``, ``extend``, ``insert`` and ``pop`` of a list."""
    try:
        match name, arguments:
            case "append", [item]:
                owner.append(item)
            case "extend", [items]:
                owner.extend(arithmetic.iterate(items))
            case "insert", [int() as position, item]:
                owner.insert(position, item)
            case "pop", []:
                return owner.pop()
            case "pop", [int() as position]:
                return owner.pop(position)
            case _:
                raise NotFollowed
    except (IndexError, OverflowError) as error:
        raise NotFollowed from error
    if len(owner) > arithmetic.MOST_ITEMS:
        del owner[arithmetic.MOST_ITEMS :]
    return None


def _read_dict(owner: dict[object, object], name: str, arguments: Arguments) -> object:
    """``items``, ``values``, ``keys`` and ``get`` of a dict."""
    if name == "get" and arguments and is_flat(arguments[0]):
        if isinstance(arguments[0], list):
            raise NotFollowed
        return owner.get(arguments[0], arguments[1] if len(arguments) > 1 else None)
    if arguments:
        raise NotFollowed
    if name == "items":
        return list(owner.items())
    return list(owner.values() if name == "values" else owner)
