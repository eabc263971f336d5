"""Fractions of a roofline and bands around a prediction, from measured rows."""

from __future__ import annotations

import itertools
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from measurements import Row

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
PHASES = ("forward", "backward data", "backward weights")


def quantiles(values: Iterable[float]) -> list[float]:
    found = list(values)
    return [round(float(v), 2) for v in np.quantile(found, LEVELS)] if found else []


def grouped(rows: Iterable[Row], key: Callable[[Row], str]) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return dict(sorted(groups.items()))


def lines(title: str, rows: Iterable[Row], key: Callable[[Row], str]) -> dict[str, Any]:
    groups = grouped(rows, key)
    return {
        "title": title,
        "rows": [
            {"group": name, "count": len(found), "quantiles": quantiles(r.ratio for r in found)}
            for name, found in groups.items()
        ],
    }


def median_fraction(rows: Iterable[Row]) -> float:
    """The fraction of the roofline that the median row reaches."""
    return round(float(1 / np.median([row.ratio for row in rows])), 2)


def fraction(rows: Iterable[Row]) -> dict[str, float]:
    found = list(rows)
    return {"fraction": median_fraction(found), "rows": len(found)}


def efficiencies(kernels: list[Row], products: list[Row]) -> dict[str, dict[str, float]]:
    found = {
        f"convolution {phase}": fraction(r for r in kernels if r.source.endswith(phase))
        for phase in PHASES
    }
    forward = [r for r in kernels if r.source.endswith("forward")]
    for rows in (forward, products):
        found |= {family: fraction(those) for family, those in grouped(rows, by_kernel).items()}
    return found


def predicted(row: Row, arithmetic: float, bandwidth: float) -> float:
    return max(row.compute / arithmetic, row.memory / bandwidth) + row.passes / bandwidth


def left_out(
    rows: list[Row], bandwidth: float, key: Callable[[Row], str], *, by_family: bool
) -> list[float]:
    """Measured / predicted, each device predicted with the efficiencies of all the others."""
    ratios = []
    for device, held in grouped(rows, by_device).items():
        others = [row for row in rows if row.device != device]
        one = median_fraction(others)
        each = {name: median_fraction(found) for name, found in grouped(others, key).items()}
        ratios += [
            row.measured / predicted(row, each.get(key(row), one) if by_family else one, bandwidth)
            for row in held
        ]
    return ratios


def marginal_efficiency(networks: list[Row]) -> list[float]:
    """FLOPs added over seconds added, as a fraction of peak, when only the image grows.

    The difference of one network at two sizes holds no weights and no launches, so it shows what
    the convolutions themselves reach.
    """
    found = []
    for rows in grouped(networks, lambda row: row.network).values():
        rows.sort(key=lambda row: row.compute)
        found += [
            (large.compute - small.compute) / (large.measured - small.measured)
            for small, large in itertools.pairwise(rows)
            if large.compute > 1.2 * small.compute and large.compute - small.compute > 5e-4
        ]
    return found


def network_terms(networks: list[Row], arithmetic: float) -> tuple[dict[str, float], list[float]]:
    """Fractions of peak bandwidth of activations and of weights, and measured / predicted.

    seconds = compute / arithmetic + activations / a + weights / w, relative least squares with
    the arithmetic fixed (it is collinear with the activations). Batch 1: weights are read, and
    by most runtimes repacked, for a single image. Launches are inside both fractions.
    """
    base = np.array([r.compute / arithmetic for r in networks])
    terms = np.array([[r.memory - r.weights, r.weights] for r in networks])
    seconds = np.array([r.measured for r in networks])
    scale, *_ = np.linalg.lstsq(terms / seconds[:, None], 1 - base / seconds, rcond=None)
    fractions = {
        name: round(float(1 / s), 2)
        for name, s in zip(("activation", "weight"), scale, strict=True)
    }
    return fractions, list(seconds / (base + terms @ scale))


def by_kernel(row: Row) -> str:
    return row.family


def by_device(row: Row) -> str:
    return row.device


def band(title: str, ratios: Iterable[float]) -> dict[str, Any]:
    found = list(ratios)
    return {"group": title, "count": len(found), "quantiles": quantiles(found)}
