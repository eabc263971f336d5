"""Convolution in one, two or three dimensions, grouped and dilated."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from convcost.network.dataclass import dataclass
from convcost.network.dims import Dim, product
from convcost.network.equation import Equation, Loop
from convcost.network.op import Call, Condition, Gradient, Op, require
from convcost.network.parameter import Weight
from convcost.ops.activation import charge, derivative
from convcost.ops.window import Window, slide, window_conditions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcost.network.tensor import Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class Conv(Op):
    """Each output value is a product of a window of the input with one filter.

    MACs = batch x output positions x kernel taps x channels in / groups x filters
    (seed 004: ``Time ~ M^2*K^2*Cin*Cout``). Element-wise: 1 per output for the bias, plus the
    activation's. Kernel: (taps ..., channels in / groups, filters).

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
        if self.groups == 1:
            return
        yield Condition(self.groups, f"groups is {self.groups}; expected at least 1")
        channels = inputs[0].size("channel")
        for what, size in (("input channels", channels), ("filters", self.filters)):
            remainder = size - size // self.groups * self.groups
            reason = f"{size} {what} cannot be split into {self.groups} groups"
            yield Condition(1 - remainder, reason)

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
        return padding_products(self.windows, call, self.equations(call)[0])

    def elementwise(self, call: Call) -> Dim:
        """Bias and activation."""
        return epilogue(self.bias, self.activation, call.output_elements)

    def gradient(self, call: Call) -> Gradient:
        """Activation and bias."""
        return product_gradient(self.bias, self.activation, call)


def position_loops(result: Tensor) -> tuple[Loop, ...]:
    """A loop per axis of the output but the channels."""
    return tuple(
        Loop(axis.name or f"axis_{position}", axis.size)
        for position, axis in enumerate(result.axes)
        if axis.name != "channel"
    )


def tap_loops(windows: tuple[Window, ...]) -> tuple[Loop, ...]:
    """A reduced loop per window."""
    return tuple(Loop(f"kernel_{w.axis}", w.kernel, reduced=True) for w in windows)


def padding_products(windows: tuple[Window, ...], call: Call, equation: Equation) -> int | None:
    """The MACs of the equation whose tap falls into padding; None while sizes are symbolic."""
    (tensor,), (result,) = call.inputs, call.outputs
    inside = [window.taps_inside(tensor.size(window.axis)) for window in windows]
    every = product(result.size(window.axis) * window.kernel for window in windows)
    if any(count is None for count in inside) or not isinstance(equation.macs, int):
        return None
    others = equation.macs // every
    return equation.macs - others * product(inside)  # type: ignore[arg-type, return-value]


def epilogue(bias: bool, activation: str, elements: Dim) -> Dim:
    """Element-wise operations after a product: 1 per output for the bias, and the activation's."""
    return (elements if bias else 0) + charge(activation, elements)


def product_gradient(bias: bool, activation: str, call: Call) -> Gradient:
    """The gradient of what follows a product: the activation's derivative, the sum for the bias.

    Element-wise: `DERIVATIVES` per output and, where the bias (the last parameter) is trained, 1
    per output. A derivative that needs the product without its activation reads as many bytes as
    one that needs the result.
    """
    found = derivative(activation)
    return Gradient(
        through=found.charge * call.output_elements,
        through_reads=call.output_bytes if found.reads else 0,
        weights=call.output_elements if bias and call.trains(-1) else 0,
    )
