"""What a network costs: the exact ledger; what its layers see: `count.receptive_field`."""

from convcost.count.ledger import LayerCost, costs, count, totals, unknown_costs
from convcost.count.rows import Count, LayerCount, Total, UnknownCost
from convcost.count.workload import Workload

__all__ = [
    "Count",
    "LayerCost",
    "LayerCount",
    "Total",
    "UnknownCost",
    "Workload",
    "costs",
    "count",
    "totals",
    "unknown_costs",
]
