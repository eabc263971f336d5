"""Random changes of the training data."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from convcost.network.dataclass import dataclass
from convcost.network.op import Call, Op, Phase

if TYPE_CHECKING:
    from convcost.network.cost import Cost
    from convcost.network.tensor import Tensor


@dataclass(frozen=True, slots=True)
class Augmentation(Op):
    """A random change of the data in training; the identity at inference.

    What it costs in training depends on the numbers drawn and is not known.

    >>> from convcost.network.tensor import Tensor
    >>> x = Tensor.of(batch=1, height=8, width=8, channel=3)
    >>> flip = Augmentation("RandomFlip")
    >>> flip.cost("forward", Call((x,), (x,))).bytes
    0
    >>> print(flip.cost("forward", Call((x,), (x,), (), "training")))
    None
    """

    kind: ClassVar[str] = "augmentation"
    name: str

    @property
    def why(self) -> str:
        """Why the cost of training is not known."""
        return f"what {self.name} costs in training depends on random numbers"

    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """The input's shape."""
        (tensor,) = inputs
        return (tensor,)

    def touches_data(self, call: Call) -> bool:
        """In training only."""
        return call.mode == "training"

    def cost(self, phase: Phase, call: Call) -> Cost | None:
        """Nothing at inference, unknown in training; without a rule for its gradient."""
        if call.mode == "training" and phase == "forward":
            return None
        return super().cost(phase, call)
