"""The rectifier whose negative slope is learned."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from convcost.network.dataclass import dataclass
from convcost.network.op import Call, Gradient, Op
from convcost.network.parameter import Weight

if TYPE_CHECKING:
    from convcost.network.dims import Dim
    from convcost.network.tensor import Tensor


@dataclass(frozen=True, slots=True)
class PRelu(Op):
    """``x`` where it is positive, ``alpha * x`` elsewhere; alpha is learned.

    Element-wise: 2 per element (compare, multiply). Alpha: one per position and channel of a
    sample, shared along the given axes. Gradient: 2 for the input (compare, multiply), 3 for alpha
    (compare, multiply, add).

    >>> from convcost.network.tensor import Tensor
    >>> x = Tensor.of(batch=1, height=8, width=8, channel=16)
    >>> [PRelu(shared).weights(x)[0].shape for shared in ((), ("height", "width"))]
    [(8, 8, 16), (1, 1, 16)]
    """

    kind: ClassVar[str] = "prelu"
    shared_axes: tuple[str, ...] = ()

    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """The input's shape."""
        (tensor,) = inputs
        for name in self.shared_axes:
            tensor.size(name)
        return (tensor,)

    def weights(self, *inputs: Tensor) -> tuple[Weight, ...]:
        """Alpha: all axes but the first, 1 along shared ones."""
        axes = inputs[0].axes[1:]
        return (Weight("alpha", tuple(1 if a.name in self.shared_axes else a.size for a in axes)),)

    def elementwise(self, call: Call) -> Dim:
        """2 per element."""
        return 2 * call.output_elements

    def gradient(self, call: Call) -> Gradient:
        """The input's sign decides."""
        elements, read = call.output_elements, call.input_bytes
        return Gradient(
            data=2 * elements,
            data_reads=read,
            data_weight_reads=call.weight_bytes,
            weights=3 * elements if call.trains(0) else 0,
            weights_reads=read if call.trains(0) else 0,
        )
