"""Candidates and steps of a rewrite as rows of tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.report.figures import (
    band,
    bounded,
    exact,
    number_column,
    prose_column,
    rounded,
    size_in_bytes,
    text_column,
)
from convcost.units import format_ratio, format_seconds

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcost.report.document import Row
    from convcost.rewrite import Candidate, Step
    from convcost.rewrite.rewrite import Kind

_FIGURES = (
    number_column("parameters", "parameters", rounded, rank=4),
    number_column("macs", "MACs", rounded, rank=3),
    number_column("memory_bytes", "memory", size_in_bytes, rank=6),
    number_column("seconds", "time", format_seconds),
    number_column("ratio", "of before", format_ratio, rank=1),
    text_column("range", "range", rank=5),
)
_HEAD = (
    text_column("rewrite", "rewrite"),
    text_column("kind", "what stays", rank=2),
)
CANDIDATES = (
    *_HEAD,
    number_column("size", "size", exact, rank=2),
    *_FIGURES,
    prose_column("text", "what"),
    prose_column("reason", "verdict"),
)
STEPS = (
    *_HEAD,
    number_column("places", "places", exact),
    *_FIGURES,
    text_column("sizes", "sizes", rank=5),
    prose_column("reason", "verdict"),
)
RECORDS = (
    *_HEAD,
    text_column("text", "what"),
    text_column("places", "places"),
    number_column("size", "size", exact),
    *(
        number_column(f"{name}_{when}", f"{name} {when}", str)
        for name in ("parameters", "statistics", "macs", "bytes", "memory_bytes", "seconds")
        for when in ("before", "after")
    ),
    text_column("complete", "complete"),
    number_column("ratio", "ratio", str),
    number_column("ratio_low", "from", str),
    number_column("ratio_high", "to", str),
    text_column("verdict", "verdict"),
    text_column("reason", "reason"),
)
_KEPT: Mapping[Kind, str] = {
    "exact": "outputs",
    "approximate": "weights, nearly",
    "retrain": "structure",
}


def candidate(each: Candidate) -> Row:
    """What could be done, under `CANDIDATES`."""
    return (each.name, _KEPT[each.kind], each.size, *_after(each), each.text, each.reason)


def _after(each: Candidate | Step) -> Row:
    figures = each.after
    return (
        bounded(figures.parameters + figures.statistics, rounded, whole=figures.complete),
        bounded(figures.macs, rounded, whole=figures.complete),
        figures.memory_bytes,
        figures.seconds.value,
        each.ratio.value,
        band(each.ratio, format_ratio),
    )


def step(each: Step) -> Row:
    """What was done, under `STEPS`."""
    sizes = dict.fromkeys(size for size in each.sizes.values() if size is not None)
    return (
        each.name,
        _KEPT[each.kind],
        len(each.sizes),
        *_after(each),
        ", ".join(map(str, sizes)),
        f"{each.verdict}: {each.reason}",
    )


def record(each: Candidate | Step, text: str, places: Sequence[str], size: int | None) -> Row:
    """Either of them for machines, under `RECORDS`.

    Args:
        each: the candidate or step.
        text: what would be done; empty for a step.
        places: names that stand for the places.
        size: of all places; None where there is none, or several.
    """
    before, after = each.before, each.after
    pairs = (
        (getattr(before, name), getattr(after, name))
        for name in ("parameters", "statistics", "macs", "bytes", "memory_bytes")
    )
    return (
        each.name, each.kind, text, " ".join(places), size,
        *(figure for pair in pairs for figure in pair), before.seconds.value, after.seconds.value,
        after.complete, each.ratio.value, each.ratio.low, each.ratio.high, each.verdict,
        each.reason,
    )  # fmt: skip
