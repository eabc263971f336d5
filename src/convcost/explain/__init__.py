"""Why: evidence, rules, findings, the answer."""

from convcost.explain.explain import explain
from convcost.explain.explanation import (
    Achieved,
    Difference,
    Explanation,
    Finding,
    MeasuredRatio,
    Ratio,
    Variation,
)
from convcost.explain.verification import Beside, Verification

__all__ = [
    "Achieved",
    "Beside",
    "Difference",
    "Explanation",
    "Finding",
    "MeasuredRatio",
    "Ratio",
    "Variation",
    "Verification",
    "explain",
]
