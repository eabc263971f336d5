"""Large kernels: what smaller ones after each other would do, and what padding does."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from convcost.explain.explanation import Finding
from convcost.network.dims import number
from convcost.ops.conv import Conv
from convcost.units import format_percent, format_ratio

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcost.explain.evidence import Case, Evidence
    from convcost.network.network import Layer

RULE = "large-kernels"

#: The side from which on a kernel counts as large.
_LARGE = 5
#: Below this share of the time the rule is silent.
_LEAST_SHARE = 0.2


def find(evidence: Evidence) -> Iterator[Finding]:
    """One finding per network, about its most expensive large kernel that has a replacement."""
    for case in evidence.cases:
        large = [layer for layer in case.network.layers if _side(layer) >= _LARGE]
        share = sum(case.predicted[layer.name].share for layer in large)
        if share >= _LEAST_SHARE:
            yield _finding(case, large, share)


def _side(layer: Layer) -> int:
    """Of a square kernel that moves in steps of one and is not dilated; 0 of anything else."""
    op = layer.op
    if not isinstance(op, Conv) or op.groups != 1 or len(op.windows) != 2:
        return 0
    first, second = op.windows
    plain = all((w.stride, w.dilation) == (1, 1) for w in op.windows)
    square = first.kernel == second.kernel and first.padding == second.padding
    return first.kernel if plain and square and isinstance(first.kernel, int) else 0


def _finding(case: Case, large: list[Layer], share: float) -> Finding:
    worst = max(large, key=lambda layer: case.predicted[layer.name].seconds)
    side = _side(worst)
    op, tensor = worst.op, case.network.tensor(worst.inputs[0])
    assert isinstance(op, Conv)  # noqa: S101 - for types
    channels, filters = number(tensor.size("channel"), "channels"), number(op.filters, "filters")
    times = (side - 1) // 2
    # k x k from C to F channels against (k - 1) / 2 of 3 x 3, the first from C, the others from F
    stack = 9 * filters * (channels + (times - 1) * filters)
    ratio = side**2 * channels * filters / stack
    names = tuple(layer.name for layer in large)
    text = (
        f"kernels of {_LARGE}x{_LARGE} and more take {format_percent(share)} of the time of "
        f"{case.name}; {worst.name} multiplies {side}x{side} = {side * side} values per channel "
        "and position"
    )
    advice = ""
    if side % 2 and ratio > 1:
        stacked = f"{times} of 3x3 after each other see the same {side}x{side} positions"
        advice = (
            f"{stacked} with {format_ratio(1 / ratio)} the MACs (and {times - 1} activations "
            f"more); {side}x1 and 1x{side} with about {format_ratio(2 / side)}. Both have to be "
            "trained anew"
        )
    return Finding(
        rule=RULE,
        network=case.index,
        layers=names,
        text=f"{text}{_padding(worst, side)}",
        numbers={
            "share": share, "kernel": side, "macs_ratio_of_3x3": 1 / ratio,
            "seconds": sum(case.predicted[name].seconds for name in names),
        },
        advice=advice,
        seconds=sum(case.predicted[name].seconds for name in names),
        timed=(worst.name,),
    )  # fmt: skip


def _padding(layer: Layer, side: int) -> str:
    """What the kernel leaves of the image."""
    op, result = layer.op, layer.outputs[0]
    assert isinstance(op, Conv)  # noqa: S101 - for types
    if op.windows[0].padding != "valid":
        return "; with `same` padding at every position of the image"
    sizes = [number(result.size(window.axis), "positions") for window in op.windows]
    whole = math.prod(size + side - 1 for size in sizes)
    left = math.prod(sizes) / whole
    return (
        f"; `valid` padding leaves {format_percent(left)} of the image's positions, so that a "
        "still larger kernel may cost less"
    )
