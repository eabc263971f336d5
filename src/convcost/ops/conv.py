"""Convolution in one, two or three dimensions, grouped and dilated."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from convcost.network.dataclass import dataclass
from convcost.network.equation import Equation, Loop
from convcost.network.op import Call, Condition, Gradient, Op, require
from convcost.network.parameter import Weight
from convcost.ops.product import (
    epilogue,
    padding_products,
    position_loops,
    product_gradient,
    tap_loops,
)
from convcost.ops.window import Window, group_conditions, slide, window_conditions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcost.network.dims import Dim
    from convcost.network.tensor import Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class Conv(Op):
    """Each output value is a product of a window of the input with one filter.

    MACs = batch x output positions x kernel taps x channels in / groups x filters
    (seed 004: ``Time ~ M^2*K^2*Cin*Cout``). Element-wise: 1 per output for the bias, plus the
    activation's. Kernel: (taps ..., channels in / groups, filters).

    Gradient: the products of the loops with the operands swapped (`convcost.network.equation`), the
    activation's derivative, and 1 per output for the bias (`convcost.ops.product`).

    >>> from convcost.network.tensor import Tensor
    >>> from convcost.ops.window import window
    >>> conv, image = Conv(filters=32, windows=window(3, padding="same")), Tensor.of(
    ...     batch=1, height=32, width=32, channel=3)
    >>> call = Call((image,), conv.outputs(image))
    >>> conv.cost("forward", call).macs, conv.equations(call)[0].formula
    (884736, '32^2*3^2*3*32')
    """

    kind: ClassVar[str] = "conv"
    filters: Dim
    windows: tuple[Window, ...]
    groups: Dim = 1
    bias: bool = True
    activation: str = "linear"

    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Window axes by the shape rule, channels become the filters."""
        (tensor,) = inputs
        require(self.conditions(tensor))
        return (slide(self.windows, tensor).resized(channel=self.filters),)

    def conditions(self, *inputs: Tensor) -> Iterator[Condition]:
        """Windows of at least one; groups that divide the channels and the filters."""
        yield from window_conditions(self.windows)
        yield from group_conditions(self.groups, inputs[0].size("channel"), self.filters)

    def weights(self, *inputs: Tensor) -> tuple[Weight, ...]:
        """Kernel, and bias where there is one."""
        taps = tuple(window.kernel for window in self.windows)
        kernel = Weight("kernel", (*taps, inputs[0].size("channel") // self.groups, self.filters))
        return (kernel, Weight("bias", (self.filters,))) if self.bias else (kernel,)

    def equations(self, call: Call) -> tuple[Equation, ...]:
        """One loop nest: output positions, taps, channels in of a group, filters."""
        (tensor,), (result,) = call.inputs, call.outputs
        return (
            Equation(
                (
                    *position_loops(result),
                    *tap_loops(self.windows),
                    Loop("channels_in", tensor.size("channel") // self.groups, reduced=True),
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
