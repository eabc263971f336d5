"""Recurrent layers, whose steps wait for each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.explain.explanation import Finding
from convcost.network.dims import number
from convcost.ops.recurrent import Recurrent
from convcost.units import format_count, format_names, format_percent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcost.explain.evidence import Case
    from convcost.network.network import Layer

#: They do at least this share of the MACs.
_LEAST_MACS = 0.2


def of_case(case: Case) -> Iterator[Finding]:
    """One finding about all of them."""
    layers = [layer for layer in case.network.layers if isinstance(layer.op, Recurrent)]
    names = tuple(layer.name for layer in layers)
    if layers and case.layer_macs(names) >= _LEAST_MACS * case.macs:
        yield _finding(case, layers, names)


def _finding(case: Case, layers: list[Layer], names: tuple[str, ...]) -> Finding:
    steps = sum(_steps(case, layer) for layer in layers)
    macs = case.layer_macs(names)
    each = macs / max(1, steps)
    return Finding(
        network=case.index,
        layers=names,
        text=(
            f"{format_names(names)} of {case.name} go "
            f"through {steps:,} steps, one after the other, of {format_count(each, 'MAC')} each "
            f"({format_percent(macs / max(1, case.macs))} of the MACs): a step waits for the one "
            "before it, so that many cores, or a GPU, find little to do at once. The predicted "
            "time takes each layer as one kernel and is too short"
        ),
        numbers={"steps": steps, "macs": macs, "macs_per_step": each},
        advice="a larger batch makes each step's product larger; on a GPU cuDNN's fused layer "
        "(in Keras without recurrent_dropout); convolutions over time have no such chain",
        seconds=sum(case.predicted[name].seconds for name in names),
    )


def _steps(case: Case, layer: Layer) -> int:
    """Of all stacked cells."""
    op = layer.op
    assert isinstance(op, Recurrent)  # noqa: S101 - for types
    length = number(case.network.tensor(layer.inputs[0]).size(op.time), "steps")
    return length * len(op.cells)
