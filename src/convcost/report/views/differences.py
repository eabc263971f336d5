"""The difference in time between two networks: layer by layer, and cause by cause."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from convcost.explain.difference import MEANINGS
from convcost.report.document import Table
from convcost.report.figures import (
    number_column,
    plural,
    prose_column,
    signed_seconds,
    text_column,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from convcost.explain.difference import Difference
    from convcost.explain.explanation import Explanation

#: Of a layer's largest part; smaller ones are not told in words.
_LEAST = 0.01


def tables(explanation: Explanation, top: int | None) -> Iterator[Table]:
    """For each pair of networks the layers, and the causes where there are several.

    Args:
        explanation: with ratios.
        top: how many layers are shown; None for all.
    """
    for a, b in dict.fromkeys((part.a, part.b) for part in explanation.differences):
        yield _layers(explanation, a, b, top)
        causes = [each for each in explanation.causes if (each.a, each.b) == (a, b)]
        if len(causes) > 1:
            yield Table(
                title="the same by cause",
                columns=(
                    text_column("cause", "cause"),
                    number_column("seconds", "time", signed_seconds),
                    prose_column("meaning", "what it is"),
                ),
                rows=tuple((each.cause, each.seconds, MEANINGS[each.cause]) for each in causes),
            )


def _layers(explanation: Explanation, a: int, b: int, top: int | None) -> Table:
    layers: dict[tuple[str, int | None], list[Difference]] = {}
    for part in explanation.differences:
        if (part.a, part.b) == (a, b):
            layers.setdefault((part.layer, part.only_in), []).append(part)
    ordered = sorted(layers.values(), key=lambda parts: -abs(_sum(parts)))
    rows = [(parts[0].layer, _sum(parts), _causes(explanation, parts)) for parts in ordered[:top]]
    if top and ordered[top:]:
        rest = [part for parts in ordered[top:] for part in parts]
        rows.append((plural(len(ordered) - top, "other layer"), _sum(rest), ""))
    return Table(
        title=f"the predicted difference, {explanation.source(a)} less {explanation.source(b)}",
        columns=(
            text_column("layer", "layer"),
            number_column("seconds", "time", signed_seconds),
            prose_column("cause", "cause"),
        ),
        rows=tuple(rows),
        footer=(("total", _sum([part for parts in ordered for part in parts]), None),),
    )


def _sum(parts: Sequence[Difference]) -> float:
    return math.fsum(part.seconds for part in parts)


def _causes(explanation: Explanation, parts: Sequence[Difference]) -> str:
    """One cause by its name, several with what each makes."""
    only = parts[0].only_in
    where = "" if only is None else f"only in {explanation.source(only)}: "
    largest = abs(parts[0].seconds)
    told = [part for part in parts if abs(part.seconds) >= _LEAST * largest]
    if len(told) == 1:
        return f"{where}{told[0].cause}"
    return where + ", ".join(f"{part.cause} {signed_seconds(part.seconds)}" for part in told)
