"""Biases and activations that a runtime executes as passes of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.explain.explanation import Finding
from convcost.explain.rules.memory_bound_elementwise import LEAST_SHARE, listed, traffic
from convcost.units import format_bytes, format_percent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcost.explain.evidence import Case, Evidence

RULE = "unfused-epilogues"


def find(evidence: Evidence) -> Iterator[Finding]:
    """One finding per network."""
    for case in evidence.cases:
        yield from _of_case(case)


def _of_case(case: Case) -> Iterator[Finding]:
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
    if seconds < LEAST_SHARE * case.seconds:
        return
    numbers = traffic(passes) | {
        "passes": len(passes),
        "seconds": seconds,
        "share": seconds / case.seconds,
    }
    moved = format_bytes(numbers["read_bytes"] + numbers["write_bytes"])
    layers = tuple(dict.fromkeys(time.kernel.layers[0] for time in passes))
    yield Finding(
        rule=RULE,
        network=case.index,
        layers=layers,
        text=(
            f"biases and activations ({listed([time.kernel.name for time in passes])}) take "
            f"{format_percent(numbers['share'])} of the time of {case.name}: "
            f"{case.prediction.runtime.title} executes each as a pass of its own, {moved} moved"
        ),
        numbers=numbers,
        advice="a runtime that fuses them into the convolution's write saves these passes",
        seconds=seconds,
        timed=layers,
    )
