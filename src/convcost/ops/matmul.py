"""Products of two tensors, neither of which need be a weight."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from convcost.errors import NetworkError
from convcost.network.dataclass import dataclass
from convcost.network.equation import Equation, Loop, loops_over
from convcost.network.op import Call, Gradient, Op
from convcost.network.tensor import Axis, Tensor
from convcost.ops.merge import broadcast

if TYPE_CHECKING:
    from convcost.network.dims import Dim


@dataclass(frozen=True, slots=True, kw_only=True)
class MatMul(Op):
    """The last axis of one tensor against the last but one of another; axes before are broadcast.

    A tensor of one axis is a row on the left and a column on the right, and that axis vanishes.
    MACs = product of the result's sizes x the summed size. Element-wise: 1 per output each for an
    added tensor and for a scale. Gradient: 1 per output for the scale; for an added tensor that is
    repeated, the sums over its repetitions.

    Attributes:
        addend: whether a third input is added to the product.
        scale: whether the product is multiplied by a number.

    >>> a, b = Tensor.of(batch=2, height=8, width=16), Tensor.of(batch=2, height=16, width=4)
    >>> op = MatMul()
    >>> op.outputs(a, b)[0].shape, op.cost("forward", Call((a, b), op.outputs(a, b))).macs
    ((2, 8, 4), 1024)
    """

    kind: ClassVar[str] = "matmul"
    arity: ClassVar[tuple[int, int | None]] = (2, 3)
    addend: bool = False
    scale: bool = False

    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Broadcast leading axes, rows of the left, columns of the right.

        Raises:
            NetworkError: the summed sizes differ, or leading ones do not fit.
        """
        left, right = inputs[:2]
        summed, other = left.axes[-1].size, _rows(right)
        if summed != other:
            raise NetworkError(f"cannot multiply {left} with {right}: {summed} against {other}")
        axes = list(_leading(left, right))
        for axis in (*left.axes[-2:-1], *(right.axes[-1:] if len(right.axes) > 1 else ())):
            taken = any(axis.name == other.name for other in axes)
            axes.append(Axis(None, axis.size) if taken else axis)
        return (Tensor(tuple(axes), left.dtype),)

    def equations(self, call: Call) -> tuple[Equation, ...]:
        """One loop nest: leading axes, rows, summed, columns."""
        left, right = call.inputs[:2]
        loops = [*loops_over(_leading(left, right))]
        loops += [Loop("rows", axis.size) for axis in left.axes[-2:-1]]
        loops.append(Loop("summed", left.axes[-1].size, reduced=True))
        if len(right.axes) > 1:
            loops.append(Loop("columns", right.axes[-1].size))
        return (Equation(tuple(loops), operands=(0, 1)),)

    def elementwise(self, call: Call) -> Dim:
        """Addend and scale."""
        return (self.addend + self.scale) * call.output_elements

    def gradient(self, call: Call) -> Gradient:
        """Scale, and the sums for the addend."""
        added = self.addend and call.wants(2)
        return Gradient(
            through=self.scale * call.output_elements,
            data=call.output_elements - call.inputs[2].elements if added else 0,
        )


def _rows(right: Tensor) -> Dim:
    return right.axes[-2 if len(right.axes) > 1 else -1].size


def _leading(left: Tensor, right: Tensor) -> tuple[Axis, ...]:
    return broadcast(
        left.axes[:-2],
        right.axes[:-2],
        lambda a, b: f"cannot multiply tensors with {a} and {b} matrices",
    )
