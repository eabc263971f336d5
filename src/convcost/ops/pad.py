"""Padding as a layer of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from convcost.network.dataclass import dataclass
from convcost.network.op import Call, Gradient, Op

if TYPE_CHECKING:
    from convcost.network.dims import Dim
    from convcost.network.tensor import Tensor


@dataclass(frozen=True, slots=True)
class ZeroPadding(Op):
    """Zeros around the input. No arithmetic, but every value is copied, and its gradient back.

    Attributes:
        amounts: (axis, before, after) per padded axis.

    >>> from convcost.network.tensor import Tensor
    >>> x = Tensor.of(batch=1, height=224, width=224, channel=3)
    >>> ZeroPadding((("height", 3, 3), ("width", 3, 3))).outputs(x)[0].shape
    (1, 230, 230, 3)
    """

    kind: ClassVar[str] = "zero_padding"
    amounts: tuple[tuple[str, Dim, Dim], ...]

    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Each padded axis grows by its two amounts."""
        (tensor,) = inputs
        grown = {axis: tensor.size(axis) + before + after for axis, before, after in self.amounts}
        return (tensor.resized(**grown),)

    def gradient(self, call: Call) -> Gradient:
        """A copy."""
        del call
        return Gradient()
