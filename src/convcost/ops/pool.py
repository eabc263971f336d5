"""Pooling: over windows and over whole axes."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from convcost.network.dataclass import dataclass
from convcost.network.dims import Dim, ceil_div, product, summed
from convcost.network.op import Call, Condition, Gradient, Op
from convcost.network.tensor import Axis, Tensor
from convcost.ops.window import Window, slide, window_conditions

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool(Op):
    """The maximum or the average of each window.

    Element-wise per output: maximum ``k - 1`` comparisons, average ``k - 1`` additions and one
    division, with k the taps of the window.

    Gradient per output: maximum ``k - 1`` comparisons that find its place in the input again and
    one addition there; average one division and an addition at each tap.

    Attributes:
        count_padding: whether an average divides by the zeros of the padding too, as PyTorch's.

    >>> from convcost.ops.window import window
    >>> x = Tensor.of(batch=1, height=24, width=24, channel=64)
    >>> pool = Pool(function="max", windows=window(2, 2))
    >>> pool.outputs(x)[0].shape, pool.cost("forward", Call((x,), pool.outputs(x))).elementwise
    ((1, 12, 12, 64), 27648)
    """

    kind: ClassVar[str] = "pool"
    function: Literal["max", "average"]
    windows: tuple[Window, ...]
    count_padding: bool = False

    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Window axes by the shape rule."""
        (tensor,) = inputs
        return (slide(self.windows, tensor),)

    def conditions(self, *inputs: Tensor) -> Iterator[Condition]:
        """Windows of at least one."""
        del inputs
        return window_conditions(self.windows)

    def elementwise(self, call: Call) -> Dim:
        """Comparisons or additions."""
        taps = product(window.kernel for window in self.windows)
        return _per_output(self.function, taps) * call.output_elements

    def gradient(self, call: Call) -> Gradient:
        """The maximum's place, or a share for each tap."""
        taps = product(window.kernel for window in self.windows)
        return _gradient(self.function, call, taps * call.output_elements)


@dataclass(frozen=True, slots=True, kw_only=True)
class GlobalPool(Op):
    """The maximum or the average over whole axes (GAP: the average over height and width).

    Element-wise as `Pool`, with k the product of the pooled sizes. Gradient: maximum as `Pool`;
    average one division per output, which is copied to every tap.

    >>> x = Tensor.of(batch=1, height=7, width=7, channel=512)
    >>> pool = GlobalPool(function="average", axes=("height", "width"))
    >>> pool.outputs(x)[0].shape, pool.cost("forward", Call((x,), pool.outputs(x))).elementwise
    ((1, 512), 25088)
    """

    kind: ClassVar[str] = "global_pool"
    function: Literal["max", "average"]
    axes: tuple[str, ...]
    keep_axes: bool = False

    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Pooled axes vanish, or stay with size one."""
        (tensor,) = inputs
        for name in self.axes:
            tensor.size(name)
        if self.keep_axes:
            return (tensor.resized(**dict.fromkeys(self.axes, 1)),)
        kept = tuple(axis for axis in tensor.axes if axis.name not in self.axes)
        return (Tensor(tuple(_as_feature(axis, kept) for axis in kept), tensor.dtype),)

    def elementwise(self, call: Call) -> Dim:
        """Comparisons or additions."""
        taps = product(call.inputs[0].size(name) for name in self.axes)
        return _per_output(self.function, taps) * call.output_elements

    def gradient(self, call: Call) -> Gradient:
        """The maximum's place, or equal shares; windows do not overlap."""
        if self.function == "average":
            return Gradient(data=call.output_elements)
        return _gradient(self.function, call, call.inputs[0].elements)


@dataclass(frozen=True, slots=True, kw_only=True)
class AdaptivePool(Op):
    """The maximum or the average of windows that divide axes into a given number of parts.

    Part i of Y over a size X reads from ``floor(i*X/Y)`` up to ``ceil((i+1)*X/Y)``, so that
    neighbours overlap where Y does not divide X. Element-wise and gradient as `Pool`, with each
    window's own k.

    Attributes:
        parts: (axis, number of parts) per pooled axis.

    >>> x = Tensor.of(batch=1, height=10, width=8, channel=2)
    >>> pool = AdaptivePool(function="average", parts=(("height", 4), ("width", 4)))
    >>> pool.outputs(x)[0].shape, pool.cost("forward", Call((x,), pool.outputs(x))).elementwise
    ((1, 4, 4, 2), 192)
    """

    kind: ClassVar[str] = "adaptive_pool"
    function: Literal["max", "average"]
    parts: tuple[tuple[str, int], ...]

    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """The parts."""
        (tensor,) = inputs
        return (tensor.resized(**dict(self.parts)),)

    def elementwise(self, call: Call) -> Dim:
        """Comparisons or additions."""
        comparisons = call.output_elements if self.function == "max" else 0
        return self._taps(call.inputs[0]) - comparisons

    def gradient(self, call: Call) -> Gradient:
        """The maximum's place, or a share for each tap."""
        return _gradient(self.function, call, self._taps(call.inputs[0]))

    def _taps(self, tensor: Tensor) -> Dim:
        """Inputs in all windows, shared ones counted in each."""
        pooled = dict(self.parts)
        taps = product(_adaptive_taps(tensor.size(axis), parts) for axis, parts in self.parts)
        return taps * product(axis.size for axis in tensor.axes if axis.name not in pooled)


def _adaptive_taps(size: Dim, parts: int) -> Dim:
    """Inputs in all windows along one axis, shared ones counted in each.

    >>> _adaptive_taps(10, 4), _adaptive_taps(8, 4)
    (12, 8)
    """
    return summed(ceil_div((i + 1) * size, parts) - i * size // parts for i in range(parts))


def _per_output(function: str, taps: Dim) -> Dim:
    return taps - 1 if function == "max" else taps


def _gradient(function: str, call: Call, taps: Dim) -> Gradient:
    """The gradient of windows with so many taps in all."""
    if function == "max":
        return Gradient(data=taps, data_reads=call.input_bytes)
    return Gradient(data=taps + call.output_elements)


def _as_feature(axis: Axis, kept: tuple[Axis, ...]) -> Axis:
    """Channels without positions are features."""
    flat = len(kept) <= 2
    return Axis("feature", axis.size) if flat and axis.name == "channel" else axis
