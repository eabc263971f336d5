"""Ops whose weights are results of other layers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from convcost.network.op import Call, Op

if TYPE_CHECKING:
    from collections.abc import Iterable

    from convcost.network.dims import Dim
    from convcost.network.equation import Equation
    from convcost.network.op import Condition
    from convcost.network.parameter import Weight
    from convcost.network.tensor import Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class ComputedWeights(Op):
    """An op some of whose weights are further inputs: normalised kernels, predicted ones.

    MACs and element-wise operations are the op's. Element-wise: as the op's own rule. Bytes: the
    computed weights are read like any input; what computes them is charged by its own layers.

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
        """The op's."""
        return self.op.equations(self._call(call))

    def padding_macs(self, call: Call) -> int | None:
        """The op's."""
        return self.op.padding_macs(self._call(call))

    def elementwise(self, call: Call) -> Dim:
        """The op's."""
        return self.op.elementwise(self._call(call))

    def _own(self, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        return inputs[: len(inputs) - len(self.given)]

    def _call(self, call: Call) -> Call:
        return replace(call, inputs=self._own(call.inputs))
