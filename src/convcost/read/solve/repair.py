"""Numbers that the column cut off, and the axis order, from what the other numbers say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.network.network import Note
from convcost.read.solve import convolution
from convcost.read.summary.table import Cut

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from convcost.read.solve.items import Item
    from convcost.read.summary.table import Dimension

#: Layers whose output has the shape of their input.
_SAME_SHAPE = (
    frozenset(("BatchNormalization", "LayerNormalization", "Activation", "Softmax", "Dropout"))
    | {"ReLU", "LeakyReLU", "PReLU", "ELU", "GaussianNoise", "GaussianDropout"}
    | {"SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D"}
    | {"Add", "Multiply", "Average", "Maximum"}
)
#: Layers whose output has as many channels as their input.
_SAME_CHANNELS = _SAME_SHAPE | frozenset(
    f"{name}{rank}D"
    for name in ("MaxPooling", "AveragePooling", "ZeroPadding", "UpSampling", "Cropping")
    for rank in (1, 2, 3)
)
_FILTERED = frozenset(("Conv1D", "Conv2D", "Conv3D", "Dense"))
_CONVOLUTIONS = frozenset(("Conv2D", "Conv3D"))
_MAX_SIDE = 11


def repair(items: list[Item], *, channels_first: bool) -> list[Note]:
    """Fill cut dimensions in place, as far as they follow; one note per repaired layer.

    Sizes travel between layers that keep them, in both directions; BatchNorm's parameters give its
    channels, a convolution's its filters.
    """
    by_name = {item.name: item for item in items}
    cut = [item for item in items if any(isinstance(size, Cut) for size in item.shape)]
    notes: list[Note] = []
    changed = bool(cut)
    while changed:
        changed = False
        for item in list(cut):
            size = _solved(item, by_name, items, channels_first=channels_first)
            if size is not None:
                text = f"the cut size {_prefix(item)}... is {size}, from the numbers around it"
                notes.append(Note("repaired", text, item.name, item.row.line))
                item.shape[-1] = size
                cut.remove(item)
                changed = True
    for item in cut:
        item.shape[-1] = None
        text = "a size is cut off and does not follow from the other layers"
        notes.append(Note("assumed", text, item.name, item.row.line))
    return notes


def is_channels_first(items: Iterable[Item]) -> bool:
    """Whether the table's images have their channels before height and width.

    Convolutions vote: which of the two orders gives their parameters a kernel.
    """
    votes = 0
    by_name: dict[str, Item] = {}
    for item in items:
        by_name[item.name] = item
        if item.class_name in _CONVOLUTIONS and item.row.parameters and len(item.shape) > 3:
            source = by_name.get(item.inputs[0]) if item.inputs else None
            votes += _fits_kernel(item, source, first=True)
            votes -= _fits_kernel(item, source, first=False)
    return votes > 0


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


def _solved(
    item: Item, by_name: dict[str, Item], items: list[Item], *, channels_first: bool
) -> int | None:
    """The cut size, if the layers around it, or else its own parameters, leave exactly one."""
    images_first = channels_first and item.rank > 3
    kinds = _SAME_SHAPE if images_first else _SAME_CHANNELS
    certain = set(_neighbours(item, by_name, items, kinds))
    own: set[int] = set()
    parameters = item.row.parameters or 0
    if not images_first and item.class_name == "BatchNormalization" and parameters % 4 == 0:
        certain.add(parameters // 4)
    elif not images_first and item.class_name in _FILTERED and parameters:
        own = set(_filters(item, by_name, parameters))
    for sizes in (certain, own):
        fitting = [size for size in sizes if _fits(item.shape[-1], size)]
        if fitting:
            return fitting[0] if len(fitting) == 1 else None
    return None


def _neighbours(
    item: Item, by_name: dict[str, Item], items: list[Item], kinds: frozenset[str]
) -> Iterator[int]:
    before = [by_name[name] for name in item.inputs if name in by_name]
    sources = before if item.class_name in kinds else []
    consumers = [other for other in items if item.name in other.inputs]
    for other in (*sources, *(c for c in consumers if c.class_name in kinds)):
        if other.rank == item.rank and isinstance(other.shape[-1], int):
            yield other.shape[-1]


def _filters(item: Item, by_name: dict[str, Item], parameters: int) -> Iterator[int]:
    """Filters of a convolution with a square kernel on known channels."""
    source = by_name.get(item.inputs[0]) if item.inputs else None
    channels = source.shape[-1] if source is not None and source.shape else None
    if not isinstance(channels, int):
        return
    axes = max(0, item.rank - 2)
    for side in range(1, _MAX_SIDE + 1 if axes else 2):
        for bias in (1, 0):
            per_filter = side**axes * channels + bias
            if parameters % per_filter == 0:
                yield parameters // per_filter


def _fits(printed: object, size: int) -> bool:
    return isinstance(printed, Cut) and printed.admits(size)


def _prefix(item: Item) -> str:
    last = item.shape[-1]
    return last.prefix if isinstance(last, Cut) else ""
