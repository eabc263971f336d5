"""The tensors that a network is given."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from convcost.network.dataclass import dataclass
from convcost.network.op import Call, Op

if TYPE_CHECKING:
    from convcost.network.tensor import Tensor


@dataclass(frozen=True, slots=True)
class Input(Op):
    """A tensor from outside. Costs nothing: its bytes are charged to the layers that read it.

    >>> from convcost.network.tensor import Tensor
    >>> Input(Tensor.of(batch=1, feature=784)).outputs()[0].elements
    784
    """

    kind: ClassVar[str] = "input"
    arity: ClassVar[tuple[int, int | None]] = (0, 0)
    tensor: Tensor

    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """The tensor itself."""
        del inputs
        return (self.tensor,)

    def touches_data(self, call: Call) -> bool:
        """Never."""
        del call
        return False
