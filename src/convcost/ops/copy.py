"""Values written to other places, without arithmetic."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from convcost.network.dataclass import dataclass, replace
from convcost.network.dims import maximum, minimum, summed
from convcost.network.op import Call, Gradient, Op, Phase

if TYPE_CHECKING:
    from convcost.network.cost import Cost
    from convcost.network.dims import Dim
    from convcost.network.tensor import Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy(Op):
    """The inputs' values in another order, shape, dtype or number. No arithmetic.

    Covers what moves data in ways that need no formula: contiguous copies, rolls, flips, tiles,
    stacks, shuffles of pixels, patches of images, reflecting pads, casts. Gradient: copied back,
    with an addition for each copy beyond the first.

    Attributes:
        function: what it is called (``roll``, ``pixel_shuffle``, ``im2col``).
        result: the tensor that is written.

    >>> from convcost.network.tensor import Tensor
    >>> x = Tensor.of(batch=1, channel=4, height=8, width=8)
    >>> shuffled = Tensor.of(batch=1, channel=1, height=16, width=16)
    >>> Copy(function="pixel_shuffle", result=shuffled).cost("forward", Call((x,), (shuffled,)))
    Cost(macs=0, elementwise=0, read_bytes=1024, write_bytes=1024, weight_bytes=0)
    """

    kind: ClassVar[str] = "copy"
    arity: ClassVar[tuple[int, int | None]] = (1, None)
    function: str
    result: Tensor

    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """What is written."""
        del inputs
        return (self.result,)

    def gradient(self, call: Call) -> Gradient:
        """What the result holds more than once is summed up."""
        copied = summed(tensor.elements for tensor in call.inputs)
        return Gradient(data=maximum(call.output_elements - copied, 0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Gather(Op):
    """Values of the first input picked by indices. No arithmetic.

    Bytes: the indices, and of the first input as much as is picked, at most all of it. Gradient:
    1 per value picked, added to its place in the first input's gradient.

    Attributes:
        result: the tensor that is written.
        axis: of the first input that the second one's indices are places of; None where it is
            otherwise, or not told.

    >>> from convcost.network.tensor import Tensor
    >>> table, where = Tensor.of(row=169, head=3), Tensor.of(place=2401, dtype="int64")
    >>> picked = Tensor.of(place=2401, head=3)
    >>> Gather(result=picked).cost("forward", Call((table, where), (picked,))).read_bytes
    21236
    """

    kind: ClassVar[str] = "gather"
    arity: ClassVar[tuple[int, int | None]] = (1, None)
    result: Tensor
    axis: int | None = None

    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """What is written."""
        del inputs
        return (self.result,)

    def gradient(self, call: Call) -> Gradient:
        """Additions; the indices are read again."""
        places = summed(tensor.bytes for tensor in call.inputs[1:])
        return Gradient(data=call.output_elements, data_reads=places)

    def cost(self, phase: Phase, call: Call) -> Cost | None:
        """The general rule, with no more of the first input than is picked."""
        cost = super().cost(phase, call)
        if cost is None or phase != "forward":
            return cost
        table = call.inputs[0].bytes
        picked: Dim = minimum(table, call.output_bytes)
        return replace(cost, read_bytes=cost.read_bytes - table + picked)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill(Op):
    """Numbers that come from no input: zeros, ranges, random ones. No arithmetic is charged.

    Attributes:
        function: what they are (``zeros``, ``arange``, ``randn``).
        result: the tensor that is written.
        value: the number, where it is one everywhere and the function does not tell which.

    >>> from convcost.network.tensor import Tensor
    >>> state = Tensor.of(batch=1, feature=32)
    >>> Fill(function="zeros", result=state).cost("forward", Call((), (state,))).bytes
    128
    """

    kind: ClassVar[str] = "fill"
    arity: ClassVar[tuple[int, int | None]] = (0, 0)
    function: str
    result: Tensor
    value: float | None = None

    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """What is written."""
        del inputs
        return (self.result,)
