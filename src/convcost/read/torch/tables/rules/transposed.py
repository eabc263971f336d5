"""Rules for transposed convolutions."""

from __future__ import annotations

from functools import partial
from itertools import product
from math import prod
from typing import TYPE_CHECKING, NamedTuple

from convcost.errors import NetworkError
from convcost.network.network import Alternative
from convcost.ops.conv_transpose import ConvTranspose
from convcost.ops.window import AXES, Window
from convcost.read.keras.solve.agree import readings
from convcost.read.keras.solve.bounds import MOST_ALTERNATIVES
from convcost.read.keras.solve.geometry import kernels
from convcost.read.torch.tables.rules.windows import each, known_sizes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from convcost.network.op import Op
    from convcost.network.tensor import Tensor
    from convcost.read.torch.tables.site import Rule, TorchSite

_MAX_SIDE = 16
_MAX_STRIDE = 8
#: Kernel, stride and padding of transposed convolutions that people write, the likeliest first.
_COMMON = ((4, 2, 1), (2, 2, 0), (4, 1, 0), (3, 2, 1), (5, 2, 2), (8, 4, 2), (16, 8, 4), (7, 1, 0))


class _Way(NamedTuple):
    """How one axis grows: the least odd comes first."""

    oddness: int
    stride: int
    padding: int
    added: int


class _Fit(NamedTuple):
    """A transposed convolution that fits, how likely, from what, and its MACs per sample."""

    cost: float
    op: ConvTranspose
    text: str
    tensor: Tensor
    macs: int


def _transposed(rank: int, site: TorchSite) -> Op:
    if site.input is not None:
        found = _fits(rank, site, site.input)
    else:
        found = [fit for tensor in _solved_inputs(rank, site) for fit in _fits(rank, site, tensor)]
    if not found:
        where = "any likely input" if site.input is None else site.input
        raise NetworkError(f"{site.parameters:,} parameters and its shape fit no kernel on {where}")
    # a network that begins so is given a vector
    found.sort(key=lambda fit: (fit.cost, site.first and fit.tensor.size(AXES[rank][0]) != 1))
    best = found[0]
    site.cost = best.cost
    others = found[1:] if site.input is None else []
    if site.input is None:
        site.solved = best.tensor
    if others:
        alternatives = [
            Alternative(f"{fit.text}, on {fit.tensor}: {fit.macs:,} MACs per sample, not "
                        f"{best.macs:,}", fit.op, known_sizes(fit.tensor))
            for fit in others[:MOST_ALTERNATIVES]
        ]  # fmt: skip
        text = f"read as {best.text}, on {best.tensor}; {readings(len(others))} the numbers too"
        site.note("ambiguous", text, alternatives)
    else:
        site.note("inferred", best.text)
    return best.op


def _solved_inputs(rank: int, site: TorchSite) -> Iterator[Tensor]:
    """Inputs from which common transposed convolutions lead to the output."""
    axes, filters = AXES[rank], site.printed("channel")
    for side, stride, padding in _COMMON:
        sizes = {}
        for axis in axes:
            size, rest = divmod(site.printed(axis) - side + 2 * padding, stride)
            if rest == 0 and size >= 0:
                sizes[axis] = size + 1
        per_filter, rest = divmod(site.parameters, filters)
        channels, odd = divmod(per_filter, side**rank)
        if len(sizes) < rank or rest or odd > 1 or channels < 1:
            continue
        tensor = site.output.resized(channel=channels, **sizes)
        admits = site.model_input if site.first else None
        if admits is None or admits(channels * prod(sizes.values())):
            yield tensor


def _fits(rank: int, site: TorchSite, tensor: Tensor) -> list[_Fit]:
    """Every kernel that leads from a tensor to the output."""
    axes = AXES[rank]
    filters, channels = site.printed("channel"), tensor.size("channel")
    found = []
    for bias in (True, False):
        taps, rest = divmod(
            site.parameters - (filters if bias else 0), int(str(channels)) * filters
        )
        if rest or taps < 1:
            continue
        for kernel in kernels(taps, rank):
            if max(kernel) > _MAX_SIDE or each(site.row.kernel, rank) not in (None, kernel):
                continue
            ways = [
                min(_ways(int(str(tensor.size(axis))), site.printed(axis), k), default=None)
                for axis, k in zip(axes, kernel, strict=True)
            ]
            if None in ways:
                continue
            chosen = [way for way in ways if way is not None]
            sides = "x".join(map(str, kernel))
            text = (
                f"{sides} stride {chosen[0].stride} padding {chosen[0].padding}: "
                f"{site.parameters:,} = {filters}*{sides}*{channels}{f'+{filters}' * bias}"
            )
            windows = tuple(
                Window(axis, k, way.stride, 1, (way.padding, way.padding))
                for axis, k, way in zip(axes, kernel, chosen, strict=True)
            )
            op = ConvTranspose(
                filters=filters,
                windows=windows,
                output_padding=tuple(way.added for way in chosen),
                bias=bias,
            )
            cost = max(way.oddness for way in chosen) + 2 * (len(set(kernel)) > 1)
            positions = prod(int(str(tensor.size(axis))) for axis in axes)
            macs = positions * taps * int(str(channels)) * filters
            found.append(_Fit(cost, op, text, tensor, macs))
    return found


def _ways(size: int, output: int, kernel: int) -> Iterator[_Way]:
    """Strides and paddings: ``output = (size - 1)*stride - 2*padding + kernel + added``."""
    for stride, padding in product(range(1, _MAX_STRIDE + 1), range(kernel)):
        added = output - (size - 1) * stride + 2 * padding - kernel
        if 0 <= added < stride:
            usual = stride == 2 and padding == (kernel - 1) // 2
            exact = padding == 0 and added == 0
            yield _Way(0 if usual or exact else 1 + added, stride, padding, added)


RULES: Mapping[str, Rule] = {
    f"ConvTranspose{rank}d": partial(_transposed, rank) for rank in (1, 2, 3)
}
