"""Several ops one after another, as one layer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from convcost.network.op import Call, Op, Phase
from convcost.ops.wrap import call_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcost.network.cost import Cost
    from convcost.network.dims import Dim
    from convcost.network.equation import Equation
    from convcost.network.parameter import Weight
    from convcost.network.tensor import Tensor


@dataclass(frozen=True, slots=True)
class Chain(Op):
    """Ops that each take what the one before gives: a model inside a wrapper, a pipeline.

    MACs are the sum. Element-wise: the sum. The tensors between the ops belong to the runtime, not
    to the layer: bytes are the first input, the last result and all weights.

    >>> from convcost.network.tensor import Tensor
    >>> from convcost.ops.activation import Activation
    >>> from convcost.ops.dense import Dense
    >>> x, chain = Tensor.of(batch=1, feature=16), Chain((Dense(units=8), Activation("relu")))
    >>> chain.cost("forward", Call((x,), chain.outputs(x))).flops == 2 * 16 * 8 + 8 + 8
    True
    """

    kind: ClassVar[str] = "chain"
    ops: tuple[Op, ...]

    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Those of the last op."""
        for op in self.ops:
            inputs = op.outputs(*inputs)
        return inputs

    def weights(self, *inputs: Tensor) -> tuple[Weight, ...]:
        """Those of every op, under its place."""
        found: list[Weight] = []
        for number, op in enumerate(self.ops):
            found += [replace(w, name=f"{number}/{w.name}") for w in op.weights(*inputs)]
            inputs = op.outputs(*inputs)
        return tuple(found)

    def equations(self, call: Call) -> tuple[Equation, ...]:
        """Those of every op."""
        return tuple(
            equation for op, inner in self._calls(call) for equation in op.equations(inner)
        )

    def padding_macs(self, call: Call) -> int | None:
        """Those of every op."""
        parts = [op.padding_macs(inner) for op, inner in self._calls(call)]
        return None if None in parts else sum(part or 0 for part in parts)

    def elementwise(self, call: Call) -> Dim:
        """The sum."""
        return sum((op.elementwise(inner) for op, inner in self._calls(call)), start=0)

    def touches_data(self, call: Call) -> bool:
        """Where one of them does."""
        return any(op.touches_data(inner) for op, inner in self._calls(call))

    def cost(self, phase: Phase, call: Call) -> Cost | None:
        """The general rule; None where one op's is not known."""
        if any(op.cost(phase, inner) is None for op, inner in self._calls(call)):
            return None
        return super(Chain, self).cost(phase, call)

    def _calls(self, call: Call) -> Iterator[tuple[Op, Call]]:
        inputs = call.inputs
        for op in self.ops:
            inner = call_of(op, inputs, call.mode)
            yield op, inner
            inputs = inner.outputs
