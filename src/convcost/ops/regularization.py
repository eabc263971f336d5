"""Layers that only act in training."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from convcost.network.dataclass import dataclass
from convcost.network.op import Call, Gradient, Op

if TYPE_CHECKING:
    from convcost.network.dims import Dim
    from convcost.network.tensor import Tensor


@dataclass(frozen=True, slots=True)
class Dropout(Op):
    """Values are dropped at random in training; the identity at inference.

    Element-wise in training: 2 per element (compare with the rate, scale); the random numbers and
    the stored mask are the runtime's affair. Gradient: 2 per element (select by the mask of one
    byte each, scale).

    >>> from convcost.network.tensor import Tensor
    >>> x = Tensor.of(batch=1, feature=512)
    >>> Dropout(0.2).cost("forward", Call((x,), (x,))).bytes
    0
    """

    kind: ClassVar[str] = "dropout"
    rate: float = 0.5

    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """The input's shape."""
        (tensor,) = inputs
        return (tensor,)

    def elementwise(self, call: Call) -> Dim:
        """2 per element in training."""
        return 2 * call.output_elements if call.mode == "training" else 0

    def gradient(self, call: Call) -> Gradient:
        """The mask is read again."""
        return Gradient(data=2 * call.output_elements, data_reads=call.output_elements)

    def touches_data(self, call: Call) -> bool:
        """In training only."""
        return call.mode == "training"
