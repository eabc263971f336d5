"""Connections whose names are cut so short that several rows could be meant.

Keras lists layers by their distance from the end, so that a layer is taken soon behind its row:
of the rows that a cut name could mean, and whose shapes fit, the earliest one that nobody took yet
is meant; where all of them are taken, the nearest.
"""

from __future__ import annotations

from itertools import chain, islice, product, takewhile
from typing import TYPE_CHECKING, Literal, TypeAlias

from convcost.errors import NetworkError
from convcost.network.builder import BATCH
from convcost.network.dataclass import replace
from convcost.network.dims import symbol
from convcost.network.network import Note
from convcost.network.tensor import Axis, Tensor
from convcost.ops.conv import Conv
from convcost.read.axis_names import axis_names
from convcost.read.keras.names import classes_of
from convcost.read.keras.solve.agree import misfit
from convcost.read.keras.solve.rules import rules
from convcost.read.keras.solve.site import Site

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from convcost.network.op import Op
    from convcost.read.keras.solve.items import Item
    from convcost.read.keras.summary.table import Connection

_Fit: TypeAlias = Literal["likely", "odd"] | None
#: Ways to connect one row that are tried.
_MOST_WAYS = 300
#: Rows that one cut name could mean, beyond which the rest is not looked at.
_MOST_CANDIDATES = 60
#: How far above a row the rows are looked for that it takes.
_FARTHEST = 3000
#: Ways that are tried in one table, so that a text made for it does not take minutes.
_MOST_TRIES = 30_000


def wire(items: list[Item], *, channels_first: bool) -> list[Note]:
    """Decide in place what cut connections mean; one note for all of them."""
    wires = _Wires(items, channels_first=channels_first)
    decided = [item for item in items if wires.decide(item)]
    if not decided:
        return []
    text = (
        f"the names of what {len(decided)} layers take are cut off, each could be several layers: "
        "read as the earliest one that fits and that no layer before takes"
    )
    return [Note("assumed", text, decided[0].name, decided[0].row.line)]


