"""From exact sizes to numbers that a time is fitted to: terms of a mechanistic time, and columns.

A work is a row. With arrays for open sizes a row becomes many, one per variant of the network.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any

from convcost.network.evaluation import Evaluation
from convcost.predict.vectors import vector_fill

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from convcost.network.dims import Dim
    from convcost.predict.work import Work

#: The exact sizes of a work itself, by their names in it.
OWN_SIZES = (
    "macs", "elementwise", "read", "written", "weights", "batch", "positions", "reduction",
    "channels_in", "channels_out", "groups", "taps", "tall", "stride",
    "padding", "width", "elements", "operands",
    "parts", "kernels", "copied", "channels_last",
)  # fmt: skip
#: With those of the run that it is a part of.
SIZES = (*OWN_SIZES, "run_written", "run_weights", "run_macs")
_OWN: Callable[[Work], tuple[Dim, ...]] = attrgetter(*OWN_SIZES)
_ALL: Callable[[Work], tuple[Dim, ...]] = attrgetter(*SIZES)
_PLACE = {name: place for place, name in enumerate(SIZES)}

#: float32 numbers that convolution libraries put side by side: an AVX-512 register.
_BLOCK = 16
_ALIGNED = (4, 8, 16)
#: Bytes that a core's second cache holds, and the caches that cores share: where traffic slows
#: down. A model fits the slopes on either side, so that their exact places matter little.
_NEAR = 2e6
_FAR = 3.2e7

#: Of a mechanistic time: its terms, each with a factor above zero that is fitted.
TERMS = (
    "launch", "macs", "macs over filled outputs", "macs over filled inputs", "elementwise",
    "bytes in the near cache", "bytes beyond it", "bytes beyond the far cache", "weight bytes",
    "copied bytes", "parts",
)  # fmt: skip
#: What a correction depends on: logarithms of the sizes, and what follows from several of them.
COLUMNS = (
    *SIZES, "fill of channels_out", "fill of channels_in", "alignment of channels_out",
    "alignment of channels_in", "mechanistic", "MACs per byte", "tall of taps", "kind",
)  # fmt: skip
#: Terms that are arithmetic, and traffic; the others are launches.
COMPUTE = slice(1, 5)
MEMORY = slice(5, 10)


def exact_sizes(work: Work) -> tuple[Dim, ...]:
    """The sizes of a work itself, in the order of `OWN_SIZES`: wherever it runs, it is the same."""
    return _OWN(work)


def sizes(works: Sequence[Work], values: Mapping[str, Any] | None = None) -> Any:
    """The exact sizes as floats.

    Args:
        works: bound to numbers, unless there are values.
        values: arrays for the symbols of the works, all of one length.

    Returns:
        Array (works, sizes), with values (works, variants, sizes).
    """
    import numpy as np

    rows = [_ALL(work) for work in works]
    if values is None:
        return np.array(rows, float).reshape(len(rows), len(SIZES))
    number = Evaluation(values)
    variants = np.broadcast_shapes(*(np.shape(value) for value in values.values()))
    found = np.empty((len(rows), *variants, len(SIZES)))
    for place, row in enumerate(rows):
        for column, size in enumerate(row):
            found[place, ..., column] = size if isinstance(size, int) else number(size)
    return found


def of(rows: Any, name: str) -> Any:
    """A size of all rows."""
    return rows[..., _PLACE[name]]


def terms(rows: Any) -> Any:
    """What each term of a mechanistic time is proportional to: array (..., TERMS)."""
    import numpy as np

    macs, traffic = of(rows, "macs"), of(rows, "read") + of(rows, "written")
    return np.stack(
        [
            np.ones(rows.shape[:-1]),
            macs,
            macs / vector_fill(of(rows, "channels_out"), _BLOCK),
            macs / vector_fill(of(rows, "channels_in"), _BLOCK),
            of(rows, "elementwise"),
            np.minimum(traffic, _NEAR),
            np.clip(traffic - _NEAR, 0, _FAR - _NEAR),
            np.maximum(traffic - _FAR, 0),
            of(rows, "weights"),
            of(rows, "copied"),
            of(rows, "parts"),
        ],
        axis=-1,
    )


def columns(rows: Any, mechanistic: Any, kinds: Any) -> Any:
    """What a correction depends on: logarithms of sizes, how full vectors are, what kind it is.

    Args:
        rows: sizes.
        mechanistic: the mechanistic time in seconds, of each row.
        kinds: a number for each row's kind.

    Returns:
        Array (..., COLUMNS).
    """
    import numpy as np

    logs = np.log1p(rows)
    traffic = of(rows, "read") + of(rows, "written") + of(rows, "weights")
    more = [
        vector_fill(of(rows, "channels_out"), _BLOCK),
        vector_fill(of(rows, "channels_in"), _BLOCK),
        _aligned(of(rows, "channels_out")),
        _aligned(of(rows, "channels_in")),
        np.log(mechanistic),
        np.log(np.maximum(of(rows, "macs"), 1) / np.maximum(traffic, 1)),
        of(rows, "tall") / of(rows, "taps"),
        kinds,
    ]
    return np.concatenate([logs, np.stack(np.broadcast_arrays(*more), axis=-1)], axis=-1)


def _aligned(channels: Any) -> Any:
    """How many of 4, 8 and 16 divide the channels: libraries have other kernels for the rest."""
    return sum((channels % size == 0).astype(float) for size in _ALIGNED)
