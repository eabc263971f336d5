"""A belief about the cost of networks, and what refutes it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import convcost

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from convcost.explain import Explanation, Finding


@dataclass(frozen=True, kw_only=True)
class Belief:
    """A belief, and what refutes it.

    Attributes:
        says: the belief in a sentence.
        where: who has it.
        sources: the example, as on the command line.
        options: of `convcost.explain`.
        rule: that fires.
        key: a number that only the finding meant has, where the rule has several findings.
        right: the right statement; names in braces are figures.
        more: figures besides the finding's own numbers.
    """

    says: str
    where: str
    sources: tuple[str, ...]
    options: Mapping[str, Any]
    rule: str
    key: str = ""
    right: str
    more: Callable[[], Mapping[str, Any]] = field(default=dict)

    def explained(self) -> Explanation:
        """What convcost says of the example."""
        networks = [convcost.read(source) for source in self.sources]
        return convcost.explain(*networks, basis="data sheet", **self.options)

    def finding(self, explanation: Explanation) -> Finding:
        """The finding of the rule; of the last network, where several have one.

        Raises:
            LookupError: the rule is silent.
        """
        found = [
            each
            for each in explanation.findings
            if each.rule == self.rule and (not self.key or self.key in each.numbers)
        ]
        if not found:
            raise LookupError(f"{self.rule} finds nothing in {' '.join(self.sources)}")
        return max(found, key=lambda each: each.network)

    def stated(self, finding: Finding) -> str:
        """The right statement with its figures."""
        return re.sub(r"(?<=\d)%", " %", self.right.format_map(self.figures(finding)))

    def figures(self, finding: Finding) -> dict[str, Any]:
        """All figures that the text may name; those of a sample end in ``_each``."""
        batch = self.options.get("batch", 32)
        each = {
            f"{name}_each": value // batch
            for name, value in finding.numbers.items()
            if isinstance(value, int) and value % batch == 0
        }
        return {**each, **finding.numbers, **self.more()}
