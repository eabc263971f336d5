"""Convolutions whose channels do not fill the vector units."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.explain.explanation import Finding
from convcost.explain.figures import fill_of, misleads, narrow
from convcost.network.dims import number
from convcost.predict.kernel import parts_of
from convcost.units import format_names, format_percent, format_ratio

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcost.explain.evidence import Case, Evidence, Pair
    from convcost.predict import LayerPrediction

#: Below this share of the time the rule is silent.
_LEAST_SHARE = 0.05


def find(evidence: Evidence) -> Iterator[Finding]:
    """One finding per network with narrow layers that matter."""
    for case in evidence.cases:
        pair = next((pair for pair in evidence.pairs if pair.a.index == case.index), None)
        slower = pair is not None and pair.seconds > pair.macs and misleads(pair.macs, pair.seconds)
        found = [layer for layer in narrow(case) if slower or layer.bound == "compute"]
        if sum(layer.share for layer in found) >= _LEAST_SHARE:
            yield _finding(case, found, pair if slower else None)


def _finding(case: Case, narrow: list[LayerPrediction], pair: Pair | None) -> Finding:
    worst = min(narrow, key=fill_of)
    lanes = int(case.prediction.device.vector_lanes.value)
    channels = _channels(worst)
    numbers = {
        "channels": channels,
        "vector_lanes": lanes,
        "vector_fill": fill_of(worst),
        "share": sum(layer.share for layer in narrow),
        "seconds": sum(layer.seconds for layer in narrow),
        "launches": len(case.prediction.kernels),
        "launch_seconds": parts_of(case.prediction.kernels)["launch"],
    }
    text = (
        f"few channels ({_widths(narrow)}): {channels} fill "
        f"{format_percent(fill_of(worst))} of the {lanes} vector lanes of "
        f"{case.prediction.device.name}, so the arithmetic runs at most at that share of its peak "
        f"({format_percent(numbers['share'])} of the time of {case.name})"
    )
    if pair is not None:
        numbers |= {"macs_ratio": pair.macs, "time_ratio": pair.seconds} | _activations(pair)
        text += (
            f". It has {format_ratio(pair.macs)} the MACs of {pair.b.name} but takes "
            f"{format_ratio(pair.seconds)} the time: activations ("
            f"{format_ratio(numbers['activation_bytes_ratio'])}) and launches "
            f"({numbers['launches']} against {numbers['launches_of_first']}) do not go "
            "with the MACs"
        )
    return Finding(
        network=case.index,
        layers=tuple(layer.name for layer in narrow),
        text=text,
        numbers=numbers,
        advice=(
            f"a width of {lanes} costs little more than one of {channels} in {worst.name}"
            if worst.bound == "compute"
            else ""
        ),
        seconds=numbers["seconds"],
        timed=tuple(layer.name for layer in narrow),
    )


def _widths(narrow: list[LayerPrediction]) -> str:
    return format_names([f"{layer.name}: {_channels(layer)}" for layer in narrow])


def _activations(pair: Pair) -> dict[str, float]:
    def moved(case: Case) -> int:
        cost = case.count.total.forward
        return number(cost.bytes, "bytes") - number(cost.weight_bytes, "bytes")

    return {
        "activation_bytes": moved(pair.a),
        "activation_bytes_of_first": moved(pair.b),
        "activation_bytes_ratio": moved(pair.a) / max(1, moved(pair.b)),
        "launches_of_first": len(pair.b.prediction.kernels),
    }


def _channels(layer: LayerPrediction) -> int:
    thin = min(layer.kernels, key=lambda time: time.fill)
    return number(thin.kernel.channels or 0, "channels")
