"""The same memory seen in another way."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from convcost.network.cost import Cost
from convcost.network.dataclass import dataclass
from convcost.network.dims import maximum, minimum, summed
from convcost.network.op import Call, Op, Phase

if TYPE_CHECKING:
    from convcost.network.tensor import Tensor


@dataclass(frozen=True, slots=True)
class View(Op):
    """Parts of an input's memory under other shapes: slices, splits, transposes, expansions.

    Nothing is read or written. Further inputs are layers that wrote into that memory before.
    Gradient: the gradient is a view too, but for expansions, whose copies are summed up.

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

    def cost(self, phase: Phase, call: Call) -> Cost | None:
        """Nothing, but for the sums of an expansion's gradient."""
        cost = super().cost(phase, call)
        if phase != "backward_data" or not call.wants(0):
            return cost
        seen = summed(tensor.elements for tensor in call.outputs)
        repeated = maximum(seen - call.inputs[0].elements, 0)
        expands = minimum(repeated, 1)
        return Cost(
            elementwise=repeated,
            read_bytes=expands * call.output_bytes,
            write_bytes=expands * call.inputs[0].bytes,
        )

    def touches_data(self, call: Call) -> bool:
        """Never."""
        del call
        return False
