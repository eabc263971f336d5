"""Values added into places of a result."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from convcost.network.dataclass import dataclass
from convcost.network.dims import summed
from convcost.network.op import Call, Gradient, Op

if TYPE_CHECKING:
    from convcost.network.dims import Dim
    from convcost.network.tensor import Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class ScatterAdd(Op):
    """Each value of an input is added to its place in the result: patches folded into an image.

    Element-wise: 1 per value that is added. Inputs: the values, or a tensor that they are added to,
    the values, and perhaps their places. Gradient: the gradient is copied from these places.

    Attributes:
        result: the tensor that is written.
        source: which input holds the values.

    >>> from convcost.network.tensor import Tensor
    >>> patches = Tensor.of(batch=1, channel=27, time=64)
    >>> image = Tensor.of(batch=1, channel=3, height=8, width=8)
    >>> ScatterAdd(result=image).cost("forward", Call((patches,), (image,))).elementwise
    1728
    """

    kind: ClassVar[str] = "scatter_add"
    arity: ClassVar[tuple[int, int | None]] = (1, 3)
    result: Tensor
    source: int = 0

    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """What is written."""
        del inputs
        return (self.result,)

    def elementwise(self, call: Call) -> Dim:
        """Additions."""
        return call.inputs[self.source].elements

    def gradient(self, call: Call) -> Gradient:
        """A copy; the places are read again."""
        return Gradient(data_reads=summed(t.bytes for t in call.inputs[self.source + 1 :]))
