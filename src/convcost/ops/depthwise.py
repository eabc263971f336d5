"""Depthwise and depthwise separable convolution."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from convcost.network.dataclass import dataclass
from convcost.network.equation import Equation, Learned, Loop
from convcost.network.op import Call, Condition, Gradient, Op, require
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

    from convcost.network.dims import Dim
    from convcost.network.tensor import Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class DepthwiseConv(Op):
    """Each channel is convolved on its own with `multiplier` kernels.

    MACs = batch x output positions x kernel taps x channels x multiplier (seed 004:
    ``M^2*K^2*Cin``). Element-wise: 1 per output for the bias, plus the activation's. Kernel:
    (taps ..., channels, multiplier).

    Gradient: the products of the loops with the operands swapped (`convcost.network.equation`), the
    activation's derivative, and 1 per output for the bias (`convcost.ops.product`).

    >>> from convcost.network.tensor import Tensor
    >>> from convcost.ops.window import window
    >>> image = Tensor.of(batch=1, height=8, width=8, channel=16)
    >>> conv = DepthwiseConv(windows=window(3, padding="same"))
    >>> conv.cost("forward", Call((image,), conv.outputs(image))).macs
    9216
    """

    kind: ClassVar[str] = "depthwise_conv"
    windows: tuple[Window, ...]
    multiplier: Dim = 1
    bias: bool = True
    activation: str = "linear"

    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Window axes by the shape rule, channels times the multiplier."""
        (tensor,) = inputs
        result = slide(self.windows, tensor)
        return (result.resized(channel=tensor.size("channel") * self.multiplier),)

    def conditions(self, *inputs: Tensor) -> Iterator[Condition]:
        """Windows of at least one."""
        del inputs
        return window_conditions(self.windows)

    def weights(self, *inputs: Tensor) -> tuple[Weight, ...]:
        """Kernel, and bias where there is one."""
        channels = inputs[0].size("channel")
        taps = tuple(window.kernel for window in self.windows)
        kernel = Weight("kernel", (*taps, channels, self.multiplier))
        bias = Weight("bias", (channels * self.multiplier,))
        return (kernel, bias) if self.bias else (kernel,)

    def equations(self, call: Call) -> tuple[Equation, ...]:
        """One loop nest without a loop over the other channels."""
        (tensor,), (result,) = call.inputs, call.outputs
        return (_depthwise(self.windows, self.multiplier, tensor, result),)

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


@dataclass(frozen=True, slots=True, kw_only=True)
class SeparableConv(Op):
    """A depthwise convolution followed by a 1x1 convolution, as one layer (Xception's).

    MACs = batch x output positions x (kernel taps x channels x multiplier + channels x multiplier x
    filters) (seed 004: ``M^2*K^2*Cin + M^2*Cin*Cout``). Element-wise: 1 per output for the bias,
    plus the activation's. The tensor between the two belongs to the runtime, not to the op.

    Gradient: the products of the loops with the operands swapped (`convcost.network.equation`), the
    activation's derivative, and 1 per output for the bias (`convcost.ops.product`).

    >>> from convcost.network.tensor import Tensor
    >>> from convcost.ops.window import window
    >>> image = Tensor.of(batch=1, height=8, width=8, channel=16)
    >>> conv = SeparableConv(filters=32, windows=window(3, padding="same"))
    >>> conv.cost("forward", Call((image,), conv.outputs(image))).macs == 64 * (9 * 16 + 16 * 32)
    True
    """

    kind: ClassVar[str] = "separable_conv"
    filters: Dim
    windows: tuple[Window, ...]
    multiplier: Dim = 1
    bias: bool = True
    activation: str = "linear"

    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Window axes by the shape rule, channels become the filters."""
        (tensor,) = inputs
        require(self.conditions(tensor))
        return (slide(self.windows, tensor).resized(channel=self.filters),)

    def conditions(self, *inputs: Tensor) -> Iterator[Condition]:
        """Windows and multiplier of at least one."""
        del inputs
        yield from window_conditions(self.windows)
        yield Condition(
            self.multiplier, f"the multiplier is {self.multiplier}; expected at least 1"
        )

    def weights(self, *inputs: Tensor) -> tuple[Weight, ...]:
        """Depthwise kernel, pointwise kernel, and bias where there is one."""
        channels = inputs[0].size("channel")
        taps = tuple(window.kernel for window in self.windows)
        ones = tuple(1 for _ in self.windows)
        kernels = (
            Weight("depthwise_kernel", (*taps, channels, self.multiplier)),
            Weight("pointwise_kernel", (*ones, channels * self.multiplier, self.filters)),
        )
        return (*kernels, Weight("bias", (self.filters,))) if self.bias else kernels

    def equations(self, call: Call) -> tuple[Equation, ...]:
        """Two loop nests: depthwise, pointwise."""
        (tensor,), (result,) = call.inputs, call.outputs
        channels = tensor.size("channel") * self.multiplier
        pointwise = Equation(
            (
                *position_loops(result),
                Loop("channels_in", channels, reduced=True),
                Loop("channels_out", self.filters),
            ),
            operands=("inner", Learned(1)),
        )
        return (_depthwise(self.windows, self.multiplier, tensor, result), pointwise)

    def padding_macs(self, call: Call) -> int | None:
        """Those of the depthwise part: a 1x1 window meets no padding."""
        (tensor,), (result,) = call.inputs, call.outputs
        return padding_products(self.windows, tensor, result, self.equations(call)[0])

    def elementwise(self, call: Call) -> Dim:
        """Bias and activation."""
        return epilogue(self.bias, self.activation, call.output_elements)

    def gradient(self, call: Call) -> Gradient:
        """Activation and bias."""
        return product_gradient(self.bias, self.activation, call)


def _depthwise(
    windows: tuple[Window, ...], multiplier: Dim, tensor: Tensor, result: Tensor
) -> Equation:
    return Equation(
        (
            *position_loops(result),
            *tap_loops(windows),
            Loop("channel", tensor.size("channel")),
            Loop("multiplier", multiplier),
        )
    )
