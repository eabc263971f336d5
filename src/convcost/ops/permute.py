"""Values moved to other places: axes in another order, vectors repeated."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from convcost.errors import NetworkError
from convcost.network.dataclass import dataclass
from convcost.network.op import Call, Gradient, Op
from convcost.network.tensor import Axis, Tensor
from convcost.ops.wrap import renamed

if TYPE_CHECKING:
    from convcost.network.dims import Dim


@dataclass(frozen=True, slots=True)
class Permute(Op):
    """Axes in another order. No arithmetic, but every value is copied, and its gradient back.

    Attributes:
        order: for each axis of the result, the position of the input's axis.
        names: of the result's axes; None where they keep theirs.

    >>> x = Tensor.of(batch=1, time=10, channel=64)
    >>> str(Permute((0, 2, 1)).outputs(x)[0])
    '(batch=1, channel=64, time=10)'
    """

    kind: ClassVar[str] = "permute"
    order: tuple[int, ...]
    names: tuple[str | None, ...] | None = None

    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """The same sizes in another order.

        Raises:
            NetworkError: the order does not name every axis once.
        """
        (tensor,) = inputs
        if sorted(self.order) != list(range(len(tensor.axes))):
            raise NetworkError(f"{self.order} is not an order of the axes of {tensor}")
        result = Tensor(tuple(tensor.axes[position] for position in self.order), tensor.dtype)
        return (renamed(result, self.names),)

    def gradient(self, call: Call) -> Gradient:
        """A copy."""
        del call
        return Gradient()


@dataclass(frozen=True, slots=True)
class Repeat(Op):
    """Each sample repeated along a new axis behind the first one. No arithmetic: a copy.

    Gradient: the gradients of the copies are summed up.

    Attributes:
        times: how often.
        names: of the result's axes; None: the input's, and ``time``.

    >>> Repeat(5).outputs(Tensor.of(batch=1, feature=8))[0].shape
    (1, 5, 8)
    """

    kind: ClassVar[str] = "repeat"
    times: Dim
    names: tuple[str | None, ...] | None = None

    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """A new second axis."""
        (tensor,) = inputs
        first, *rest = tensor.axes
        result = Tensor((first, Axis("time", self.times), *rest), tensor.dtype)
        return (renamed(result, self.names),)

    def gradient(self, call: Call) -> Gradient:
        """An addition less than there are copies."""
        return Gradient(data=call.output_elements - call.inputs[0].elements)
