"""The points of a sweep: a grid, or drawn by chance; an array per parameter."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from convcost.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcost.sweep.vary import Vary

#: Points of a sweep at most: what a gigabyte or two holds.
MOST_POINTS = 10_000_000


def grid(varies: Sequence[Vary]) -> dict[str, Any]:
    """Every combination, the last parameter varying fastest.

    Raises:
        UsageError: there are too many.

    >>> from convcost.sweep.vary import parse
    >>> {k: v.tolist() for k, v in grid([parse("batch=1,8"), parse("width=0.5,1")]).items()}
    {'batch': [1, 1, 8, 8], 'width': [0.5, 1.0, 0.5, 1.0]}
    """
    import numpy as np

    number = math.prod(len(vary.values) for vary in varies)
    if number > MOST_POINTS:
        raise UsageError(
            f"{number:,} combinations; at most {MOST_POINTS:,}",
            hint="--sample 100000 draws some of them",
        )
    found, before, after = {}, 1, number
    for vary in varies:
        after //= len(vary.values)
        found[vary.name] = np.tile(np.repeat(vary.array, after), before)
        before *= len(vary.values)
    return found


def drawn(varies: Sequence[Vary], number: int, seed: int = 0) -> dict[str, Any]:
    """Points by chance, the same ones every time.

    Args:
        varies: ranges are drawn from on a logarithmic scale, lists evenly.
        number: of points.
        seed: of the generator.

    Raises:
        UsageError: there are too many.
    """
    import numpy as np

    if number > MOST_POINTS:
        raise UsageError(f"{number:,} points; at most {MOST_POINTS:,}")
    state = np.random.default_rng(seed)
    return {vary.name: vary.drawn(state, number) for vary in varies}
