"""Stored tensors that enter a network like its inputs do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from convcost.network.dataclass import dataclass, field
from convcost.network.op import Call, Op
from convcost.network.parameter import Weight

if TYPE_CHECKING:
    from collections.abc import Callable

    from convcost.network.tensor import Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant(Op):
    """A stored tensor that is an operand of other layers: a class token, a position table, a mask.

    Costs nothing: its bytes are charged to the layers that read it.

    Attributes:
        tensor: what is stored.
        parameter: whether it belongs to the network's parameters; else it is a plain constant.
        learned: whether, as a parameter, it is learned.
        values: a handle that loads the numbers of a plain constant, where the source has them;
            those of a parameter are the network's.

    >>> from convcost.network.tensor import Tensor
    >>> token = Constant(tensor=Tensor.of(batch=1, time=1, feature=768), parameter=True)
    >>> token.weights()[0].shape
    (1, 1, 768)
    """

    kind: ClassVar[str] = "constant"
    arity: ClassVar[tuple[int, int | None]] = (0, 0)
    tensor: Tensor
    parameter: bool = False
    learned: bool = True
    values: Callable[[], Any] | None = field(default=None, repr=False, compare=False)

    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """The tensor itself."""
        del inputs
        return (self.tensor,)

    def weights(self, *inputs: Tensor) -> tuple[Weight, ...]:
        """The tensor, where it is a parameter."""
        del inputs
        if not self.parameter:
            return ()
        return (Weight("value", self.tensor.shape, learned=self.learned),)

    def touches_data(self, call: Call) -> bool:
        """Never."""
        del call
        return False