class _Wires:
    def __init__(self, items: list[Item], *, channels_first: bool) -> None:
        self._items = items
        self._channels_first = channels_first
        self._positions = {item.name: position for position, item in enumerate(items)}
        self._free = dict.fromkeys(range(len(items)))
        self._calls: dict[int, int] = {}
        self._tries = 0
        rows = {id(item.row): item.row for item in items}.values()
        self._names: dict[str, int] = {}
        for row in rows:
            self._names[row.name] = self._names.get(row.name, 0) + 1
        self._shared = {item.row.name for item in items if item.call_of is not None}
        # A name that is printed in full once is printed in full wherever it is taken.
        self._in_full = {
            entry.layer
            for row in rows
            for entry in row.inputs or ()
            if f"{entry.layer}[" in row.text
        }

    def decide(self, item: Item) -> bool:
        """Settle what a row takes; whether there was something to decide."""
        entries = self._entries(item)
        position = self._positions[item.name]
        choices = [
            self._candidates(entry, position) if self._is_doubtful(entry, item) else None
            for entry in entries
        ]
        fixed = [self._positions.get(name) for name in item.inputs]
        classes = _classes(item)
        if any(choices) or len(classes) > 1:
            ways: list[list[int | None]] = [[place] for place in fixed]
            for number, choice in enumerate(choices):
                ways[number] = [*choice] if choice else ways[number]
            item.class_name, chosen = self._chosen(item, classes, ways)
            item.inputs = tuple(
                name if place is None else self._items[place].name
                for name, place in zip(item.inputs, chosen, strict=True)
            )
            fixed = list(chosen)
        for place in fixed:
            self._free.pop(place, None)  # type: ignore[arg-type]
        return any(choice is not None and len(choice) > 1 for choice in choices)

    def _entries(self, item: Item) -> Sequence[Connection]:
        """The connections that an item's inputs stand for: one of several calls has one of them."""
        entries = item.row.inputs or ()
        if len(entries) == len(item.inputs):
            return entries
        call = self._calls.get(id(item.row), 0)
        self._calls[id(item.row)] = call + 1
        return entries[call : call + 1] if len(item.inputs) == 1 else ()

    def _is_doubtful(self, entry: Connection, item: Item) -> bool:
        """Whether a connection could mean several rows, or several calls of one."""
        if entry.cut or self._names.get(entry.layer) != 1:
            return True
        shown = f"{entry.layer}[{entry.node}" in item.row.text
        return not shown and entry.layer in self._shared

    def _candidates(self, entry: Connection, position: int) -> list[int]:
        """Earlier rows that a connection could mean, the likeliest first."""
        free = takewhile(lambda place: place < position, self._free)
        near = range(position - 1, max(0, position - _FARTHEST) - 1, -1)
        taken = (place for place in near if place not in self._free)
        found = (place for place in chain(free, taken) if self._means(entry, place))
        return list(islice(found, _MOST_CANDIDATES))

    def _means(self, entry: Connection, place: int) -> bool:
        item = self._items[place]
        in_full = item.row.name in self._in_full and not item.row.name_cut
        return not in_full and _could_be(item, entry)

    def _chosen(
        self, item: Item, classes: Sequence[str], ways: Iterable[Sequence[int | None]]
    ) -> tuple[str | None, tuple[int | None, ...]]:
        """The first class and way to connect a row that explain its numbers; else the first way."""
        tried = list(islice(_distinct(product(*ways)), _MOST_WAYS))
        found: tuple[str | None, tuple[int | None, ...]] | None = None
        for name in classes:
            for way in tried if self._tries < _MOST_TRIES else ():
                self._tries += 1
                fit = self._fit(replace(item, class_name=name), way, sure=len(classes) == 1)
                if fit == "likely":
                    return name, way
                if fit == "odd" and found is None:
                    found = name, way
        return found or (item.class_name, tried[0])

    def _fit(self, item: Item, way: Sequence[int | None], *, sure: bool) -> _Fit:
        """Whether a row's rule gives its printed shape and parameters from these inputs.

        Args:
            item: the row, with one of the classes that it may have.
            way: the positions of its inputs.
            sure: that it has this class, be there a rule or not.
        """
        rule = rules().get(item.class_name or "")
        if rule is None or None in way:
            return "likely" if sure else None
        tensors = tuple(self._tensor(self._items[place]) for place in way if place is not None)
        try:
            op = rule(Site(item, tensors, "linear", self._channels_first))
        except NetworkError:
            return None
        if not item.shape or misfit(op, tensors, item.shape, item.row.parameters):
            return None
        return "odd" if _is_odd(op) else "likely"

    def _tensor(self, item: Item) -> Tensor:
        """What a row prints; sizes that are cut off are open."""
        names = axis_names(item.rank, channels_first=self._channels_first)
        axes = [
            Axis(name, size if isinstance(size, int) else symbol(f"{item.name}_{position}"))
            for position, (name, size) in enumerate(zip(names, item.shape, strict=True))
        ]
        return Tensor((Axis("batch", BATCH), *axes[1:]))


def _is_odd(op: Op) -> bool:
    """Whether a convolution has groups and a kernel that together nobody writes."""
    return (
        isinstance(op, Conv)
        and op.groups != 1
        and len({window.kernel for window in op.windows}) > 1
    )


def _classes(item: Item) -> Sequence[str]:
    """The classes that a row may have: one, but for rows whose class is cut off or lost."""
    row = item.row
    if row.kind and not row.kind_cut:
        return (item.class_name,) if item.class_name else ()
    return classes_of(row.kind, row.name)


def _could_be(item: Item, entry: Connection) -> bool:
    """Whether a row's name, perhaps cut, could be the one that a connection, perhaps cut, means."""
    row = item.row
    if entry.cut and row.name_cut:
        return row.name.startswith(entry.layer) or entry.layer.startswith(row.name)
    if entry.cut:
        return row.name.startswith(entry.layer)
    return entry.layer.startswith(row.name) if row.name_cut else row.name == entry.layer


def _distinct(ways: Iterable[tuple[int | None, ...]]) -> Iterator[tuple[int | None, ...]]:
    """Ways that take different layers first, then the others."""
    again: list[tuple[int | None, ...]] = []
    for way in ways:
        if len(set(way)) == len(way):
            yield way
        elif len(again) < _MOST_WAYS:
            again.append(way)
    yield from again
