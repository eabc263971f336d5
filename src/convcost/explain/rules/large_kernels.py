"""Large kernels: what smaller ones after each other would do, and what padding does."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from convcost.explain.explanation import Finding
from convcost.explain.remedies import command, macs_ratio, place
from convcost.network.dims import number
from convcost.ops.conv import Conv
from convcost.units import format_percent, format_ratio

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcost.explain.evidence import Case
    from convcost.network.network import Layer

#: The side from which on a kernel counts as large.
_LARGE = 5
#: Below this share of the time the rule is silent.
_LEAST_SHARE = 0.2
#: Rewrites to smaller kernels, and what their share of the MACs is called.
_SMALLER = {"two-3x3": "macs_ratio_of_3x3", "asymmetric": "macs_ratio_of_asymmetric"}


def of_case(case: Case) -> Iterator[Finding]:
    """One finding about the most expensive large kernel."""
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
    side, names = _side(worst), tuple(layer.name for layer in large)
    seconds = sum(case.predicted[name].seconds for name in names)
    ratios, advice = _smaller(case, worst.name)
    text = (
        f"kernels of {_LARGE}x{_LARGE} and more take {format_percent(share)} of the time of "
        f"{case.name}; {worst.name} multiplies {side}x{side} = {side * side} values per channel "
        "and position"
    )
    return Finding(
        network=case.index,
        layers=names,
        text=f"{text}{_padding(worst, side)}",
        numbers={"share": share, "kernel": side, **ratios, "seconds": seconds},
        advice=advice,
        seconds=seconds,
        timed=(worst.name,),
    )


def _smaller(case: Case, layer: str) -> tuple[dict[str, float | None], str]:
    """The share of the MACs that smaller kernels need, None where they save none; and advice."""
    ratios: dict[str, float | None] = {}
    told = []
    for name, figure in _SMALLER.items():
        site = place(case.network, name, layer)
        ratio = None if site is None else macs_ratio(case.network, name, site)
        ratios[figure] = ratio
        if site is not None and ratio is not None:
            told.append(f"{site.text} with {format_ratio(ratio)} the MACs ({command(name, layer)})")
    trained = "; what is put there has to be trained" if told else ""
    return ratios, "; ".join(told) + trained


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
