"""Strides, padding and kernel sizes that lead from one size to another."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Literal

from convcost.ops.window import Window

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_MAX_STRIDE = 16


@dataclass(frozen=True, slots=True)
class Geometry:
    """How a window of known size moves over every axis: one stride per axis, one padding."""

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    padding: Literal["valid", "same"]

    def windows(self, axes: Sequence[str]) -> tuple[Window, ...]:
        """The windows over named axes."""
        parts = zip(axes, self.kernel, self.stride, strict=True)
        return tuple(Window(axis, k, s, 1, self.padding) for axis, k, s in parts)

    def __str__(self) -> str:
        stride = "x".join(map(str, dict.fromkeys(self.stride)))
        return f"{'x'.join(map(str, self.kernel))} stride {stride} {self.padding}"


def strides(
    size: int | None, output: int | None, kernel: int, padding: Literal["valid", "same"]
) -> Iterator[int]:
    """Strides that lead from a size to an output; 1 where either is not known."""
    if size is None or output is None:
        yield 1
        return
    for stride in range(1, _MAX_STRIDE + 1):
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
            tuple(strides(size, output, k, padding))[:2]
            for size, output, k in zip(sizes, outputs, kernel, strict=True)
        ]
        for stride in product(*per_axis):
            if padding == "same" and all(k == 1 for k in kernel) and found:
                continue  # a 1x1 window meets no padding: the same as valid
            found.append(Geometry(kernel, stride, padding))
    yield from sorted(found, key=lambda g: (len(set(g.stride)), sum(g.stride)))


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
