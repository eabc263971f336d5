"""Transposed convolution in one, two or three dimensions."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from convcost.errors import NetworkError
from convcost.network.dataclass import dataclass
from convcost.network.dims import Dim, maximum, remainder
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
from convcost.ops.window import Window, group_conditions, window_conditions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcost.network.tensor import Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvTranspose(Op):
    """Each INPUT value, times a filter, is added into a window of the output.

    It is what the backward pass of a convolution with the same windows does to the gradient, so
    MACs = batch x INPUT positions x kernel taps x channels in x filters / groups. Products that
    fall outside the output, which ``same`` cuts off, count like those with padding. Element-wise:
    1 per output for the bias, plus the activation's. Kernel: (taps ..., filters / groups,
    channels in).

    Gradient: the products of the loops with the operands swapped (`convcost.network.equation`), the
    activation's derivative, and 1 per output for the bias (`convcost.ops.product`).

    Attributes:
        windows: kernel, stride, dilation and padding of the convolution that it transposes.
        output_padding: added to the output per window; None or nothing for the default size:
            ``valid`` max(extent, stride) - extent, ``same`` the input times the stride.

    >>> from convcost.network.tensor import Tensor
    >>> from convcost.ops.window import window
    >>> x = Tensor.of(batch=1, height=8, width=8, channel=32)
    >>> up = ConvTranspose(filters=16, windows=window(2, 2, padding="same"))
    >>> up.outputs(x)[0].shape, up.cost("forward", Call((x,), up.outputs(x))).macs
    ((1, 16, 16, 16), 131072)
    """

    kind: ClassVar[str] = "conv_transpose"
    filters: Dim
    windows: tuple[Window, ...]
    output_padding: tuple[Dim | None, ...] = ()
    groups: Dim = 1
    bias: bool = True
    activation: str = "linear"

    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Window axes grow, channels become the filters.

        Raises:
            NetworkError: the padding has no transposed form.
        """
        (tensor,) = inputs
        require(self.conditions(tensor))
        added = self.output_padding or (None,) * len(self.windows)
        if len(added) != len(self.windows):
            raise NetworkError(f"{len(added)} output paddings for {len(self.windows)} windows")
        sizes = {
            w.axis: transposed_size(w, tensor.size(w.axis), more)
            for w, more in zip(self.windows, added, strict=True)
        }
        return (tensor.resized(**sizes, channel=self.filters),)

    def conditions(self, *inputs: Tensor) -> Iterator[Condition]:
        """Windows of at least one; groups that divide the channels and the filters."""
        yield from window_conditions(self.windows)
        yield from group_conditions(self.groups, inputs[0].size("channel"), self.filters)

    def weights(self, *inputs: Tensor) -> tuple[Weight, ...]:
        """Kernel, and bias where there is one."""
        taps = tuple(window.kernel for window in self.windows)
        channels = inputs[0].size("channel")
        kernel = Weight("kernel", (*taps, self.filters // self.groups, channels))
        return (kernel, Weight("bias", (self.filters,))) if self.bias else (kernel,)

    def equations(self, call: Call) -> tuple[Equation, ...]:
        """One loop nest: INPUT positions, taps, channels in, filters of a group."""
        (tensor,) = call.inputs
        return (
            Equation(
                (
                    *position_loops(tensor),
                    *tap_loops(self.windows),
                    Loop("channels_in", tensor.size("channel"), reduced=True),
                    Loop("channels_out", self.filters // self.groups),
                )
            ),
        )

    def padding_macs(self, call: Call) -> int | None:
        """MACs whose product falls outside the output."""
        (tensor,), (result,) = call.inputs, call.outputs
        return padding_products(self.windows, result, tensor, self.equations(call)[0])

    def elementwise(self, call: Call) -> Dim:
        """Bias and activation."""
        return epilogue(self.bias, self.activation, call.output_elements)

    def gradient(self, call: Call) -> Gradient:
        """Activation and bias."""
        return product_gradient(self.bias, self.activation, call)


def transposed_size(window: Window, size: Dim, output_padding: Dim | None = None) -> Dim:
    """Outputs of a transposed convolution along one axis.

    Raises:
        NetworkError: the padding has no transposed form.

    >>> transposed_size(Window("width", 3, 2), 7), transposed_size(Window("width", 2, 3), 7)
    (15, 21)
    >>> transposed_size(Window("width", 3, 2, padding="same"), 7)
    14
    >>> transposed_size(Window("width", 3, 2, padding=(1, 1)), 7, 1)
    14
    """
    spread = (size - 1) * window.stride
    if window.padding == "same":
        if output_padding is None:
            return size * window.stride
        return spread + remainder(window.extent, 2) + output_padding
    if window.padding == "valid" and output_padding is None:
        longer: Dim = maximum(window.extent, window.stride)
        return spread + longer
    if window.padding == "causal":
        raise NetworkError("a transposed convolution has no causal padding")
    before, after = window.pads(size)
    return spread + window.extent - before - after + (output_padding or 0)
