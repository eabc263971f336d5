"""The order of a table's axes: channels before or behind height and width."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.network.network import Note
from convcost.read.keras.solve import convolution
from convcost.read.keras.solve.bounds import SMALL_SIDE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from convcost.read.keras.solve.items import Item
    from convcost.read.keras.summary.table import Dimension

_CONVOLUTIONS = frozenset(("Conv2D", "Conv3D"))


def is_channels_first(items: Iterable[Item]) -> bool:
    """Whether the table's images have their channels before height and width.

    Convolutions vote: which of the two orders gives their parameters a kernel.
    """
    return sum(first - last for first, last in _votes(items)) > 0


def order_note(items: Iterable[Item]) -> list[Note]:
    """A remark where every image is as wide as it has channels: nothing in the table tells."""
    images = [item.shape for item in items if item.rank > 3]
    if not images or any(shape[1] != shape[-1] for shape in images):
        return []
    text = "the shapes fit channels first and channels last alike; read as channels last"
    return [Note("assumed", text)]


def _votes(items: Iterable[Item]) -> list[tuple[bool, bool]]:
    """For every convolution, whether it fits channels first, and channels last."""
    votes = []
    by_name: dict[str, Item] = {}
    for item in items:
        by_name[item.name] = item
        if not item.row.parameters or item.rank < 4:
            continue
        source = by_name.get(item.inputs[0]) if item.inputs else None
        if item.class_name in _CONVOLUTIONS:
            first, last = (_fits_kernel(item, source, first=first) for first in (True, False))
            votes.append((first, last))
        elif item.class_name == "ConvLSTM2D":
            position = 2 if item.rank == 5 else 1
            votes.append(
                (_fits_recurrent(item, item.shape[position]), _fits_recurrent(item, item.shape[-1]))
            )
    return votes


def _fits_kernel(item: Item, source: Item | None, *, first: bool) -> bool:
    """Whether some kernel explains the parameters with the channels first, or last."""

    def split(shape: list[Dimension]) -> tuple[int | None, tuple[int | None, ...]]:
        sizes = [size if isinstance(size, int) else None for size in shape[1:]]
        return (sizes[0], tuple(sizes[1:])) if first else (sizes[-1], tuple(sizes[:-1]))

    filters, outputs = split(item.shape)
    channels: int | None = None
    sizes: tuple[int | None, ...] = (None,) * len(outputs)
    if source is not None and source.rank == item.rank:
        channels, sizes = split(source.shape)
    if not filters or channels == 0:
        return False
    task = convolution.Task("conv", item.row.parameters or 0, channels, filters, sizes, outputs)
    return bool(convolution.solve(task))


def _fits_recurrent(item: Item, filters: Dimension) -> bool:
    """Whether four gates over square kernels explain the parameters: 4*f*(k*k*(c + f) + 1)."""
    if not isinstance(filters, int) or not filters or (item.row.parameters or 0) % (4 * filters):
        return False
    per_filter = (item.row.parameters or 0) // (4 * filters)
    sides = range(1, SMALL_SIDE + 1, 2)
    return any(
        (per_filter - bias) % side**2 == 0 and (per_filter - bias) // side**2 > filters
        for side in sides
        for bias in (0, 1)
    )
