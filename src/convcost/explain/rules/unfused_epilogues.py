"""Biases and activations that a runtime executes as passes of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.explain.explanation import Finding
from convcost.explain.figures import traffic
from convcost.units import format_bytes, format_names, format_percent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcost.explain.evidence import Case

#: Below this share of the time the rule is silent.
_LEAST_SHARE = 0.05


def of_case(case: Case) -> Iterator[Finding]:
    """One finding about all of them."""
    passes = [
        time
        for layer in case.prediction.layers
        if layer.op != "batch_norm"
        for time in layer.forward_kernels
        if time.kernel.kind == "stream"
        and time.kernel.name != layer.name
        and time.bound == "memory"
    ]
    seconds = sum(time.seconds for time in passes)
    if seconds < _LEAST_SHARE * case.seconds:
        return
    moved, share = traffic(passes), seconds / case.seconds
    layers = tuple(dict.fromkeys(time.kernel.layers[0] for time in passes))
    yield Finding(
        network=case.index,
        layers=layers,
        text=(
            f"biases and activations ({format_names([time.kernel.name for time in passes])}) take "
            f"{format_percent(share)} of the time of {case.name}: "
            f"{case.prediction.runtime.title} executes each as a pass of its own, "
            f"{format_bytes(sum(moved.values()))} moved"
        ),
        numbers={**moved, "passes": len(passes), "seconds": seconds, "share": share},
        advice="a runtime that fuses them into the convolution's write saves these passes",
        seconds=seconds,
        timed=layers,
    )
