"""What a network costs: the exact ledger."""

from convcost.count.ledger import Count, LayerCount, Total, UnknownCost, count
from convcost.count.workload import Workload

__all__ = ["Count", "LayerCount", "Total", "UnknownCost", "Workload", "count"]
