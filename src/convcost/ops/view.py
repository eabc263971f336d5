"""The same memory seen in another way."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from convcost.network.cost import Cost
from convcost.network.dataclass import dataclass
from convcost.network.dims import maximum, minimum, summed
from convcost.network.op import Call, Op, Phase

if TYPE_CHECKING:
    from convcost.network.dims import Dim
    from convcost.network.tensor import Tensor


@dataclass(frozen=True, slots=True)
class Cut:
    """A part of an axis: every so many values from one place up to another.

    Attributes:
        position: of the axis.
        start: the first place.
        stop: the place behind the last one; None: up to the axis's end.
        step: from one value to the next; at least 1.
    """

    position: int
    start: Dim
    stop: Dim | None = None
    step: Dim = 1


@dataclass(frozen=True, slots=True)
class View(Op):
    """Parts of an input's memory under other shapes: slices, splits, transposes, expansions.

    Nothing is read or written. Further inputs are layers that wrote into that memory before.
    Gradient: the gradient is a view too, but for expansions, whose copies are summed up.

    Attributes:
        results: what is seen; several for a split.
        function: how: all values in their order (``reshape``), in another order of the axes
            (``permute``), repeated along axes (``expand``), or some of them (``slice``), of which
            axes of one value may be left out; empty where the source does not tell.
        cuts: for each result of a slice the axes that it does not see the whole of.
        order: for each axis of a permutation's result, the position of the input's axis.

    >>> from convcost.network.tensor import Tensor
    >>> x = Tensor.of(batch=1, channel=8, height=4, width=4)
    >>> half = Tensor.of(batch=1, channel=4, height=4, width=4)
    >>> View((half, half)).cost("forward", Call((x,), (half, half))).bytes
    0
    """

    kind: ClassVar[str] = "view"
    arity: ClassVar[tuple[int, int | None]] = (1, None)
    results: tuple[Tensor, ...]
    function: Literal["", "reshape", "permute", "expand", "slice"] = ""
    cuts: tuple[tuple[Cut, ...], ...] = ()
    order: tuple[int, ...] = ()

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
