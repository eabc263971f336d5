"""What layers that multiply with a kernel share: loops, padding, bias and activation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.network.dims import Dim, product
from convcost.network.equation import Loop, loops_over
from convcost.network.op import Gradient
from convcost.ops.activation import charge, derivative

if TYPE_CHECKING:
    from convcost.network.equation import Equation
    from convcost.network.op import Call
    from convcost.network.tensor import Tensor
    from convcost.ops.window import Window


def position_loops(result: Tensor) -> tuple[Loop, ...]:
    """A loop per axis of the output but the channels."""
    return tuple(loop for loop in loops_over(result.axes) if loop.axis != "channel")


def tap_loops(windows: tuple[Window, ...]) -> tuple[Loop, ...]:
    """A reduced loop per window."""
    return tuple(Loop(f"kernel_{w.axis}", w.kernel, reduced=True) for w in windows)


def padding_products(
    windows: tuple[Window, ...], padded: Tensor, positions: Tensor, equation: Equation
) -> int | None:
    """The MACs of the equation whose tap falls into padding; None while sizes are symbolic.

    Args:
        windows: what slides.
        padded: the tensor whose borders are padded.
        positions: that with an entry for each place of the windows.
        equation: whose MACs.
    """
    inside = [window.taps_inside(padded.size(window.axis)) for window in windows]
    every = product(positions.size(window.axis) * window.kernel for window in windows)
    if any(count is None for count in inside) or not isinstance(equation.macs, int):
        return None
    others = equation.macs // every
    return equation.macs - others * product(inside)  # type: ignore[arg-type, return-value]


def epilogue(bias: bool, activation: str, elements: Dim) -> Dim:
    """Element-wise operations after a product: 1 per output for the bias, and the activation's."""
    return (elements if bias else 0) + charge(activation, elements)


def product_gradient(bias: bool, activation: str, call: Call) -> Gradient:
    """The gradient of what follows a product: the activation's derivative, the sum for the bias.

    Element-wise: the derivative per output and, where the bias (the last parameter) is trained, 1
    per output. A derivative that needs the product without its activation reads as many bytes as
    one that needs the result.
    """
    found = derivative(activation)
    return Gradient(
        through=found.charge * call.output_elements,
        through_reads=call.output_bytes if found.reads else 0,
        weights=call.output_elements if bias and call.trains(-1) else 0,
    )
