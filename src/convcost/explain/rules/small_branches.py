"""Branches that are joined again, each too small to be worth its start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.explain.explanation import Finding
from convcost.ops.merge import Concatenate
from convcost.units import format_percent, format_seconds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcost.explain.evidence import Case

#: Below this share of the time the rule is silent.
_LEAST_SHARE = 0.2


def of_case(case: Case) -> Iterator[Finding]:
    """One finding where there are concatenations."""
    joins = sum(isinstance(layer.op, Concatenate) for layer in case.network.layers)
    small = [time for time in case.prediction.kernels if time.bound == "launch"]
    seconds = sum(time.seconds for time in small)
    share = seconds / case.seconds
    if not joins or share < _LEAST_SHARE:
        return
    layers = tuple(dict.fromkeys(time.kernel.layers[0] for time in small))
    number = len(case.prediction.kernels)
    yield Finding(
        network=case.index,
        layers=layers,
        text=(
            f"{len(small)} of the {number} kernels of {case.name} take longer to start than to "
            f"run, {format_percent(share)} of its time ({format_seconds(seconds)}): its {joins} "
            "concatenations join branches that were computed one after the other"
        ),
        numbers={
            "kernels": number, "small_kernels": len(small), "joins": joins, "share": share,
            "seconds": seconds,
        },
        advice="fewer, wider branches: convolutions of 1x1 that read the same tensor can be one; a "
        "larger batch gives each more to do",
        seconds=seconds,
        timed=layers,
    )  # fmt: skip
