"""Convolutional LSTM: kernel, stride, padding and bias."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.errors import NetworkError
from convcost.ops.conv_lstm import ConvLSTM
from convcost.ops.window import AXES
from convcost.read.axis_names import axis_names
from convcost.read.keras.solve.agree import agrees
from convcost.read.keras.solve.bounds import MAX_SIDE, MAX_TAPS
from convcost.read.keras.solve.geometry import Geometry, geometries, kernels

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from convcost.network.op import Op
    from convcost.read.keras.solve.site import Rule, Site
    from convcost.read.keras.summary.table import Dimension


def _conv_lstm(rank: int) -> Rule:
    axes = ("width",) if rank == 1 else AXES[rank]

    def rule(site: Site) -> Op:
        spatial = ("channel", *axes) if site.channels_first else (*axes, "channel")
        if not site.inputs or len(site.inputs[0].axes) != rank + 3:
            raise NetworkError("the layer before it, with its steps, is not in the text")
        sequences = site.item.rank == rank + 3
        given = dict(zip(("time", *spatial), site.inputs[0].shape[1:], strict=True))
        printed = dict(zip(spatial, site.item.shape[1 + sequences :], strict=False))
        filters, channels = printed.get("channel"), given["channel"]
        if not isinstance(filters, int) or not isinstance(channels, int):
            raise NetworkError("its number of filters is not printed")
        sizes = [size if isinstance(size := given[axis], int) else None for axis in axes]
        outputs = [_number(printed.get(axis)) for axis in axes]
        found = _readings(site.parameters, filters, channels, sizes, outputs)
        agreeing = [pair for pair in found if agrees(site, pair[0], "kernel_size", bias=pair[1])]
        if not found:
            raise NetworkError(
                f"{site.parameters:,} parameters fit no kernel that leads from its input to its "
                "output"
            )
        geometry, bias = (agreeing or found)[0]
        kernel = "*".join(map(str, geometry.kernel))
        one = "+1" if bias else ""
        text = f"{site.parameters:,} = 4*{filters}*({kernel}*({channels}+{filters}){one})"
        site.note("inferred", f"kernel {geometry}: {text}")
        return ConvLSTM(
            filters=filters,
            windows=geometry.windows(axes),
            bias=bias,
            return_sequences=sequences,
            return_state=len(site.item.row.shapes) > 1,
            names=("batch", "time", *spatial),
            state_names=axis_names(rank + 2, channels_first=site.channels_first),
        )

    return rule


def _readings(
    parameters: int,
    filters: int,
    channels: int,
    sizes: Sequence[int | None],
    outputs: Sequence[int | None],
) -> list[tuple[Geometry, bool]]:
    """Kernels, strides and biases that fit, equal sides first."""
    return [
        (geometry, bias)
        for bias, taps in _taps(parameters, filters, channels)
        for kernel in kernels(taps, len(outputs))
        if max(kernel) <= MAX_SIDE
        for geometry in geometries(kernel, sizes, outputs)
    ]


def _taps(parameters: int, filters: int, channels: int) -> Iterator[tuple[bool, int]]:
    per_column, rest = divmod(parameters, 4 * filters)
    for bias in (True, False):
        taps, left = divmod(per_column - bias, channels + filters)
        if not rest and not left and 1 <= taps <= MAX_TAPS:
            yield bias, taps


def _number(size: Dimension | None) -> int | None:
    return size if isinstance(size, int) else None


RULES: Mapping[str, Rule] = {f"ConvLSTM{rank}D": _conv_lstm(rank) for rank in (1, 2, 3)}
