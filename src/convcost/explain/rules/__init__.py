"""One file per rule: evidence -> findings with numbers, layers and advice.

A rule module defines ``find(evidence)``, which yields findings, and is silent where the share of
time at stake is small.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from convcost import folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from convcost.explain.evidence import Evidence
    from convcost.explain.explanation import Finding


@cache
def rules() -> Mapping[str, Callable[[Evidence], Iterator[Finding]]]:
    """All rules by name, which is the file's with dashes."""
    found = folder.modules(__name__)
    return {name.replace("_", "-"): module.find for name, module in found.items()}
