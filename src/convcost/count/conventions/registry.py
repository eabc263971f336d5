"""The conventions: every module of this package that defines ``CONVENTION``."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from convcost import folder
from convcost.errors import unknown_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.count.conventions.convention import Convention


@cache
def conventions() -> Mapping[str, Convention]:
    """All conventions by name."""
    return folder.by_name(__package__, "CONVENTION")


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
