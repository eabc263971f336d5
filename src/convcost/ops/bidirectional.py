"""A sequence read forwards and backwards."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Literal

from convcost.network.op import Call, Op
from convcost.network.tensor import Axis, Tensor
from convcost.ops.wrap import call_of

if TYPE_CHECKING:
    from convcost.network.dims import Dim
    from convcost.network.equation import Equation
    from convcost.network.parameter import Weight


@dataclass(frozen=True, slots=True, kw_only=True)
class Bidirectional(Op):
    """Two recurrent layers over the same sequence, one of them backwards, and their results merged.

    MACs are those of both. Element-wise: those of both, and the merge per output: sum and product
    1, average 2 (add, divide), concatenation 0.

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

    def weights(self, *inputs: Tensor) -> tuple[Weight, ...]:
        """Those of both, each under its direction."""
        return tuple(
            replace(weight, name=f"{direction}/{weight.name}")
            for direction, op in (("forward", self.forward), ("backward", self.backward))
            for weight in op.weights(inputs[0])
        )

    def equations(self, call: Call) -> tuple[Equation, ...]:
        """The loop nests of both."""
        return tuple(
            equation
            for op in (self.forward, self.backward)
            for equation in op.equations(call_of(op, call.inputs[:1], call.mode))
        )

    def padding_macs(self, call: Call) -> int | None:
        """Those of both."""
        parts = [
            op.padding_macs(call_of(op, call.inputs[:1], call.mode))
            for op in (self.forward, self.backward)
        ]
        return None if None in parts else sum(part or 0 for part in parts)

    def elementwise(self, call: Call) -> Dim:
        """Both, and the merge."""
        both = sum(
            (
                op.elementwise(call_of(op, call.inputs[:1], call.mode))
                for op in (self.forward, self.backward)
            ),
            start=0,
        )
        per_output = {"sum": 1, "mul": 1, "ave": 2}.get(self.merge or "", 0)
        return both + per_output * call.outputs[0].elements
