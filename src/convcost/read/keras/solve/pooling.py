"""Window and stride of a pooling layer from its sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.read.keras.solve.bounds import MAX_WINDOW
from convcost.read.keras.solve.geometry import Geometry, geometries

if TYPE_CHECKING:
    from collections.abc import Sequence


def solve(sizes: Sequence[int | None], outputs: Sequence[int | None]) -> tuple[Geometry, ...]:
    """Pooling windows that fit, the likeliest first: Keras's default is a stride as the window.

    >>> [str(g) for g in solve((254, 254), (84, 84))][:2]
    ['3x3 stride 3 valid', '4x4 stride 3 valid']
    >>> str(solve((7, 7), (4, 4))[0])
    '2x2 stride 2 same'
    """
    found = []
    for side in range(1, MAX_WINDOW + 1):
        found += list(geometries((side,) * len(outputs), sizes, outputs))
    axes = tuple(
        max(1, round(size / output)) if size and output else 2
        for size, output in zip(sizes, outputs, strict=True)
    )
    if len(set(axes)) > 1:
        found += list(geometries(axes, sizes, outputs))
    return tuple(sorted(found, key=_likelihood))


def _likelihood(geometry: Geometry) -> tuple[object, ...]:
    return (
        geometry.kernel != geometry.stride,
        geometry.padding == "same",
        any(k < s for k, s in zip(geometry.kernel, geometry.stride, strict=True)),
        max(geometry.kernel),
    )
