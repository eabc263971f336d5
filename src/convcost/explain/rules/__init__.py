"""One file per rule: evidence -> findings with numbers, layers and advice.

A rule module defines ``of_case(case)`` where it looks at one network at a time, else
``find(evidence)``; both yield findings, and are silent where the share of time at stake is small.
Findings are told in the order of the time at stake, those of the same time in the order of files.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from convcost import folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import ModuleType

    from convcost.explain.evidence import Evidence
    from convcost.explain.explanation import Finding


@cache
def rules() -> Mapping[str, Callable[[Evidence], Iterator[Finding]]]:
    """All rules by name, which is the file's with dashes; their findings bear it."""
    found = folder.modules(__name__)
    names = {name.replace("_", "-"): module for name, module in found.items()}
    return {name: _named(name, module) for name, module in names.items()}


def _named(name: str, module: ModuleType) -> Callable[[Evidence], Iterator[Finding]]:
    """What a module finds, in one network after the other where it looks at one at a time."""

    def found(evidence: Evidence) -> Iterator[Finding]:
        if hasattr(module, "find"):
            return module.find(evidence)  # type: ignore[no-any-return]
        return (finding for case in evidence.cases for finding in module.of_case(case))

    return lambda evidence: (replace(finding, rule=name) for finding in found(evidence))
