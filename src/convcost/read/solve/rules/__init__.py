"""One file per family of layers: a row of a summary -> its op, with what was inferred.

A module of this package defines ``RULES``, from Keras class names to rules.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.read.solve.site import Rule


@cache
def rules() -> Mapping[str, Rule]:
    """The rule of every Keras class that has one."""
    found: dict[str, Rule] = {}
    for module in iter_modules(__path__):
        found |= import_module(f"{__name__}.{module.name}").RULES
    return found
