"""The same memory seen in another way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from convcost.network.op import Call, Op

if TYPE_CHECKING:
    from convcost.network.tensor import Tensor


@dataclass(frozen=True, slots=True)
class View(Op):
    """Parts of an input's memory under other shapes: slices, splits, transposes, expansions.

    Nothing is read or written. Further inputs are layers that wrote into that memory before.

    Attributes:
        results: what is seen; several for a split.

    >>> from convcost.network.tensor import Tensor
    >>> x = Tensor.of(batch=1, channel=8, height=4, width=4)
    >>> half = Tensor.of(batch=1, channel=4, height=4, width=4)
    >>> View((half, half)).cost("forward", Call((x,), (half, half))).bytes
    0
    """

    kind: ClassVar[str] = "view"
    arity: ClassVar[tuple[int, int | None]] = (1, None)
    results: tuple[Tensor, ...]

    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """What is seen."""
        del inputs
        return self.results

    def touches_data(self, call: Call) -> bool:
        """Never."""
        del call
        return False
