"""A product of two feature vectors and a learned kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from convcost.network.dataclass import dataclass
from convcost.network.equation import Equation, Loop, loops_over
from convcost.network.op import Call, Gradient, Op
from convcost.network.parameter import Weight
from convcost.network.tensor import Axis, Tensor

if TYPE_CHECKING:
    from convcost.network.dims import Dim


@dataclass(frozen=True, slots=True, kw_only=True)
class Bilinear(Op):
    """``x * W * y`` per unit: every pair of a feature of x and one of y has a weight.

    MACs = product of the leading sizes x units x features of x x features of y: the product of the
    kernel with x. Element-wise: the sum over y's features, 2 per row, unit and feature of y
    (multiply, add), and 1 per output for the bias. Gradient: 1 per row, unit and feature of y for
    that of the product with x, 2 of them for that of y (multiply, add), and 1 per output for the
    bias. Kernel: (units, features of x, features of y).

    >>> x, y = Tensor.of(batch=3, feature=8), Tensor.of(batch=3, feature=6)
    >>> op = Bilinear(units=4)
    >>> op.cost("forward", Call((x, y), op.outputs(x, y))).macs == 3 * 4 * 8 * 6
    True
    """

    kind: ClassVar[str] = "bilinear"
    arity: ClassVar[tuple[int, int | None]] = (2, 2)
    units: Dim
    bias: bool = True

    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """The first input's shape with the units for its features."""
        *leading, last = inputs[0].axes
        return (Tensor((*leading, Axis(last.name, self.units)), inputs[0].dtype),)

    def weights(self, *inputs: Tensor) -> tuple[Weight, ...]:
        """Kernel, and bias where there is one."""
        first, second = (tensor.axes[-1].size for tensor in inputs)
        kernel = Weight("kernel", (self.units, first, second))
        return (kernel, Weight("bias", (self.units,))) if self.bias else (kernel,)

    def equations(self, call: Call) -> tuple[Equation, ...]:
        """One loop nest over rows, both features and units."""
        first, second = call.inputs
        rows = loops_over(first.axes[:-1])
        features = (
            Loop("features_in", first.axes[-1].size, reduced=True),
            Loop("features_second", second.axes[-1].size, reduced=True),
        )
        return (Equation((*rows, *features, Loop("units", self.units))),)

    def elementwise(self, call: Call) -> Dim:
        """The sum over the second features, and the bias."""
        return (2 * call.inputs[1].axes[-1].size + self.bias) * call.output_elements

    def gradient(self, call: Call) -> Gradient:
        """The sum over the second features, and the bias."""
        second = call.inputs[1]
        pairs = second.axes[-1].size * call.output_elements
        return Gradient(
            through=pairs if call.wants(0) or call.trains(0) else 0,
            through_reads=second.bytes if call.wants(0) or call.trains(0) else 0,
            data=2 * pairs if call.wants(1) else 0,
            data_reads=call.inputs[0].bytes if call.wants(1) else 0,
            weights=call.output_elements if self.bias and call.trains(-1) else 0,
        )
