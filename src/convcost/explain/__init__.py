"""Why: evidence, rules, findings, the answer."""

from convcost.explain.explain import explain
from convcost.explain.explanation import (
    Achieved,
    Difference,
    Explanation,
    Finding,
    Ratio,
    Variation,
)

__all__ = ["Achieved", "Difference", "Explanation", "Finding", "Ratio", "Variation", "explain"]
