"""One file per rule: evidence -> findings with numbers, layers and advice.

A rule module defines ``find(evidence)``, which yields findings, and is silent where the share of
time at stake is small.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from convcost.explain.evidence import Evidence
    from convcost.explain.explanation import Finding


@cache
def rules() -> Mapping[str, Callable[[Evidence], Iterator[Finding]]]:
    """All rules by name, which is the file's with dashes."""
    return {
        module.name.replace("_", "-"): import_module(f"{__name__}.{module.name}").find
        for module in sorted(iter_modules(__path__), key=lambda module: module.name)
    }
