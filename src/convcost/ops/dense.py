"""Dense (fully connected) layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from convcost.network.dataclass import dataclass
from convcost.network.equation import Equation, Loop, loops_over
from convcost.network.op import Call, Gradient, Op
from convcost.network.parameter import Weight
from convcost.network.tensor import Axis, Tensor
from convcost.ops.product import epilogue, product_gradient

if TYPE_CHECKING:
    from convcost.network.dims import Dim


@dataclass(frozen=True, slots=True, kw_only=True)
class Dense(Op):
    """A matrix product over the last axis; all other axes are batch-like.

    MACs = product of the leading sizes x features in x units. Element-wise: 1 per output for the
    bias, plus the activation's. Kernel: (features in, units).

    Gradient: the products of the loops with the operands swapped (`convcost.network.equation`), the
    activation's derivative, and 1 per output for the bias (`convcost.ops.product`).

    >>> x = Tensor.of(batch=2, time=10, feature=16)
    >>> dense = Dense(units=32)
    >>> dense.cost("forward", Call((x,), dense.outputs(x))).macs == 2 * 10 * 16 * 32
    True
    """

    kind: ClassVar[str] = "dense"
    units: Dim
    bias: bool = True
    activation: str = "linear"

    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """The last axis becomes the units."""
        (tensor,) = inputs
        *leading, last = tensor.axes
        return (Tensor((*leading, Axis(last.name, self.units)), tensor.dtype),)

    def weights(self, *inputs: Tensor) -> tuple[Weight, ...]:
        """Kernel, and bias where there is one."""
        kernel = Weight("kernel", (inputs[0].axes[-1].size, self.units))
        return (kernel, Weight("bias", (self.units,))) if self.bias else (kernel,)

    def equations(self, call: Call) -> tuple[Equation, ...]:
        """One loop nest: rows, features in, units."""
        (tensor,) = call.inputs
        *leading, last = tensor.axes
        rows = loops_over(leading)
        reduced = Loop("features_in", last.size, reduced=True)
        return (Equation((*rows, reduced, Loop("units", self.units))),)

    def elementwise(self, call: Call) -> Dim:
        """Bias and activation."""
        return epilogue(self.bias, self.activation, call.output_elements)

    def gradient(self, call: Call) -> Gradient:
        """Activation and bias."""
        return product_gradient(self.bias, self.activation, call)
