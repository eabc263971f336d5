"""Networks side by side: what each costs, and layer by layer how two differ."""

from convcost.compare.compare import Comparison, Costs, compare
from convcost.compare.difference import LayerDifference, differing

__all__ = ["Comparison", "Costs", "LayerDifference", "compare", "differing"]
