"""What a network costs: the exact ledger; what its layers see: `count.receptive_field`."""

from convcost.count.ledger import Count, LayerCount, Total, UnknownCost, count
from convcost.count.workload import Workload

__all__ = [
    "Count",
    "LayerCount",
    "Total",
    "UnknownCost",
    "Workload",
    "count",
]
