"""Numbers that the column cut off, from what the other numbers say."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from convcost.network.network import Alternative, Note
from convcost.read.keras.classes import SAME_SHAPE
from convcost.read.keras.solve import widths
from convcost.read.keras.solve.bounds import SMALL_SIDE
from convcost.read.keras.summary.table import Cut

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from convcost.read.keras.solve.items import Item
    from convcost.read.keras.solve.widths import Guess

#: Layers whose output has as many channels as their input.
_SAME_CHANNELS = SAME_SHAPE | frozenset(
    f"{name}{rank}D"
    for name in ("MaxPooling", "AveragePooling", "ZeroPadding", "UpSampling", "Cropping")
    for rank in (1, 2, 3)
)
_FILTERED = frozenset(("Dense",)) | {
    f"Conv{rank}D{transposed}" for rank in (1, 2, 3) for transposed in ("", "Transpose")
}
#: Numbers of channels that people choose are multiples of this.
_ROUND = 4


def repair(items: list[Item], *, channels_first: bool) -> list[Note]:
    """Fill cut dimensions in place, as far as they follow; one note per repaired layer.

    Sizes travel between layers that keep them, in both directions; BatchNorm's parameters give its
    channels, a convolution's its filters or, where these are known, its input's channels.
    """
    cut = [item for item in items if any(isinstance(size, Cut) for size in item.shape)]
    if not cut:
        return []
    repairs = _Repairs(items, cut, channels_first=channels_first)
    repairs.run()
    return repairs.notes


class _Repairs:
    def __init__(self, items: list[Item], cut: list[Item], *, channels_first: bool) -> None:
        self.notes: list[Note] = []
        self._channels_first = channels_first
        self._by_name = {item.name: item for item in items}
        self._consumers: dict[str, list[Item]] = {}
        for item in items:
            for name in item.inputs:
                self._consumers.setdefault(name, []).append(item)
        self._cut = {item.name: item for item in cut}

    def run(self) -> None:
        """Fill what follows; then, one by one, what is only likely, and what follows from that."""
        self._spread(self._cut.values())
        ways: tuple[Callable[[Item], Guess | None], ...] = (self._taken_channels, self._width)
        for way in (*ways, *ways):
            for item in list(self._cut.values()):
                if item.name in self._cut and (guess := way(item)) is not None:
                    self._fill(item, guess)
                    self._spread(self._around(item))
        for item in self._cut.values():
            item.shape[-1] = None
            text = "a size is cut off and does not follow from the other layers"
            self.notes.append(Note("assumed", text, item.name, item.row.line))

    def _spread(self, items: Iterable[Item]) -> None:
        """Fill what follows from the numbers around it, and go on from there."""
        waiting = deque(items)
        while waiting:
            item = waiting.popleft()
            if item.name in self._cut and (size := self._solved(item)) is not None:
                self._fill(item, widths.Guess(size, "from the numbers around it"))
                waiting.extend(self._around(item))

    def _fill(self, item: Item, guess: Guess) -> None:
        last = item.shape[-1]
        prefix = last.prefix if isinstance(last, Cut) else ""
        kind = "ambiguous" if guess.others else "repaired"
        text = f"the cut size {prefix}... is {guess.size}, {guess.why}"
        line = item.row.line
        # not to be chosen: the sizes of the layers around follow from it, and how they are read
        others = tuple(map(Alternative, guess.others))
        self.notes.append(Note(kind, text, item.name, line, others))  # type: ignore[arg-type]
        item.shape[-1] = guess.size
        del self._cut[item.name]

    def _around(self, item: Item) -> list[Item]:
        before = [self._by_name[name] for name in item.inputs if name in self._by_name]
        return [*before, *self._consumers.get(item.name, ())]

    def _images_first(self, item: Item) -> bool:
        """Whether the last size is a width, not the channels."""
        return self._channels_first and item.rank > 3

    def _solved(self, item: Item) -> int | None:
        """The cut size, if the layers around it, or its own parameters, leave exactly one."""
        images_first = self._images_first(item)
        kinds = SAME_SHAPE if images_first else _SAME_CHANNELS
        certain = set(self._neighbours(item, kinds))
        own: set[int] = set()
        parameters = item.row.parameters or 0
        if not images_first and item.class_name == "BatchNormalization" and parameters % 4 == 0:
            certain.add(parameters // 4)
        elif not images_first and item.class_name in _FILTERED and parameters:
            own = set(self._filters(item, parameters))
        for sizes in (certain, own):
            fitting = [size for size in sizes if _fits(item, size)]
            if fitting:
                return fitting[0] if len(fitting) == 1 else None
        return None

    def _neighbours(self, item: Item, kinds: frozenset[str]) -> Iterator[int]:
        before = item.inputs if item.class_name in kinds else ()
        sources = [self._by_name[name] for name in before if name in self._by_name]
        behind = [c for c in self._consumers.get(item.name, ()) if c.class_name in kinds]
        for other in (*sources, *behind):
            if other.rank == item.rank and isinstance(other.shape[-1], int):
                yield other.shape[-1]

    def _filters(self, item: Item, parameters: int) -> Iterator[int]:
        """Filters of a convolution with a square kernel on known channels."""
        source = self._by_name.get(item.inputs[0]) if item.inputs else None
        channels = source.shape[-1] if source is not None and source.shape else None
        if not isinstance(channels, int):
            return
        axes = max(0, item.rank - 2)
        for side in range(1, SMALL_SIDE + 1 if axes else 2):
            for bias in (1, 0):
                per_filter = side**axes * channels + bias
                if parameters % per_filter == 0:
                    yield parameters // per_filter

    def _taken_channels(self, item: Item) -> Guess | None:
        """The channels that a convolution with known filters takes; round numbers come first."""
        if self._images_first(item):
            return None
        for consumer in self._consumers.get(item.name, ()):
            filters, parameters = consumer.shape[-1:], consumer.row.parameters
            known = filters and isinstance(filters[0], int) and filters[0] and parameters
            if not known or consumer.class_name not in _FILTERED or consumer.rank != item.rank:
                continue
            found: dict[int, str] = {}
            for side, bias in ((side, bias) for side in (3, 1, 5, 7, 9, 11) for bias in (1, 0)):
                per_filter, rest = divmod(parameters or 0, int(filters[0] or 1))  # type: ignore[arg-type]
                channels, odd = divmod(per_filter - bias, side ** max(0, consumer.rank - 2))
                if not rest and not odd and channels > 0 and _fits(item, channels):
                    found.setdefault(channels, f"{channels} by a kernel of {side}")
            if found:
                best, *others = sorted(found, key=lambda size: (-widths.twos(size), size))
                why = f"from the parameters of {consumer.name}: {found[best]}"
                round_ = [size for size in others if widths.twos(size) >= _ROUND]
                return widths.Guess(best, why, tuple(found[size] for size in round_))
        return None

    def _width(self, item: Item) -> Guess | None:
        if not self._images_first(item):
            return None
        source = self._by_name.get(item.inputs[0]) if item.inputs else None
        return widths.guess(item, source, self._consumers.get(item.name, ()))


def _fits(item: Item, size: int) -> bool:
    last = item.shape[-1]
    return isinstance(last, Cut) and last.admits(size)
