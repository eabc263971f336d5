"""The cost of running one layer once: exact integers that add up."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from convcost.network.dims import Dim, summed
from convcost.network.evaluation import Evaluation

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Work and compulsory traffic. Sizes may be symbolic; they are never floats.

    Attributes:
        macs: multiply-accumulates of convolutions and matrix products, zero padding included.
        elementwise: all other arithmetic, charged per output element by each op's documented rule.
        read_bytes: operands (inputs and parameters), each read once.
        write_bytes: results, each written once.
        weight_bytes: the part of `read_bytes` that is parameters and statistics.
    """

    macs: Dim = 0
    elementwise: Dim = 0
    read_bytes: Dim = 0
    write_bytes: Dim = 0
    weight_bytes: Dim = 0

    @property
    def flops(self) -> Dim:
        """Floating-point operations: two per MAC plus the element-wise ones."""
        return 2 * self.macs + self.elementwise

    @property
    def bytes(self) -> Dim:
        """Bytes read and written."""
        return self.read_bytes + self.write_bytes

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            **{f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self)}
        )

    def evaluate(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Every figure for numbers or NumPy arrays of the symbols, `flops` among them."""
        names = [*(field.name for field in fields(self)), "flops"]
        sizes = Evaluation(values)
        return {name: sizes(getattr(self, name)) for name in names}


def total(costs: Iterable[Cost]) -> Cost:
    """The sum of costs.

    >>> total([Cost(macs=2), Cost(macs=3, read_bytes=4)])
    Cost(macs=5, elementwise=0, read_bytes=4, write_bytes=0, weight_bytes=0)
    """
    costs = tuple(costs)
    return Cost(**{f.name: summed(getattr(cost, f.name) for cost in costs) for f in fields(Cost)})
