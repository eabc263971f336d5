"""The conventions: every module of this package that defines ``CONVENTION``."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from convcost.count import conventions as folder
from convcost.errors import unknown_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.count.conventions.convention import Convention


@cache
def conventions() -> Mapping[str, Convention]:
    """All conventions by name."""
    modules = (import_module(f"{folder.__name__}.{m.name}") for m in iter_modules(folder.__path__))
    found = [module.CONVENTION for module in modules if hasattr(module, "CONVENTION")]
    return {each.name: each for each in sorted(found, key=lambda each: each.name)}


def convention(name: str) -> Convention:
    """The convention of that name.

    Raises:
        UsageError: there is none; the nearest names are given.

    >>> convention("fvcore").unit
    'MAC'
    """
    try:
        return conventions()[name]
    except KeyError:
        raise unknown_name("tool", name, conventions()) from None
