"""Transposed and locally connected convolutions: kernel, stride, padding and bias."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Literal

from convcost.errors import NetworkError
from convcost.ops.conv_transpose import ConvTranspose, transposed_size
from convcost.ops.locally_connected import LocallyConnected
from convcost.ops.window import AXES, Window
from convcost.read.solve.agree import agrees, readings
from convcost.read.solve.geometry import Geometry, geometries, kernels

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from convcost.network.op import Op
    from convcost.read.solve.site import Rule, Site

_MAX_TAPS = 1024
_MAX_SIDE = 31
_MAX_STRIDE = 16
_MOST_ALTERNATIVES = 4


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
        geometry, bias = _chosen(site, found)
        kernel = "*".join(map(str, geometry.kernel))
        one = "+1" if bias else ""
        text = f"{site.parameters:,} = {filters}*({kernel}*{channels}{one})"
        site.note("inferred", f"kernel {geometry}, transposed: {text}")
        return ConvTranspose(
            filters=filters,
            windows=geometry.windows(AXES[rank]),
            bias=bias,
            activation=site.activation,
        )

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
        geometry, bias = _chosen(site, found)
        positions, kernel = "*".join(map(str, outputs)), "*".join(map(str, geometry.kernel))
        one = "+1" if bias else ""
        text = f"{site.parameters:,} = {positions}*{filters}*({kernel}*{channels}{one})"
        site.note("inferred", f"kernel {geometry}, one per position: {text}")
        return LocallyConnected(
            filters=filters,
            windows=geometry.windows(AXES[rank]),
            bias=bias,
            activation=site.activation,
        )

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
        if not rest and not left and 1 <= taps <= _MAX_TAPS:
            yield bias, taps


def _kernels(taps: int, rank: int) -> Iterator[tuple[int, ...]]:
    return (kernel for kernel in kernels(taps, rank) if max(kernel) <= _MAX_SIDE)


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
    for stride in range(1, _MAX_STRIDE + 1):
        if transposed_size(Window("", kernel, stride, 1, padding), size) == output:
            return stride
    return None


def _chosen(site: Site, found: Sequence[tuple[Geometry, bool]]) -> tuple[Geometry, bool]:
    """The first reading with equal sides, by code where there is some; others are stated."""
    if not found:
        raise NetworkError(
            f"{site.parameters:,} parameters fit no kernel that leads from its input to its output"
        )
    agreeing = [pair for pair in found if agrees(site, pair[0], "kernel_size", bias=pair[1])]
    if not agreeing:
        site.note("contradiction", "the code says another kernel or stride; the table is kept")
    best, *others = sorted(agreeing or found, key=lambda pair: len(set(pair[0].kernel)))
    if others:
        site.note(
            "inferred",
            f"read as {best[0]}; {readings(len(others))} the numbers too",
            [f"{geometry}: same MACs" for geometry, _ in others[:_MOST_ALTERNATIVES]],
        )
    return best


RULES: Mapping[str, Rule] = {
    **{f"Conv{rank}DTranspose": _transposed(rank) for rank in (1, 2, 3)},
    **{f"LocallyConnected{rank}D": _locally_connected(rank) for rank in (1, 2)},
}
