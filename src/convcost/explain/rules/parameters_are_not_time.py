"""Networks, and layers, whose parameters say something else than their time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.explain.explanation import Finding
from convcost.explain.figures import misleads
from convcost.units import format_count, format_percent, format_ratio

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcost.explain.evidence import Case, Evidence, Pair

#: A layer with at least this share of the parameters ...
_MOST_PARAMETERS = 0.5
#: ... and at most this share of the time misleads.
_LITTLE_TIME = 0.25


def find(evidence: Evidence) -> Iterator[Finding]:
    """One finding per misleading pair; for a single network, per misleading layer."""
    for pair in evidence.pairs:
        if misleads(pair.parameters, pair.seconds):
            yield _of_pair(pair)
    if len(evidence.cases) == 1 and evidence.cases[0].prediction.complete:
        yield from _of_layers(evidence.cases[0])


def _of_pair(pair: Pair) -> Finding:
    text = (
        f"{pair.a.name} has {format_ratio(pair.parameters)} the parameters of {pair.b.name} "
        f"({pair.a.parameters:,} against {pair.b.parameters:,}), "
        f"{format_ratio(pair.macs)} the MACs, and takes {format_ratio(pair.seconds)} the time: "
        "a convolution uses each of its weights at every position of its output, a dense layer "
        "uses each once per sample"
    )
    return Finding(
        network=pair.a.index,
        layers=(),
        text=text,
        numbers={
            "parameters_ratio": pair.parameters,
            "macs_ratio": pair.macs,
            "time_ratio": pair.seconds,
            "parameters": pair.a.parameters,
            "parameters_of_first": pair.b.parameters,
            "macs": pair.a.macs,
            "macs_of_first": pair.b.macs,
        },
        advice="compare MACs and bytes, or predicted time, not parameters",
        seconds=abs(pair.a.seconds - pair.b.seconds),
    )


def _of_layers(case: Case) -> Iterator[Finding]:
    for layer in case.prediction.layers:
        own = case.layer_parameters(layer.name)
        share = own / max(1, case.parameters)
        if share < _MOST_PARAMETERS or layer.share > _LITTLE_TIME:
            continue
        slowest = max(case.prediction.layers, key=lambda other: other.share)
        text = (
            f"{layer.name} holds {format_percent(share)} of the parameters "
            f"({format_count(own)}) and {format_percent(layer.share)} of the time; "
            f"{slowest.name}, with {format_count(case.layer_parameters(slowest.name))}, takes "
            f"{format_percent(slowest.share)}"
        )
        yield Finding(
            network=case.index,
            layers=(layer.name, slowest.name),
            text=text,
            numbers={
                "parameters": own,
                "parameters_share": share,
                "time_share": layer.share,
                "slowest_parameters": case.layer_parameters(slowest.name),
                "slowest_time_share": slowest.share,
            },
            advice=f"to save time look at {slowest.name}; to save memory, at {layer.name}",
            seconds=slowest.seconds,
            timed=(layer.name, slowest.name),
        )
