"""Windows sliding over an axis: what convolution and pooling share."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Literal, TypeAlias, cast

from convcost.errors import NetworkError
from convcost.network.dataclass import dataclass
from convcost.network.dims import Dim, ceil_div, maximum, remainder
from convcost.network.op import Condition, require

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from convcost.network.tensor import Tensor

Padding: TypeAlias = Literal["valid", "same", "causal"] | tuple[Dim, Dim]

#: The axes of one-, two- and three-dimensional windows.
AXES = {1: ("time",), 2: ("height", "width"), 3: ("depth", "height", "width")}

#: Above this kernel size the products with padding are not enumerated.
_MAX_TAPS = 65_536


@dataclass(frozen=True, slots=True)
class Window:
    """A window of `kernel` taps, `dilation` apart, moved by `stride` along one named axis.

    Attributes:
        axis: the axis that it slides over.
        kernel: taps.
        stride: distance between two outputs.
        dilation: distance between two taps.
        padding: ``valid`` (none), ``same`` (TensorFlow's: output ``ceil(X/S)``), ``causal`` (all of
            it before), or explicit ``(before, after)``.
    """

    axis: str
    kernel: Dim
    stride: Dim = 1
    dilation: Dim = 1
    padding: Padding = "valid"

    @property
    def extent(self) -> Dim:
        """Inputs from the first tap to the last."""
        return self.dilation * (self.kernel - 1) + 1

    def output(self, size: Dim) -> Dim:
        """Outputs along the axis for `size` inputs.

        ``same``: ``ceil(X/S)``; otherwise ``(X - extent + before + after)//S + 1``.

        >>> Window("width", 3).output(28), Window("width", 3, 2, padding="same").output(7)
        (26, 4)
        """
        if self.padding == "same":
            return ceil_div(size, self.stride)
        before, after = self.pads(size)
        return (size - self.extent + before + after) // self.stride + 1

    def pads(self, size: Dim) -> tuple[Dim, Dim]:
        """Zeros before and after.

        ``same`` pads ``max((ceil(X/S)-1)*S + extent - X, 0)`` in total, the odd one after
        (tensorflow.org/api_docs/python/tf/nn, "Notes on padding").

        >>> Window("width", 3, 2, padding="same").pads(224)
        (0, 1)
        """
        if isinstance(self.padding, tuple):
            return self.padding
        if self.padding == "causal":
            return self.extent - 1, 0
        if self.padding == "valid":
            return 0, 0
        total = maximum((ceil_div(size, self.stride) - 1) * self.stride + self.extent - size, 0)
        return total // 2, total - total // 2

    def taps_inside(self, size: Dim) -> int | None:
        """Pairs of an output and a tap that meet an input and not padding.

        None while a size is symbolic, or where the kernel is absurdly large.
        """
        numbers = (size, self.kernel, self.stride, self.dilation, *self.pads(size))
        if not all(isinstance(n, int) for n in numbers):
            return None
        return _taps_inside(*cast("tuple[int, ...]", (*numbers, self.output(size))))


@lru_cache(maxsize=4096)
def _taps_inside(
    size: int, kernel: int, stride: int, dilation: int, before: int, after: int, outputs: int
) -> int | None:
    del after  # the number of outputs says it already
    if kernel > _MAX_TAPS:
        return None
    inside = 0
    for tap in range(kernel):
        shift = before - tap * dilation
        first = max(0, -(-shift // stride))
        last = min(outputs - 1, (size - 1 + shift) // stride)
        inside += max(0, last - first + 1)
    return inside


def window(
    kernel: Dim | Sequence[Dim],
    stride: Dim | Sequence[Dim] = 1,
    *,
    padding: Padding | Sequence[Padding] = "valid",
    dilation: Dim | Sequence[Dim] = 1,
    axes: Sequence[str] | None = None,
) -> tuple[Window, ...]:
    """Windows over several axes; a single number means the same along each.

    Args:
        kernel: one size (then two-dimensional, unless `axes` says otherwise) or one per axis.
        stride: likewise.
        padding: one rule for all axes, or a list with one per axis.
        dilation: likewise.
        axes: names; default by the number of kernel sizes: time, height and width, or depth too.

    >>> [(w.axis, w.kernel) for w in window((1, 7))]
    [('height', 1), ('width', 7)]
    """
    if axes is None:
        axes = AXES[len(kernel) if isinstance(kernel, (tuple, list)) else 2]

    def each(value: object) -> list[object]:
        values = list(value) if isinstance(value, (tuple, list)) else [value] * len(axes)
        if len(values) != len(axes):
            raise NetworkError(f"{len(values)} sizes {value} for {len(axes)} axes {tuple(axes)}")
        return values

    paddings = padding if isinstance(padding, list) else [padding] * len(axes)
    parts = zip(axes, each(kernel), each(stride), each(dilation), paddings, strict=True)
    return tuple(Window(a, k, s, d, p) for a, k, s, d, p in parts)  # type: ignore[arg-type]


def window_conditions(windows: tuple[Window, ...]) -> Iterator[Condition]:
    """Kernel, stride and dilation are at least one."""
    for w in windows:
        for what, size in (("kernel", w.kernel), ("stride", w.stride), ("dilation", w.dilation)):
            if not isinstance(size, int) or size < 1:
                yield Condition(size, f"the {what} along {w.axis} is {size}; expected at least 1")


def group_conditions(groups: Dim, channels: Dim, filters: Dim) -> Iterator[Condition]:
    """Groups, at least one, that divide the input channels and the filters."""
    if groups == 1:
        return
    yield Condition(groups, f"groups is {groups}; expected at least 1")
    for what, size in (("input channels", channels), ("filters", filters)):
        reason = f"{size} {what} cannot be split into {groups} groups"
        yield Condition(1 - remainder(size, groups), reason)


def slide(windows: tuple[Window, ...], tensor: Tensor) -> Tensor:
    """The tensor with each window's axis replaced by the number of its outputs.

    Raises:
        NetworkError: the tensor lacks an axis, or a window's size is below one.
    """
    require(window_conditions(windows))
    return tensor.resized(**{w.axis: w.output(tensor.size(w.axis)) for w in windows})
