"""Why: evidence, rules, findings, the answer."""

from convcost.explain.ablation import Ablation, Change, Without
from convcost.explain.difference import CauseSum, Difference
from convcost.explain.explain import explain
from convcost.explain.explanation import Achieved, Explanation, Finding, Variation
from convcost.explain.ratio import MeasuredRatio, Ratio
from convcost.explain.said import Said
from convcost.explain.verification import Beside, Verification

__all__ = [
    "Ablation",
    "Achieved",
    "Beside",
    "CauseSum",
    "Change",
    "Difference",
    "Explanation",
    "Finding",
    "MeasuredRatio",
    "Ratio",
    "Said",
    "Variation",
    "Verification",
    "Without",
    "explain",
]
