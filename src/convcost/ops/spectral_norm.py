"""Kernels divided by their largest singular value."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from convcost.network.dataclass import dataclass, replace
from convcost.network.dims import product
from convcost.network.equation import Equation, Loop
from convcost.network.op import Call, Condition, Gradient, Op, Phase
from convcost.network.parameter import Weight

if TYPE_CHECKING:
    from collections.abc import Iterable

    from convcost.network.cost import Cost
    from convcost.network.dims import Dim
    from convcost.network.tensor import Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class SpectralNorm(Op):
    """An op whose first weight is divided by its largest singular value before each training step.

    At inference it is the op itself: the stored kernel is divided already. In training, power
    iterations over the kernel as a matrix (rows x columns, columns its last axis) are added: MACs
    rows x columns twice per iteration and once more for the singular value, and columns for the
    last product. Element-wise: as the op; in training 3 per number of both vectors and iteration
    (square, add, divide) and 1 per number of the kernel (divide). Training also writes the kernel
    and the stored vector. The gradient is the op's: the divided kernel is stored, so that no
    gradient passes through the iterations (Keras).

    >>> from convcost.network.tensor import Tensor
    >>> from convcost.ops.dense import Dense
    >>> x, op = Tensor.of(batch=1, feature=16), SpectralNorm(op=Dense(units=8))
    >>> [op.cost("forward", Call((x,), op.outputs(x), (), mode)).macs
    ...  for mode in ("inference", "training")]
    [128, 520]
    """

    kind: ClassVar[str] = "spectral_norm"
    op: Op
    iterations: int = 1

    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """The op's."""
        return self.op.outputs(*inputs)

    def conditions(self, *inputs: Tensor) -> Iterable[Condition]:
        """The op's."""
        return self.op.conditions(*inputs)

    def weights(self, *inputs: Tensor) -> tuple[Weight, ...]:
        """The op's, and a stored vector that is not learned."""
        columns = self._matrix(inputs)[1]
        return (*self.op.weights(*inputs), Weight("vector_u", (1, columns), learned=False))

    def equations(self, call: Call) -> tuple[Equation, ...]:
        """In training the power iterations; the op's."""
        found = self.op.equations(call)
        if call.mode == "inference":
            return found
        rows, columns = self._matrix(call.inputs)
        matrix = (Loop("rows", rows, reduced=True), Loop("columns", columns))
        times = Loop("products", 2 * self.iterations + 1)
        last = Equation((Loop("columns", columns, reduced=True),), operands=())
        return (Equation((times, *matrix), operands=()), last, *found)

    def padding_macs(self, call: Call) -> int | None:
        """The op's."""
        return self.op.padding_macs(call)

    def elementwise(self, call: Call) -> Dim:
        """The op's; in training the iterations and the division."""
        own = self.op.elementwise(call)
        if call.mode == "inference":
            return own
        rows, columns = self._matrix(call.inputs)
        return own + 3 * self.iterations * (rows + columns) + rows * columns

    def differentiable(self, call: Call) -> bool:
        """Where the op is."""
        return self.op.differentiable(call)

    def gradient(self, call: Call) -> Gradient | None:
        """The op's."""
        return self.op.gradient(replace(call, parameters=call.parameters[:-1]))

    def cost(self, phase: Phase, call: Call) -> Cost | None:
        """The general rule; in training the kernel and the vector are written as well."""
        cost = super().cost(phase, call)
        if cost is None or phase != "forward" or call.mode == "inference" or not call.parameters:
            return cost
        written = call.parameters[0].bytes + call.parameters[-1].bytes
        return replace(cost, write_bytes=cost.write_bytes + written)

    def _matrix(self, inputs: tuple[Tensor, ...]) -> tuple[Dim, Dim]:
        *rows, columns = self.op.weights(*inputs)[0].shape
        return product(rows), columns
