"""Convolution-like layers whose weights are not shared between positions."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from convcost.network.dataclass import dataclass
from convcost.network.dims import Dim, product
from convcost.network.equation import Equation, Loop
from convcost.network.op import Call, Condition, Gradient, Op
from convcost.network.parameter import Weight
from convcost.ops.product import (
    epilogue,
    padding_products,
    position_loops,
    product_gradient,
    tap_loops,
)
from convcost.ops.window import Window, slide, window_conditions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcost.network.tensor import Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class LocallyConnected(Op):
    """A convolution with another filter at each output position: as many MACs, more weights.

    MACs = batch x output positions x kernel taps x channels in x filters. Element-wise: 1 per
    output for the bias, which each position has of its own, plus the activation's. Kernel:
    (output positions, taps x channels in, filters).

    Gradient: the products of the loops with the operands swapped (`convcost.network.equation`), the
    activation's derivative, and 1 per output for the bias (`convcost.ops.product`).

    >>> from convcost.network.tensor import Tensor
    >>> from convcost.ops.window import window
    >>> x = Tensor.of(batch=1, height=6, width=6, channel=3)
    >>> local = LocallyConnected(filters=8, windows=window(3))
    >>> local.cost("forward", Call((x,), local.outputs(x))).macs
    3456
    >>> [weight.shape for weight in local.weights(x)]
    [(16, 27, 8), (4, 4, 8)]
    """

    kind: ClassVar[str] = "locally_connected"
    filters: Dim
    windows: tuple[Window, ...]
    bias: bool = True
    activation: str = "linear"

    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Window axes by the shape rule, channels become the filters."""
        (tensor,) = inputs
        return (slide(self.windows, tensor).resized(channel=self.filters),)

    def conditions(self, *inputs: Tensor) -> Iterator[Condition]:
        """Windows of at least one."""
        del inputs
        return window_conditions(self.windows)

    def weights(self, *inputs: Tensor) -> tuple[Weight, ...]:
        """A kernel per position, and biases where there are any."""
        (tensor,) = inputs
        (result,) = self.outputs(tensor)
        positions = tuple(result.size(window.axis) for window in self.windows)
        patch = product(window.kernel for window in self.windows) * tensor.size("channel")
        kernel = Weight("kernel", (product(positions), patch, self.filters))
        return (kernel, Weight("bias", (*positions, self.filters))) if self.bias else (kernel,)

    def equations(self, call: Call) -> tuple[Equation, ...]:
        """One loop nest, that of a convolution."""
        (tensor,), (result,) = call.inputs, call.outputs
        return (
            Equation(
                (
                    *position_loops(result),
                    *tap_loops(self.windows),
                    Loop("channels_in", tensor.size("channel"), reduced=True),
                    Loop("channels_out", self.filters),
                )
            ),
        )

    def padding_macs(self, call: Call) -> int | None:
        """MACs less those whose tap lies inside the input."""
        (tensor,), (result,) = call.inputs, call.outputs
        return padding_products(self.windows, tensor, result, self.equations(call)[0])

    def elementwise(self, call: Call) -> Dim:
        """Bias and activation."""
        return epilogue(self.bias, self.activation, call.output_elements)

    def gradient(self, call: Call) -> Gradient:
        """Activation and bias."""
        return product_gradient(self.bias, self.activation, call)
