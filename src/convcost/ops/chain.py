"""Several ops one after another, as one layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from convcost.network.cost import Cost, total
from convcost.network.dataclass import dataclass, replace
from convcost.network.dims import summed
from convcost.network.op import Call, Condition, Op, Phase, require
from convcost.ops.wrap import call_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcost.network.dims import Dim
    from convcost.network.equation import Equation
    from convcost.network.parameter import Weight
    from convcost.network.tensor import Tensor


@dataclass(frozen=True, slots=True)
class Chain(Op):
    """Ops that each take what the one before gives: a model inside a wrapper, a pipeline.

    MACs are the sum. Element-wise: the sum. The tensors between the ops belong to the runtime, not
    to the layer: bytes are the first input, the last result and all weights; of the backward pass
    the gradients of these, and the input where an op needs more than its result's gradient and its
    weights.

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
        """Those of the last op.

        Raises:
            NetworkError: an op inside is not possible, or a size between two of them.
        """
        require(self.conditions(*inputs))
        for op in self.ops:
            inputs = op.outputs(*inputs)
        return inputs

    def conditions(self, *inputs: Tensor) -> Iterator[Condition]:
        """Those of every op, and that what it gives has sizes of at least one."""
        for op in self.ops:
            yield from op.conditions(*inputs)
            inputs = op.outputs(*inputs)
            for axis in (axis for tensor in inputs for axis in tensor.axes):
                size = f"{axis.name or 'an axis'} = {axis.size}"
                yield Condition(axis.size, f"its {op.kind} would have {size}: a size is at least 1")

    def weights(self, *inputs: Tensor) -> tuple[Weight, ...]:
        """Those of every op, under its place."""
        found: list[Weight] = []
        for number, op in enumerate(self.ops):
            found += [replace(w, name=f"{number}/{w.name}") for w in op.weights(*inputs)]
            inputs = op.outputs(*inputs)
        return tuple(found)

    def equations(self, call: Call) -> tuple[Equation, ...]:
        """Those of every op."""
        return tuple(equation for op, inner in self.calls(call) for equation in op.equations(inner))

    def padding_macs(self, call: Call) -> int | None:
        """Those of every op."""
        parts = [op.padding_macs(inner) for op, inner in self.calls(call)]
        return None if None in parts else sum(part or 0 for part in parts)

    def elementwise(self, call: Call) -> Dim:
        """The sum."""
        return sum((op.elementwise(inner) for op, inner in self.calls(call)), start=0)

    def touches_data(self, call: Call) -> bool:
        """Where one of them does."""
        return any(op.touches_data(inner) for op, inner in self.calls(call))

    def cost(self, phase: Phase, call: Call) -> Cost | None:
        """The general rule; None where one op's is not known."""
        calls = tuple(self.calls(call))
        parts = [op.cost(phase, inner) for op, inner in calls]
        known = [part for part in parts if part is not None]
        if len(known) < len(parts):
            return None
        if phase == "forward":
            return super().cost(phase, call)
        return _backward(phase, call, calls, known)

    def differentiable(self, call: Call) -> bool:
        """Where all of them are."""
        return all(op.differentiable(inner) for op, inner in self.calls(call))

    def calls(self, call: Call) -> Iterator[tuple[Op, Call]]:
        """Each op with what it is applied to."""
        inputs, wanted = call.inputs, call.wanted
        stored = call.parameters
        for op in self.ops:
            used = len(op.weights(*inputs))
            inner = call_of(op, inputs, call.mode, stored[:used], wanted)
            yield op, inner
            stored = stored[used:]
            reached = bool(inner.wanted_inputs or inner.trained) and op.differentiable(inner)
            inputs, wanted = inner.outputs, (reached,) * len(inner.outputs)


def _backward(
    phase: Phase, call: Call, calls: tuple[tuple[Op, Call], ...], parts: list[Cost]
) -> Cost:
    """The sum of the work, and the traffic with what lies outside."""
    whole = total(parts)
    if whole == Cost():
        return whole
    read_more = any(
        part.read_bytes != part.weight_bytes
        and part.read_bytes != part.weight_bytes + inner.output_bytes
        for part, (_, inner) in zip(parts, calls, strict=True)
    )
    wanted = call.wanted_inputs if phase == "backward_data" else call.trained
    return replace(
        whole,
        read_bytes=call.output_bytes + whole.weight_bytes + (call.input_bytes if read_more else 0),
        write_bytes=summed(each.bytes for each in wanted),
    )
