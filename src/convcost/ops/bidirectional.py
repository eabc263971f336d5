"""A sequence read forwards and backwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from convcost.network.dataclass import dataclass, replace
from convcost.network.equation import Learned
from convcost.network.op import Call, Condition, Gradient, Op
from convcost.network.tensor import Axis, Tensor
from convcost.ops.merge import Merge
from convcost.ops.wrap import call_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from convcost.network.dims import Dim
    from convcost.network.equation import Equation
    from convcost.network.parameter import Parameter, Weight

#: What computes a merge; the others move values only.
_MERGES: Mapping[str, Literal["add", "multiply", "average"]] = {
    "sum": "add",
    "mul": "multiply",
    "ave": "average",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bidirectional(Op):
    """Two recurrent layers over the same sequence, one of them backwards, and their results merged.

    MACs are those of both. Element-wise: those of both, and the merge per output: sum and product
    1, average 2 (add, divide), concatenation 0. Gradient: those of both, 1 per input for their sum,
    and per output of the merge product 2, average 1 (divide).

    Attributes:
        forward: the layer that reads forwards.
        backward: the one that reads backwards.
        merge: what becomes of the two results; None leaves them two outputs.

    >>> from convcost.ops.cell import Cell
    >>> from convcost.ops.recurrent import Recurrent
    >>> x = Tensor.of(batch=1, time=5, channel=3)
    >>> lstm = Recurrent(cells=(Cell(function="lstm", units=4),))
    >>> both = Bidirectional(forward=lstm, backward=lstm)
    >>> both.outputs(x)[0].shape, both.cost("forward", Call((x,), both.outputs(x))).macs
    ((1, 8), 1120)
    """

    kind: ClassVar[str] = "bidirectional"
    arity: ClassVar[tuple[int, int | None]] = (1, None)
    forward: Op
    backward: Op
    merge: Literal["concat", "sum", "mul", "ave"] | None = "concat"

    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """The merged results, then the states of the first layer and of the second."""
        tensor = inputs[0]
        first, *states = self.forward.outputs(tensor)
        second, *others = self.backward.outputs(tensor)
        if self.merge is None:
            return (first, second, *states, *others)
        if self.merge == "concat":
            *rows, last = first.axes
            joined = Axis(last.name, last.size + second.axes[-1].size)
            first = Tensor((*rows, joined), first.dtype)
        return (first, *states, *others)

    def conditions(self, *inputs: Tensor) -> Iterator[Condition]:
        """Those of both."""
        yield from self.forward.conditions(inputs[0])
        yield from self.backward.conditions(inputs[0])

    def weights(self, *inputs: Tensor) -> tuple[Weight, ...]:
        """Those of both, each under its direction."""
        return tuple(
            replace(weight, name=f"{direction}/{weight.name}")
            for direction, op in (("forward", self.forward), ("backward", self.backward))
            for weight in op.weights(inputs[0])
        )

    def equations(self, call: Call) -> tuple[Equation, ...]:
        """The loop nests of both; the parameters of the second follow those of the first."""
        first = len(self.forward.weights(call.inputs[0]))
        return (
            *self.forward.equations(self._call(self.forward, call)),
            *(
                replace(
                    equation,
                    operands=tuple(
                        Learned(first + operand.place) if isinstance(operand, Learned) else operand
                        for operand in equation.operands
                    ),
                )
                for equation in self.backward.equations(self._call(self.backward, call))
            ),
        )

    def padding_macs(self, call: Call) -> int | None:
        """Those of both."""
        parts = [op.padding_macs(self._call(op, call)) for op in (self.forward, self.backward)]
        return None if None in parts else sum(part or 0 for part in parts)

    def elementwise(self, call: Call) -> Dim:
        """Both, and the merge."""
        both = sum(
            (op.elementwise(self._call(op, call)) for op in (self.forward, self.backward)), start=0
        )
        merging = self.merging(call)
        return both if merging is None else both + merging[0].elementwise(merging[1])

    def merging(self, call: Call) -> tuple[Merge, Call] | None:
        """What is computed of the two results; None where they are not computed with."""
        function = _MERGES.get(self.merge or "")
        result = call.outputs[0]
        return None if function is None else (Merge(function), Call((result, result), (result,)))

    def gradient(self, call: Call) -> Gradient | None:
        """Both, the sum of their inputs' gradients, and the merge."""
        first = len(self.forward.weights(call.inputs[0]))
        parts = (
            (self.forward, call.parameters[:first]),
            (self.backward, call.parameters[first:]),
        )
        one, other = (op.gradient(self._call(op, call, stored)) for op, stored in parts)
        if one is None or other is None:
            return None
        merging = self.merging(call)
        merged = 0 if merging is None else merging[0].gradient(merging[1]).data
        tensor = call.inputs[0]
        both = one + other
        return replace(
            both,
            through=both.through + merged,
            through_reads=call.output_bytes,
            data=both.data + (tensor.elements if call.wants(0) else 0),
        )

    def _call(self, op: Op, call: Call, parameters: tuple[Parameter, ...] = ()) -> Call:
        """One direction's call: on the sequence alone."""
        wanted = None if call.wanted is None else call.wanted[:1]
        return call_of(op, call.inputs[:1], call.mode, parameters, wanted)
