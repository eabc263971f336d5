"""Kernel, stride, padding, bias and groups of a convolution, from shapes and parameters.

A convolution has ``filters * (taps * channels_in / groups + bias)`` parameters; the MACs are the
parameters without the biases times the output positions, whatever the kernel.
"""

from __future__ import annotations

from functools import lru_cache
from math import prod
from typing import TYPE_CHECKING, Literal, TypeAlias

from convcost.network.dataclass import dataclass
from convcost.read.keras.solve.bounds import MAX_SIDE, MAX_TAPS
from convcost.read.keras.solve.geometry import (
    Geometry,
    dilated_geometries,
    explicit_geometries,
    geometries,
    kernels,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

Family = Literal["conv", "depthwise", "separable"]
#: Kernel, input and output sizes -> the ways to move the kernel.
Ways: TypeAlias = "Callable[..., Iterator[Geometry]]"

_COMMON_CHANNELS = (3, 1, 4, 2)
#: Input sizes that people use; other sizes are judged by `_oddness`.
_COMMON_SIZES = frozenset(
    (28, 32, 48, 56, 64, 96, 100, 112, 128, 150, 160, 180, 192, 200, 224, 227, 256, 299, 300)
) | {320, 331, 384, 400, 416, 448, 480, 512, 600, 608, 640, 720, 768, 800, 1024, 1080, 1280, 1920}


@dataclass(frozen=True, slots=True)
class Task:
    """What is known of a convolution; sizes that the text does not give are None.

    Attributes:
        family: ordinary, depthwise or separable.
        parameters: as printed.
        channels: input channels.
        filters: output channels.
        sizes: input sizes along the spatial axes.
        outputs: output sizes along the spatial axes.
        kernel: as printed; None where it is to be solved.
        groups: as printed; None where they are to be solved.
        explicit: padding is a number of zeros on either side, as in PyTorch, not Keras's word.
    """

    family: Family
    parameters: int
    channels: int | None
    filters: int
    sizes: tuple[int | None, ...]
    outputs: tuple[int | None, ...]
    kernel: tuple[int, ...] | None = None
    groups: int | None = None
    explicit: bool = False


@dataclass(frozen=True, slots=True)
class Solution:
    """One convolution that fits.

    Attributes:
        geometry: kernel, stride and padding.
        bias: whether there is one.
        groups: of channels.
        channels: input channels.
        multiplier: of a depthwise part.
        sizes: input sizes along the spatial axes.
    """

    geometry: Geometry
    bias: bool
    groups: int
    channels: int
    multiplier: int
    sizes: tuple[int | None, ...]

    @property
    def kernel_text(self) -> str:
        """``3x3``."""
        return "x".join(map(str, self.geometry.kernel))

    def equation(self, task: Task) -> str:
        """How the parameters come about: ``896 = 32*(3*3*3+1)``."""
        taps = "*".join(map(str, self.geometry.kernel))
        one = "+1" if self.bias else ""
        if task.family == "depthwise":
            return f"{task.parameters:,} = {task.filters}*({taps}{one})"
        if task.family == "separable":
            inner = f"{taps}*{self.channels} + {self.channels}*{task.filters}"
            return f"{task.parameters:,} = {inner}{f' + {task.filters}' if self.bias else ''}"
        return f"{task.parameters:,} = {task.filters}*({taps}*{self.channels // self.groups}{one})"

    def macs(self, task: Task) -> int:
        """Multiply-accumulates per sample: every weight works at every output position.

        Output sizes that are not printed count once: solutions can still be compared.
        """
        biases = task.filters if self.bias else 0
        return (task.parameters - biases) * prod(size or 1 for size in task.outputs)

    def describe(self) -> str:
        """``3x3 stride 1 valid, on 28x28x1``."""
        on = "x".join("?" if size is None else str(size) for size in (*self.sizes, self.channels))
        bias = "" if self.bias else ", no bias"
        groups = f", {self.groups} groups" if self.groups > 1 else ""
        return f"{self.geometry}{groups}{bias}, on {on}"


@lru_cache(maxsize=4096)
def solve(task: Task) -> tuple[Solution, ...]:
    """Every convolution that fits, the likeliest first; none where nothing fits.

    >>> [s.describe() for s in solve(Task("conv", 18496, 32, 64, (26, 26), (24, 24)))]
    ['3x3 stride 1 valid, on 26x26x32']
    >>> [s.describe() for s in solve(Task("conv", 36928, 64, 64, (5, 5), (3, 3)))][:2]
    ['3x3 stride 1 valid, on 5x5x64', '3x3 stride 2 same, on 5x5x64']
    """
    found = _with_groups(task, (task.groups or 1,))
    if not found and task.groups is None and task.family == "conv" and task.channels is not None:
        found = _with_groups(task, tuple(_divisors(task.channels, task.filters)))
    return tuple(sorted(found, key=_likelihood))


def _with_groups(task: Task, groups: Sequence[int]) -> list[Solution]:
    """Solutions with some numbers of groups; dilated ones only where no other fits."""
    usual = explicit_geometries if task.explicit else geometries
    for ways in (usual,) if task.explicit else (usual, dilated_geometries):
        found = [
            solution
            for number in groups
            for bias in (True, False)
            for solution in _with_bias(task, ways, bias=bias, groups=number)
        ]
        if found:
            return found
    return []


def _with_bias(task: Task, ways: Ways, *, bias: bool, groups: int) -> Iterator[Solution]:
    weights = task.parameters - (task.filters if bias else 0)
    for channels, multiplier, taps in _taps(task, weights, groups):
        if not 1 <= taps <= MAX_TAPS:
            continue
        for kernel in kernels(taps, len(task.outputs)):
            if max(kernel) > MAX_SIDE or task.kernel not in (None, kernel):
                continue
            for sizes in _input_sizes(task, kernel):
                for geometry in ways(kernel, sizes, task.outputs):
                    yield Solution(geometry, bias, groups, channels, multiplier, sizes)


def _taps(task: Task, weights: int, groups: int) -> Iterator[tuple[int, int, int]]:
    """(channels in, multiplier, taps) that give so many weights."""
    if weights <= 0 or task.filters < 1 or (task.channels is not None and task.channels < groups):
        return
    if task.family == "depthwise":
        if weights % task.filters == 0:
            channels = task.channels or task.filters
            if task.filters % channels == 0:
                yield channels, task.filters // channels, weights // task.filters
        return
    if task.family == "separable":
        channels = task.channels or 0
        depthwise = weights - channels * task.filters
        if channels and depthwise > 0 and depthwise % channels == 0:
            yield channels, 1, depthwise // channels
        return
    if weights % task.filters:
        return
    per_filter = weights // task.filters
    if task.channels is not None:
        inner = task.channels // groups
        if per_filter % inner == 0:
            yield task.channels, 1, per_filter // inner
        return
    if task.kernel is not None:
        taps = prod(task.kernel)
        if per_filter % taps == 0:
            yield per_filter // taps * groups, 1, taps
        return
    axes = len(task.outputs)
    for side in range(1, 12):
        if per_filter % side**axes == 0:
            yield per_filter // side**axes, 1, side**axes


def _input_sizes(task: Task, kernel: tuple[int, ...]) -> Iterator[tuple[int | None, ...]]:
    """The known input sizes; for an unknown input those of stride 1, valid and same."""
    if any(size is not None for size in task.sizes) or None in task.outputs:
        yield task.sizes
        return
    outputs = [output or 0 for output in task.outputs]
    valid = tuple(output + k - 1 for output, k in zip(outputs, kernel, strict=True))
    found = [valid, tuple(outputs)]
    if task.explicit:
        found += _strided_sizes(outputs, kernel)
    yield from dict.fromkeys(found)


def _strided_sizes(outputs: list[int], kernel: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """Input sizes that people use from which a first convolution with a stride may come."""
    side = max(kernel)
    for stride, padding in ((2, side // 2), (4, 2), (side, 0)):
        least = [(output - 1) * stride + side - 2 * padding for output in outputs]
        if stride > 1 and len(set(least)) == 1:
            usual = (size for size in range(least[0], least[0] + stride) if size in _COMMON_SIZES)
            yield from ((size,) * len(outputs) for size in usual)


def _likelihood(solution: Solution) -> tuple[object, ...]:
    """A sort key: what people write most often comes first."""
    kernel = solution.geometry.kernel
    known = [size for size in solution.sizes if size is not None]
    return (
        solution.channels not in _COMMON_CHANNELS and prod(kernel) == 1 and solution.channels > 4,
        not solution.bias and solution.groups > 1,
        len(set(kernel)) > 1,
        max(kernel) % 2 == 0,
        not solution.bias,
        max((_oddness(size) for size in known), default=0),
        solution.geometry.oddness,
        solution.groups,
        len(set(solution.geometry.stride)),
        sum(solution.geometry.stride),
        (solution.geometry.padding == "same") == bool(known),
        max(kernel),
    )


def _oddness(size: int) -> int:
    """0 for sizes that people use as input, up to 3 for others."""
    if size in _COMMON_SIZES:
        return 0
    return 1 if size % 8 == 0 else 2 if size % 10 == 0 else 3


def _divisors(*numbers: int) -> Iterator[int]:
    """Common divisors above 1, up to the smallest number."""
    for divisor in range(2, min(numbers) + 1):
        if all(number % divisor == 0 for number in numbers):
            yield divisor
