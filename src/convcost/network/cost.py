"""The cost of running one layer once: exact integers that add up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.network.dataclass import dataclass, fields
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

    @property
    def sizes(self) -> tuple[Dim, ...]:
        """The figures in order, from `macs` to `weight_bytes`."""
        return (self.macs, self.elementwise, self.read_bytes, self.write_bytes, self.weight_bytes)

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            macs=self.macs + other.macs,
            elementwise=self.elementwise + other.elementwise,
            read_bytes=self.read_bytes + other.read_bytes,
            write_bytes=self.write_bytes + other.write_bytes,
            weight_bytes=self.weight_bytes + other.weight_bytes,
        )

    def evaluate(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Every figure for numbers or NumPy arrays of the symbols, `flops` among them."""
        names = [*FIGURES, "flops"]
        sizes = Evaluation(values)
        return {name: sizes(getattr(self, name)) for name in names}


NOTHING = Cost()

#: Names of a cost's figures, in order.
FIGURES = tuple(field.name for field in fields(Cost))


def total(costs: Iterable[Cost]) -> Cost:
    """The sum of costs.

    >>> total([Cost(macs=2), Cost(macs=3, read_bytes=4)])
    Cost(macs=5, elementwise=0, read_bytes=4, write_bytes=0, weight_bytes=0)
    """
    columns = zip(*[cost.sizes for cost in costs], strict=True)
    return Cost(**dict(zip(FIGURES, map(summed, columns), strict=False)))  # of none: no columns
