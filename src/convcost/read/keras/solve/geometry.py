"""Strides, padding and kernel sizes that lead from one size to another."""

from __future__ import annotations

from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING, Literal

from convcost.network.dataclass import dataclass
from convcost.ops.window import Window
from convcost.read.keras.solve.bounds import MAX_DILATION, MAX_STRIDE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: Ways to move along one axis that are followed up.
_MOST_STEPS = 4


@dataclass(frozen=True, slots=True)
class Geometry:
    """How a window of known size moves over every axis.

    Attributes:
        kernel: taps per axis.
        stride: per axis.
        padding: Keras's word for all axes, or zeros on either side per axis, as PyTorch has it.
        oddness: 0 for strides and paddings that people write, more for others.
        dilation: distance between taps, the same on every axis.
    """

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    padding: Literal["valid", "same"] | tuple[int, ...]
    oddness: int = 0
    dilation: int = 1

    def windows(self, axes: Sequence[str]) -> tuple[Window, ...]:
        """The windows over named axes."""
        pads = self.padding if isinstance(self.padding, tuple) else ()
        paddings = tuple((pad, pad) for pad in pads) or (self.padding,) * len(axes)
        parts = zip(axes, self.kernel, self.stride, paddings, strict=True)
        return tuple(Window(axis, k, s, self.dilation, p) for axis, k, s, p in parts)  # type: ignore[arg-type]

    def __str__(self) -> str:
        stride = "x".join(map(str, dict.fromkeys(self.stride)))
        padding = self.padding
        if isinstance(padding, tuple):
            padding = f"padding {'x'.join(map(str, dict.fromkeys(padding)))}"  # type: ignore[assignment]
        dilation = f", dilation {self.dilation}" if self.dilation > 1 else ""
        return f"{'x'.join(map(str, self.kernel))} stride {stride} {padding}{dilation}"


def strides(
    size: int | None, output: int | None, kernel: int, padding: Literal["valid", "same"]
) -> Iterator[int]:
    """Strides that lead from a size to an output; 1 where either is not known."""
    if size is None or output is None:
        yield 1
        return
    for stride in range(1, MAX_STRIDE + 1):
        if padding == "valid" and size < kernel:
            return
        if Window("", kernel, stride, 1, padding).output(size) == output:
            yield stride


def geometries(
    kernel: tuple[int, ...], sizes: Sequence[int | None], outputs: Sequence[int | None]
) -> Iterator[Geometry]:
    """Ways to move a kernel that give the printed outputs, the likeliest first.

    Equal strides on all axes come before unequal ones, small strides before large ones.

    >>> [str(g) for g in geometries((3, 3), (5, 5), (3, 3))]
    ['3x3 stride 1 valid', '3x3 stride 2 same']
    """
    found: list[Geometry] = []
    paddings: tuple[Literal["valid", "same"], ...] = ("valid", "same")
    for padding in paddings:
        per_axis = [
            tuple(strides(size, output, k, padding))
            for size, output, k in zip(sizes, outputs, kernel, strict=True)
        ]
        common = [s for s in per_axis[0] if all(s in others for others in per_axis[1:])]
        equal = [(stride,) * len(kernel) for stride in common]
        for stride in equal or product(*(found_strides[:2] for found_strides in per_axis)):
            if padding == "same" and all(k == 1 for k in kernel) and found:
                continue  # a 1x1 window meets no padding: the same as valid
            found.append(Geometry(kernel, stride, padding))
    yield from sorted(found, key=lambda g: (len(set(g.stride)), sum(g.stride)))


def dilated_geometries(
    kernel: tuple[int, ...], sizes: Sequence[int | None], outputs: Sequence[int | None]
) -> Iterator[Geometry]:
    """As `geometries`, with taps apart, where that can be seen: without padding, and with stride 1.

    >>> [str(g) for g in dilated_geometries((3, 3), (20, 20), (16, 16))]
    ['3x3 stride 1 valid, dilation 2']
    """
    known = [
        (size, output, k)
        for size, output, k in zip(sizes, outputs, kernel, strict=True)
        if size is not None and output is not None
    ]
    for dilation in range(2, MAX_DILATION + 1):
        if known and all(size - dilation * (k - 1) == output for size, output, k in known):
            yield Geometry(kernel, (1,) * len(kernel), "valid", 1, dilation)


def explicit_geometries(
    kernel: tuple[int, ...], sizes: Sequence[int | None], outputs: Sequence[int | None]
) -> Iterator[Geometry]:
    """As `geometries`, with the same number of zeros on either side of an axis.

    >>> [str(g) for g in explicit_geometries((3, 3), (56, 56), (28, 28))][:1]
    ['3x3 stride 2 padding 1']
    >>> [str(g) for g in explicit_geometries((1, 1), (70, 70), (36, 36))][:1]
    ['1x1 stride 2 padding 1']
    """
    per_axis = [
        _explicit_steps(size, output, k)
        for size, output, k in zip(sizes, outputs, kernel, strict=True)
    ]
    found = []
    for steps in product(*per_axis):
        odd, stride, padding = zip(*steps, strict=True)
        found.append(Geometry(kernel, stride, padding, max(odd)))
    yield from sorted(found, key=lambda g: (len(set(g.stride)), g.oddness, sum(g.stride)))


@lru_cache(maxsize=4096)  # the sizes of a network come again in many layers and guesses
def _explicit_steps(
    size: int | None, output: int | None, kernel: int
) -> tuple[tuple[int, int, int], ...]:
    """(oddness, stride, padding) that lead from a size to an output, the likeliest ones."""
    if size is None or output is None:
        return ((0, 1, kernel // 2),)
    steps = []
    for padding in range(max(kernel, 2)):
        for stride in range(1, MAX_STRIDE + 1):
            padded = size + 2 * padding - kernel
            if padded >= 0 and padded // stride + 1 == output:
                steps.append((_step_oddness(kernel, stride, padding), stride, padding))
    return tuple(sorted(steps)[:_MOST_STEPS])


def _step_oddness(kernel: int, stride: int, padding: int) -> int:
    usual_padding = padding in (0, (kernel - 1) // 2)
    usual_stride = stride <= 2 or (stride == kernel and padding == 0)
    large = kernel >= 7 and stride <= 4 and padding <= kernel // 2
    return (0 if usual_padding else 1 if large else 2) + (0 if usual_stride else 1 if large else 3)


def kernels(taps: int, axes: int) -> Iterator[tuple[int, ...]]:
    """Kernel sizes with so many taps, equal sides first, then the flattest.

    >>> list(kernels(9, 2))
    [(3, 3), (1, 9), (9, 1)]
    """
    found = sorted(_factorisations(taps, axes), key=lambda k: (len(set(k)), max(k) - min(k), k))
    yield from found


def _factorisations(taps: int, axes: int) -> Iterator[tuple[int, ...]]:
    if axes == 1:
        yield (taps,)
        return
    for first in range(1, taps + 1):
        if taps % first == 0:
            for rest in _factorisations(taps // first, axes - 1):
                yield (first, *rest)
