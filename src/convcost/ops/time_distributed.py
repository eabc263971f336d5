"""A layer applied to every step of a sequence."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from convcost.network.dataclass import dataclass, replace
from convcost.network.equation import Loop
from convcost.network.op import Call, Condition, Op, Phase
from convcost.network.tensor import Axis, Tensor
from convcost.ops.wrap import call_of, renamed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from convcost.network.cost import Cost
    from convcost.network.dims import Dim
    from convcost.network.equation import Equation
    from convcost.network.parameter import Weight


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeDistributed(Op):
    """An op on every step along the second axis, with the same weights: time is like a batch.

    The cost is the op's own at a batch of ``batch x steps``. Element-wise and gradient: as the op's
    own rules.

    Attributes:
        op: what is done at each step.
        inner: names of the axes that the op sees, the second one left out; None keeps them.
        names: of the result's axes; None: the op's, and ``time`` in the second place.

    >>> from convcost.ops.dense import Dense
    >>> x = Tensor.of(batch=1, time=10, channel=16)
    >>> steps = TimeDistributed(op=Dense(units=8), inner=("batch", "feature"))
    >>> steps.outputs(x)[0].shape, steps.cost("forward", Call((x,), steps.outputs(x))).macs
    ((1, 10, 8), 1280)
    """

    kind: ClassVar[str] = "time_distributed"
    op: Op
    inner: tuple[str | None, ...] | None = None
    names: tuple[str | None, ...] | None = None

    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """The op's outputs with the steps in the second place."""
        steps = inputs[0].axes[1].size
        return tuple(self._outer(result, steps) for result in self.op.outputs(*self._step(inputs)))

    def conditions(self, *inputs: Tensor) -> Iterable[Condition]:
        """The op's."""
        return self.op.conditions(*self._step(inputs))

    def weights(self, *inputs: Tensor) -> tuple[Weight, ...]:
        """The op's: all steps share them."""
        return self.op.weights(*self._step(inputs))

    def equations(self, call: Call) -> tuple[Equation, ...]:
        """The op's loop nests, each inside a loop over the steps."""
        steps = Loop("time", call.inputs[0].axes[1].size)
        inner = call_of(self.op, self._step(call.inputs), call.mode)
        return tuple(
            replace(equation, loops=(*equation.loops[:1], steps, *equation.loops[1:]))
            for equation in self.op.equations(inner)
        )

    def padding_macs(self, call: Call) -> int | None:
        """The op's at each step."""
        return self.op.padding_macs(self.all_steps(call))

    def elementwise(self, call: Call) -> Dim:
        """The op's at each step."""
        return self.op.elementwise(self.all_steps(call))

    def touches_data(self, call: Call) -> bool:
        """Where the op does."""
        return self.op.touches_data(self.all_steps(call))

    def differentiable(self, call: Call) -> bool:
        """Where the op is."""
        return self.op.differentiable(self.all_steps(call))

    def cost(self, phase: Phase, call: Call) -> Cost | None:
        """The op's at a batch of all steps; None where it is not known."""
        return self.op.cost(phase, self.all_steps(call))

    def _step(self, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """What the op sees of one step."""
        return tuple(renamed(Tensor((t.axes[0], *t.axes[2:]), t.dtype), self.inner) for t in inputs)

    def all_steps(self, call: Call) -> Call:
        """The op called once on the steps of all samples."""
        steps = call.inputs[0].axes[1].size
        inputs = tuple(
            replace(t, axes=(Axis(t.axes[0].name, t.axes[0].size * steps), *t.axes[1:]))
            for t in self._step(call.inputs)
        )
        return call_of(self.op, inputs, call.mode, call.parameters, call.wanted)

    def _outer(self, result: Tensor, steps: Dim) -> Tensor:
        first, *rest = result.axes
        outer = Tensor((first, Axis("time", steps), *rest), result.dtype)
        return renamed(outer, self.names)
