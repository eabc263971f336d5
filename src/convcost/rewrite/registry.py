"""The rewrites by their names."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, get_args

from convcost import folder
from convcost.errors import unknown_name
from convcost.rewrite.rewrite import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.rewrite.rewrite import Rewrite


@cache
def rewrites() -> Mapping[str, Rewrite]:
    """All of them: exact ones, approximate ones, those that need training; each has its folder."""
    found: dict[str, Rewrite] = {}
    for kind in get_args(Kind):
        found |= folder.by_name(f"convcost.rewrite.{kind}", "REWRITE")
    return found


def rewrite_of(name: str) -> Rewrite:
    """The rewrite of that name.

    Raises:
        UsageError: there is none.
    """
    found = rewrites().get(name)
    if found is None:
        raise unknown_name("rewrite", name, tuple(rewrites()))
    return found
