"""Ops whose weights are results of other layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from convcost.network.dataclass import dataclass, replace
from convcost.network.equation import Learned
from convcost.network.op import Call, Gradient, Op
from convcost.network.parameter import Parameter

if TYPE_CHECKING:
    from collections.abc import Iterable

    from convcost.network.dims import Dim
    from convcost.network.equation import Equation, Operand
    from convcost.network.op import Condition
    from convcost.network.parameter import Weight
    from convcost.network.tensor import Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class ComputedWeights(Op):
    """An op some of whose weights are further inputs: normalised kernels, predicted ones.

    MACs and element-wise operations are the op's. Element-wise: as the op's own rule. Bytes: the
    computed weights are read like any input; what computes them is charged by its own layers. So is
    the gradient of a computed weight: it is that of an input.

    Attributes:
        op: what is done with the weights.
        given: names of the op's weights that are inputs, in the order in which they follow the
            op's own inputs.

    >>> from convcost.network.tensor import Tensor
    >>> from convcost.ops.dense import Dense
    >>> x, kernel = Tensor.of(batch=1, feature=16), Tensor.of(row=16, column=8)
    >>> op = ComputedWeights(op=Dense(units=8), given=("kernel",))
    >>> cost = op.cost("forward", Call((x, kernel), op.outputs(x, kernel)))
    >>> cost.macs, cost.read_bytes, op.weights(x, kernel)
    (128, 576, (Weight(name='bias', shape=(8,), learned=True),))
    """

    kind: ClassVar[str] = "computed_weights"
    arity: ClassVar[tuple[int, int | None]] = (1, None)
    op: Op
    given: tuple[str, ...]

    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """The op's."""
        return self.op.outputs(*self._own(inputs))

    def conditions(self, *inputs: Tensor) -> Iterable[Condition]:
        """The op's."""
        return self.op.conditions(*self._own(inputs))

    def weights(self, *inputs: Tensor) -> tuple[Weight, ...]:
        """The op's that are not given."""
        every = self.op.weights(*self._own(inputs))
        return tuple(weight for weight in every if weight.name not in self.given)

    def equations(self, call: Call) -> tuple[Equation, ...]:
        """The op's, computed weights as inputs."""
        return tuple(
            replace(equation, operands=tuple(self._place(x, call) for x in equation.operands))
            for equation in self.op.equations(self._call(call))
        )

    def padding_macs(self, call: Call) -> int | None:
        """The op's."""
        return self.op.padding_macs(self._call(call))

    def elementwise(self, call: Call) -> Dim:
        """The op's."""
        return self.op.elementwise(self._call(call))

    def differentiable(self, call: Call) -> bool:
        """Where the op is."""
        return self.op.differentiable(self._call(call))

    def gradient(self, call: Call) -> Gradient | None:
        """The op's; element-wise work for a computed weight is that for an input."""
        given = self.op.gradient(self._with_weights(call, given=True))
        own = self.op.gradient(self._with_weights(call, given=False))
        if given is None or own is None:
            return None
        return replace(
            own,
            data=own.data + given.weights,
            data_reads=own.data_reads + given.weights_reads,
        )

    def _own(self, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        return inputs[: len(inputs) - len(self.given)]

    def _call(self, call: Call) -> Call:
        own = self._own(call.inputs)
        wanted = None if call.wanted is None else call.wanted[: len(own)]
        return replace(call, inputs=own, wanted=wanted)

    def _with_weights(self, call: Call, *, given: bool) -> Call:
        """The op's call with all weights; trained are the computed ones, or the parameters."""
        inner = self._call(call)
        stored = iter(call.parameters)
        parameters = []
        for weight in self.op.weights(*inner.inputs):
            if weight.name in self.given:
                place = len(inner.inputs) + self.given.index(weight.name)
                wanted, dtype = given and call.wants(place), call.inputs[place].dtype
                parameters.append(Parameter(weight.name, weight.shape, dtype, trainable=wanted))
            else:
                known = next(stored, Parameter(weight.name, weight.shape, trainable=False))
                parameters.append(replace(known, trainable=known.trainable and not given))
        return replace(inner, parameters=tuple(parameters))

    def _place(self, operand: Operand, call: Call) -> Operand:
        """A computed weight by its place among the inputs."""
        if not isinstance(operand, Learned):
            return operand
        own = self._own(call.inputs)
        names = [weight.name for weight in self.op.weights(*own)]
        name = names[operand.place]
        if name in self.given:
            return len(own) + self.given.index(name)
        return Learned([other for other in names if other not in self.given].index(name))
