# ruff: noqa: INP001 - no package: mkdocstrings loads this file by its path
"""Doctests of docstrings as blocks of code: Markdown takes ``>>>`` for a quotation."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from griffe import Extension

if TYPE_CHECKING:
    from griffe import Object

_DOCTEST = re.compile(r"^>>> .*(?:\n.+)*", re.MULTILINE)


class Doctests(Extension):
    """Puts a fence around each doctest."""

    def on_object(self, *, obj: Object, **_: object) -> None:
        """Of a module, class, function or attribute."""
        if obj.docstring is not None:
            obj.docstring.value = _DOCTEST.sub(r"```pycon\n\g<0>\n```", obj.docstring.value)
