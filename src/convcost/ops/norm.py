"""Normalisation by statistics."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from convcost.network.dataclass import dataclass, replace
from convcost.network.op import Call, Gradient, Op, Phase
from convcost.network.parameter import Weight
from convcost.network.tensor import dtype_bytes

if TYPE_CHECKING:
    from convcost.network.cost import Cost
    from convcost.network.dims import Dim
    from convcost.network.tensor import Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchNorm(Op):
    """Batch normalisation along one named axis.

    Element-wise, inference: 2 per element, one multiplication and one addition, since the four
    vectors fold into a scale and a shift. Training: 6 per element: the mean (1: add), the variance
    (3: subtract, multiply, add) and the normalisation (2). Training also writes the statistics.

    Gradient, training: 8 per element: the sums of the gradient (1: add) and of its products with
    the centred input (3: subtract, multiply, add), which are beta's and gamma's gradients, and
    ``a * gradient + b * input + c`` with factors per channel (4). With stored statistics: 1 for the
    input (scale), 1 for beta, 3 for gamma. The sums are charged to the parameters where these are
    trained.

    Attributes:
        epsilon: added to the variance.

    Parameters per channel: gamma and beta (learned), moving mean and variance (statistics).

    >>> from convcost.network.tensor import Tensor
    >>> x = Tensor.of(batch=32, height=32, width=32, channel=32)
    >>> cost = BatchNorm().cost("forward", Call((x,), (x,)))
    >>> cost.elementwise, cost.read_bytes, cost.write_bytes
    (2097152, 4194304, 4194304)
    """

    kind: ClassVar[str] = "batch_norm"
    axis: str = "channel"
    scale: bool = True
    center: bool = True
    epsilon: float = 1e-3

    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """The input's shape."""
        (tensor,) = inputs
        tensor.size(self.axis)
        return (tensor,)

    def weights(self, *inputs: Tensor) -> tuple[Weight, ...]:
        """Gamma and beta as far as they are used, moving mean and variance."""
        shape = (inputs[0].size(self.axis),)
        learned = [
            Weight(name, shape)
            for name, used in (("gamma", self.scale), ("beta", self.center))
            if used
        ]
        moving = (Weight(name, shape, learned=False) for name in ("moving_mean", "moving_variance"))
        return (*learned, *moving)

    def elementwise(self, call: Call) -> Dim:
        """2 per element at inference, 6 in training."""
        return (2 if call.mode == "inference" else 6) * call.output_elements

    def gradient(self, call: Call) -> Gradient:
        """Two sums per channel, then a linear function of the gradient and the input."""
        elements, bytes_ = call.output_elements, call.output_bytes
        learned = sum((p.bytes for p in call.parameters if p.learned), start=0)
        gamma = learned // (self.scale + self.center) if self.scale else 0
        sums = (3 * self.scale + self.center) * elements
        if call.mode == "inference":
            by_gamma = self.scale and call.trains(0)
            by_beta = self.center and call.trains(int(self.scale))
            moving = sum((p.bytes for p in call.parameters if not p.learned), start=0)
            return Gradient(
                data=elements,
                data_weight_reads=gamma + moving // 2,
                weights=(3 * by_gamma + by_beta) * elements,
                weights_reads=bytes_ if by_gamma else 0,
            )
        # the batch's own mean and deviation, which the forward pass has found
        own = 2 * call.inputs[0].size(self.axis) * dtype_bytes(call.inputs[0].dtype)
        charged = sums if call.trained else 0
        return Gradient(
            data=8 * elements - charged,
            data_reads=bytes_ + own,
            data_weight_reads=gamma,
            weights=sums,
            weights_reads=(bytes_ + own) if self.scale else 0,
        )

    def cost(self, phase: Phase, call: Call) -> Cost | None:
        """The general rule; in training the moving statistics are written as well."""
        cost = super().cost(phase, call)
        if cost is None or call.mode == "inference" or phase != "forward":
            return cost
        written = sum((p.bytes for p in call.parameters if not p.learned), start=0)
        return replace(cost, write_bytes=cost.write_bytes + written)
