"""Local response normalisation: AlexNet's and GoogLeNet's, across channels."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from convcost.network.dataclass import dataclass
from convcost.network.op import Call, Gradient, Op

if TYPE_CHECKING:
    from convcost.network.dims import Dim
    from convcost.network.tensor import Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalResponseNorm(Op):
    """Each value divided by ``(bias + alpha/size * sum of squares)**beta`` of nearby channels.

    Krizhevsky et al., "ImageNet Classification with Deep Convolutional Neural Networks" (2012),
    section 3.3, with Caffe's ``alpha/size``. No parameters are learned.

    Element-wise: ``size + 4`` per element: the square (1), the sum (``size - 1``), the scale, the
    offset, the power and the division (4). Windows cut off at the first and last channels count as
    whole ones.

    Gradient: ``size + 6`` per element: the gradient over the power (2: power, multiply), its
    product with the result over the sum (2), the sum of these (``size - 1``), and what is taken
    away from the first (3: multiply by the constant and the input, subtract). The forward pass's
    sums of squares are kept, as Caffe's ``scale_``.

    >>> from convcost.network.tensor import Tensor
    >>> x = Tensor.of(batch=1, channel=96, height=55, width=55)
    >>> LocalResponseNorm(size=5).cost("forward", Call((x,), (x,))).elementwise
    2613600
    """

    kind: ClassVar[str] = "local_response_norm"
    size: int = 5
    alpha: float = 1e-4
    beta: float = 0.75
    bias: float = 1.0
    axis: str = "channel"

    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """The input's shape."""
        (tensor,) = inputs
        tensor.size(self.axis)
        return (tensor,)

    def elementwise(self, call: Call) -> Dim:
        """``size + 4`` per element."""
        return (self.size + 4) * call.output_elements

    def gradient(self, call: Call) -> Gradient:
        """Input, result and sums of squares are read again."""
        return Gradient(
            data=(self.size + 6) * call.output_elements, data_reads=3 * call.input_bytes
        )
