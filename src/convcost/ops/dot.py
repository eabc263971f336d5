"""Products of two tensors, sample by sample."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from convcost.errors import NetworkError
from convcost.network.dataclass import dataclass
from convcost.network.dims import summed
from convcost.network.equation import Equation, Loop, loops_over
from convcost.network.op import Call, Gradient, Op
from convcost.network.tensor import Axis, Tensor
from convcost.ops.wrap import renamed

if TYPE_CHECKING:
    from convcost.network.dims import Dim


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot(Op):
    """For each sample, the product of two tensors summed along one axis of each.

    MACs = batch x the other axes of both x the summed size. Element-wise: none, or where both are
    first brought to length 1 along the summed axis, 3 per element of both (square, add, multiply).
    Gradient: 5 per element of an input brought to length 1 (its part along the input, multiply and
    add, is taken off, multiply and subtract; divide).

    Attributes:
        axes: the summed axis of the first and of the second tensor.
        normalize: whether both are brought to length 1 along it.
        names: of the result's axes; None keeps them.

    >>> x, y = Tensor.of(batch=1, time=5, channel=8), Tensor.of(batch=1, time=7, channel=8)
    >>> dot = Dot(axes=("channel", "channel"))
    >>> dot.outputs(x, y)[0].shape, dot.cost("forward", Call((x, y), dot.outputs(x, y))).macs
    ((1, 5, 7), 280)
    """

    kind: ClassVar[str] = "dot"
    arity: ClassVar[tuple[int, int | None]] = (2, 2)
    axes: tuple[str, str]
    normalize: bool = False
    names: tuple[str | None, ...] | None = None

    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """The first axis and what is left of both; a single number per sample is a feature.

        Raises:
            NetworkError: the summed sizes differ.
        """
        first, second = inputs
        left, right = (t.size(axis) for t, axis in zip(inputs, self.axes, strict=True))
        if left != right:
            raise NetworkError(f"cannot multiply {first} with {second}: {left} against {right}")
        rest = [_rest(t, axis) for t, axis in zip(inputs, self.axes, strict=True)]
        kept = (*rest[0], *rest[1]) or (Axis("feature", 1),)
        return (renamed(Tensor((first.axes[0], *kept), first.dtype), self.names),)

    def equations(self, call: Call) -> tuple[Equation, ...]:
        """One loop nest."""
        first, second = call.inputs
        rows = (first.axes[0], *_rest(first, self.axes[0]))
        columns = _rest(second, self.axes[1])
        reduced = Loop("summed", first.size(self.axes[0]), reduced=True)
        left = loops_over(rows)
        right = (Loop(f"second_{axis.name or i}", axis.size) for i, axis in enumerate(columns))
        return (Equation((*left, *right, reduced), operands=(0, 1)),)

    def elementwise(self, call: Call) -> Dim:
        """Lengths."""
        if not self.normalize:
            return 0
        return 3 * sum((tensor.elements for tensor in call.inputs), start=0)

    def gradient(self, call: Call) -> Gradient:
        """Lengths; an input whose gradient the products do not make them read is read for these."""
        if not self.normalize:
            return Gradient()
        alone = (call.inputs[i] for i in (0, 1) if call.wants(i) and not call.wants(1 - i))
        return Gradient(
            data=5 * summed(tensor.elements for tensor in call.wanted_inputs),
            data_reads=summed(tensor.bytes for tensor in alone),
        )


def _rest(tensor: Tensor, summed: str) -> tuple[Axis, ...]:
    return tuple(axis for axis in tensor.axes[1:] if axis.name != summed)
