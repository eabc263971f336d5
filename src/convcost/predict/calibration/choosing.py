"""Which networks are drawn next: new ones, and more of those that are predicted badly."""

from __future__ import annotations

from collections import defaultdict
from statistics import median
from typing import TYPE_CHECKING

from convcost.predict.calibration.blocks import BLOCKS
from convcost.predict.calibration.fit import held_out, runs_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from convcost.predict.calibration.records import Record, Records
    from convcost.predict.profile import Setting

#: How often the worst block is drawn, against one that is predicted as well as the best.
_MOST_OFTEN = 4


def seeds(records: Records) -> Iterator[int]:
    """Seeds that no network was drawn from yet."""
    seed = max((record.seed for record in records.found), default=-1)
    while True:
        seed += 1
        yield seed


def worst(found: Sequence[Record], setting: Setting) -> tuple[str, ...]:
    """Blocks to draw from, by how well networks of them are predicted by the others."""
    residuals = held_out(runs_of([record.sample for record in found], setting))
    return weighted(found, residuals.whole)


def weighted(found: Sequence[Record], residuals: Sequence[float]) -> tuple[str, ...]:
    """Blocks, those that are predicted worse several times.

    Args:
        found: networks that were run.
        residuals: the logarithm of measured over predicted of each.
    """
    errors = defaultdict(list)
    for record, residual in zip(found, residuals, strict=True):
        for block in record.blocks:
            errors[block].append(abs(residual))
    typical = {block: median(values) for block, values in errors.items()}
    best = max(min(typical.values(), default=1.0), 1e-6)
    return tuple(
        block
        for block in BLOCKS
        for _ in range(min(_MOST_OFTEN, round(typical.get(block, _MOST_OFTEN * best) / best)))
    )
