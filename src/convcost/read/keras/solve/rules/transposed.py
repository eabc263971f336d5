"""Transposed and locally connected convolutions: kernel, stride, padding and bias."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Literal

from convcost.errors import NetworkError
from convcost.network.network import Alternative
from convcost.ops.conv_transpose import ConvTranspose, transposed_size
from convcost.ops.locally_connected import LocallyConnected
from convcost.ops.window import AXES, Window
from convcost.read.keras.solve.agree import agrees, readings
from convcost.read.keras.solve.bounds import MAX_SIDE, MAX_STRIDE, MAX_TAPS, MOST_ALTERNATIVES
from convcost.read.keras.solve.geometry import Geometry, geometries, kernels

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from convcost.network.op import Op
    from convcost.read.keras.solve.site import Rule, Site


def _transposed(rank: int) -> Rule:
    def rule(site: Site) -> Op:
        filters, channels = site.need("channel"), _channels(site)
        sizes = [site.given(axis) for axis in AXES[rank]]
        outputs = [site.printed(axis) for axis in AXES[rank]]
        found = [
            (geometry, bias)
            for bias, taps in _taps(site.parameters, filters, channels)
            for kernel in _kernels(taps, rank)
            for geometry in _transposed_geometries(kernel, sizes, outputs)
        ]

        def equation(geometry: Geometry, bias: bool) -> str:
            taps, one = "*".join(map(str, geometry.kernel)), "+1" if bias else ""
            text = f"{site.parameters:,} = {filters}*({taps}*{channels}{one})"
            return f"{geometry}, transposed: {text}"

        def op(geometry: Geometry, bias: bool) -> Op:
            windows = geometry.windows(AXES[rank])
            return ConvTranspose(
                filters=filters, windows=windows, bias=bias, activation=site.activation
            )

        return _chosen(site, found, op, equation)

    return rule


def _locally_connected(rank: int) -> Rule:
    def rule(site: Site) -> Op:
        filters, channels = site.need("channel"), _channels(site)
        outputs = [site.need(axis) for axis in AXES[rank]]
        sizes = [site.given(axis) for axis in AXES[rank]]
        found = [
            (geometry, bias)
            for bias, taps in _taps(site.parameters, filters * prod(outputs), channels)
            for kernel in _kernels(taps, rank)
            for geometry in geometries(kernel, sizes, outputs)
        ]

        def equation(geometry: Geometry, bias: bool) -> str:
            positions, one = "*".join(map(str, outputs)), "+1" if bias else ""
            taps = "*".join(map(str, geometry.kernel))
            text = f"{site.parameters:,} = {positions}*{filters}*({taps}*{channels}{one})"
            return f"{geometry}, one per position: {text}"

        def op(geometry: Geometry, bias: bool) -> Op:
            windows = geometry.windows(AXES[rank])
            return LocallyConnected(
                filters=filters, windows=windows, bias=bias, activation=site.activation
            )

        return _chosen(site, found, op, equation)

    return rule


def _channels(site: Site) -> int:
    channels = site.given("channel")
    if channels is None:
        raise NetworkError("the layer before it is not in the text")
    return channels


def _taps(parameters: int, columns: int, channels: int) -> Iterator[tuple[bool, int]]:
    """Kernel taps that give the parameters, with a bias per column and without."""
    per_column, rest = divmod(parameters, columns)
    for bias in (True, False):
        taps, left = divmod(per_column - bias, channels)
        if not rest and not left and 1 <= taps <= MAX_TAPS:
            yield bias, taps


def _kernels(taps: int, rank: int) -> Iterator[tuple[int, ...]]:
    return (kernel for kernel in kernels(taps, rank) if max(kernel) <= MAX_SIDE)


def _transposed_geometries(
    kernel: tuple[int, ...], sizes: Sequence[int | None], outputs: Sequence[int | None]
) -> Iterator[Geometry]:
    """Ways to move a kernel that enlarge the sizes as printed, ``same`` before ``valid``."""
    paddings: tuple[Literal["same", "valid"], ...] = ("same", "valid")
    for padding in paddings:
        strides = [
            _stride(size, output, k, padding)
            for size, output, k in zip(sizes, outputs, kernel, strict=True)
        ]
        if None not in strides:
            yield Geometry(kernel, tuple(s or 1 for s in strides), padding)


def _stride(
    size: int | None, output: int | None, kernel: int, padding: Literal["same", "valid"]
) -> int | None:
    if size is None or output is None:
        return 1
    for stride in range(1, MAX_STRIDE + 1):
        if transposed_size(Window("", kernel, stride, 1, padding), size) == output:
            return stride
    return None


def _chosen(
    site: Site,
    found: Sequence[tuple[Geometry, bool]],
    op: Callable[[Geometry, bool], Op],
    equation: Callable[[Geometry, bool], str],
) -> Op:
    """The first reading with equal sides, by code where there is some; others are stated."""
    if not found:
        raise NetworkError(
            f"{site.parameters:,} parameters fit no kernel that leads from its input to its output"
        )
    agreeing = [pair for pair in found if agrees(site, pair[0], "kernel_size", bias=pair[1])]
    if not agreeing:
        site.note("contradiction", "the code says another kernel or stride; the table is kept")
    best, *others = sorted(agreeing or found, key=lambda pair: len(set(pair[0].kernel)))
    text = f"kernel {equation(*best)}"
    if others:
        text = f"read as {equation(*best)}; {readings(len(others))} the numbers too"
    alternatives = [
        Alternative(f"{equation(*each)}, {_change(each[0], best[0])}", op(*each))
        for each in others[:MOST_ALTERNATIVES]
    ]
    site.note("inferred", text, alternatives)
    return op(*best)


def _change(other: Geometry, best: Geometry) -> str:
    """What another kernel changes: every tap is a MAC."""
    taps, more = prod(best.kernel), prod(other.kernel) - prod(best.kernel)
    return f"{100 * more / taps:+.1f} % MACs" if more else "same MACs"


RULES: Mapping[str, Rule] = {
    **{f"Conv{rank}DTranspose": _transposed(rank) for rank in (1, 2, 3)},
    **{f"LocallyConnected{rank}D": _locally_connected(rank) for rank in (1, 2)},
}
