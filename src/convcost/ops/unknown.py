"""A layer without a rule: its shape and parameters travel as facts, its cost is unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from convcost.network.dataclass import dataclass
from convcost.network.op import Call, Op, Phase
from convcost.network.parameter import Weight

if TYPE_CHECKING:
    from convcost.network.dims import Dim
    from convcost.network.tensor import Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown(Op):
    """An op that convcost has no rule for. Its cost is None, never zero.

    Attributes:
        name: what the source calls it (``CapsuleLayer``, ``Lambda``).
        results: the tensors that the source says it computes.
        parameters: how many stored numbers the source says it has; None where it does not say.
        why: why its cost is not known.

    >>> from convcost.network.tensor import Tensor
    >>> x = Tensor.of(batch=1, feature=10)
    >>> capsule = Unknown(name="CapsuleLayer", results=(x,))
    >>> print(capsule.cost("forward", Call((x,), capsule.outputs(x))))
    None
    """

    kind: ClassVar[str] = "unknown"
    arity: ClassVar[tuple[int, int | None]] = (0, None)
    name: str
    results: tuple[Tensor, ...]
    parameters: Dim | None = 0
    why: str = "no rule for this kind of layer"

    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """What the source says."""
        del inputs
        return self.results

    def weights(self, *inputs: Tensor) -> tuple[Weight, ...]:
        """One block of stored numbers of unknown shape."""
        del inputs
        return (Weight("parameters", (self.parameters,)),) if self.parameters else ()

    def cost(self, phase: Phase, call: Call) -> None:
        """Unknown."""
        del phase, call
