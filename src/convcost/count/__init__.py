"""What a network costs: the exact ledger; what its layers see: `count.receptive_field`."""

from convcost.count.ledger import (
    Count,
    LayerCost,
    LayerCount,
    Total,
    UnknownCost,
    costs,
    count,
    unknown_costs,
)
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
    "unknown_costs",
]
