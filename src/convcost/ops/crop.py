"""Cropping as a layer of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from convcost.network.dataclass import dataclass
from convcost.network.op import Call, Gradient, Op

if TYPE_CHECKING:
    from convcost.network.dims import Dim
    from convcost.network.tensor import Tensor


@dataclass(frozen=True, slots=True)
class Cropping(Op):
    """Values cut off at the ends of axes. No arithmetic, but every kept value is copied.

    Bytes: the whole input counts as read, as for every op; a kernel touches only what it keeps.
    Gradient: a copy, with zeros for what was cut off.

    Attributes:
        amounts: (axis, before, after) per cropped axis.

    >>> from convcost.network.tensor import Tensor
    >>> x = Tensor.of(batch=1, height=28, width=28, channel=3)
    >>> Cropping((("height", 2, 2), ("width", 4, 4))).outputs(x)[0].shape
    (1, 24, 20, 3)
    """

    kind: ClassVar[str] = "cropping"
    amounts: tuple[tuple[str, Dim, Dim], ...]

    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Each cropped axis shrinks by its two amounts."""
        (tensor,) = inputs
        left = {axis: tensor.size(axis) - before - after for axis, before, after in self.amounts}
        return (tensor.resized(**left),)

    def gradient(self, call: Call) -> Gradient:
        """A copy."""
        del call
        return Gradient()
