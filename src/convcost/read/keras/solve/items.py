"""The rows of a table as layers with a class, a unique name, inputs and a shape."""

from __future__ import annotations

import re
from heapq import heappop, heappush
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from convcost.network.dataclass import dataclass, field
from convcost.read.keras.classes import MERGES, MODELS
from convcost.read.keras.names import class_of
from convcost.read.keras.signatures import SIGNATURES
from convcost.read.unique import unique

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from convcost.read.keras.summary.table import Connection, Dimension, Row, Table

#: Classes that take several tensors in one call, as far as Keras has them.
_SEVERAL_INPUTS = MERGES | {"Concatenate", "Dot", "Functional", "Model", "Lambda", "TFOpLambda"}
_ATTENTION = re.compile(r"Attention$")
#: Classes that may be given states beside what they read.
_RECURRENT = re.compile(r"RNN$|LSTM(?:[123]D)?$|GRU$|Bidirectional$")


@dataclass(slots=True)
class Item:
    """One layer of the table.

    Attributes:
        row: as printed.
        name: unique in the table.
        class_name: by its Keras 3 name; None where it is lost.
        inputs: names of the items it takes; a name that no item has stands for a lost layer.
        shape: of its first output, to be repaired where digits are cut off.
        config: what pasted code says about it; empty without code.
        call_of: the call of a shared layer that runs first, where this is another one.
        within: the rows of the models around it, the outermost first.
    """

    row: Row
    name: str
    class_name: str | None
    inputs: tuple[str, ...]
    shape: list[Dimension]
    config: Mapping[str, Any] = field(default_factory=dict)
    call_of: str | None = None
    within: tuple[Row, ...] = ()

    @property
    def rank(self) -> int:
        """Axes, the batch included."""
        return len(self.shape)


def items_of(table: Table) -> list[Item]:
    """The layers of a table, one item per call of a shared one, in an order in which they can run.

    Rows of a nested model stand in for the model's own row.
    """
    rows = _without_expanded_models(table.rows)
    connected = any(row.inputs for row in rows)
    nodes = _nodes(table.rows)
    models = _Models(table.rows)
    classes = [class_of(row.kind, row.name, cut=row.kind_cut) for row in rows]
    taken: dict[str, int] = {}
    names: list[list[str]] = []
    for row, class_name in zip(rows, classes, strict=True):
        count = len(row.inputs or ()) if _is_shared(row, class_name, nodes) else 1
        names.append([unique(row.name or "layer", taken, "{} ({})") for _ in range(count)])
    # A shared layer may take what stands below it, if that has a name of its own.
    below = {row.name: own for row, own in zip(rows, names, strict=True) if not row.name_cut}
    calls: dict[str, list[str]] = {}
    items: list[Item] = []
    for row, class_name, own in zip(rows, classes, names, strict=True):
        given = models.given.get(id(row), row.inputs)
        inputs: tuple[str, ...] = (items[-1].name,) if items else ()
        if connected and given is not None and (given or row.kind == "InputLayer"):
            inputs = tuple(_call_of(c, calls, nodes, below) for c in given)
        elif class_name in MERGES and inputs:
            # It combines at least two tensors; the other one is not printed.
            inputs = (*inputs, f"{row.name} other input")
        groups = [(name,) for name in inputs] if len(own) > 1 else [inputs]
        for name, group in zip(own, groups, strict=True):
            shape = list(row.shapes[0]) if row.shapes else []
            around = models.around.get(id(row), ())
            items.append(Item(row, name, class_name, group, shape, within=around))
        calls.setdefault(row.name, []).extend(own)
        for model in models.ends.get(id(row), ()):
            calls.setdefault(model, [own[-1]])
    return _in_order(items)


class _Models:
    """Models that are printed with their layers, as ``summary(expand_nested=True)`` does.

    Attributes:
        given: row -> what it takes: the first layer of a model takes what the model takes.
        ends: row -> the models that end with it: it stands for them where they are taken.
        around: row -> the rows of the models that it is printed in, the outermost first.
    """

    def __init__(self, rows: Sequence[Row]) -> None:
        self.given: dict[int, tuple[Connection, ...]] = {}
        self.ends: dict[int, list[str]] = {}
        self.around: dict[int, tuple[Row, ...]] = {}
        entering: tuple[Connection, ...] | None = None
        open_models: list[Row] = []
        for row, following in pairwise((*rows, None)):
            assert row is not None  # noqa: S101 - only the last one has no successor
            if _is_expanded(row, following):
                open_models.append(row)
                entering = row.inputs or entering
                continue
            if open_models:
                self.around[id(row)] = tuple(open_models)
            if entering and not row.inputs and row.kind != "InputLayer":
                self.given[id(row)] = entering
            if row.kind != "InputLayer":
                entering = None
            depth = 0 if following is None else following.depth
            while open_models and depth <= open_models[-1].depth:
                self.ends.setdefault(id(row), []).append(open_models.pop().name)


def _in_order(items: list[Item]) -> list[Item]:
    """Items behind those that they take: a shared layer's later call may take what follows it.

    The call that runs first is the one that has the parameters.
    """
    places = {item.name: place for place, item in enumerate(items)}
    needs = [{places[name] for name in item.inputs if name in places} for item in items]
    takers: list[list[int]] = [[] for _ in items]
    for place, needed in enumerate(needs):
        for other in needed:
            takers[other].append(place)
    ready = [place for place, needed in enumerate(needs) if not needed]
    left = dict.fromkeys(range(len(items)))
    ordered: list[Item] = []
    owners: dict[int, str] = {}
    while left:
        # none is ready where the text contradicts itself: the next row then
        place = heappop(ready) if ready else next(iter(left))
        if place not in left:
            continue
        del left[place]
        item = items[place]
        owner = owners.setdefault(id(item.row), item.name)
        item.call_of = owner if owner != item.name else None
        ordered.append(item)
        for taker in takers[place]:
            needs[taker].discard(place)
            if not needs[taker]:
                heappush(ready, taker)
    return ordered


def _nodes(rows: Iterable[Row]) -> dict[str, set[int]]:
    """Which calls of each layer are taken by others."""
    found: dict[str, set[int]] = {}
    for row in rows:
        for connection in row.inputs or ():
            found.setdefault(connection.layer, set()).add(connection.node)
    return found


def _is_shared(row: Row, class_name: str | None, nodes: dict[str, set[int]]) -> bool:
    """Whether every entry of its connections is another call of the layer.

    So it is with layers of one input, and with others where as many calls are taken as entries.
    """
    entries = row.inputs or ()
    if len(entries) < 2:
        return False
    return _takes_one(class_name, entries) or len(nodes.get(row.name, ())) == len(entries)


def _takes_one(class_name: str | None, entries: Iterable[Connection]) -> bool:
    """Whether a class takes one tensor per call; states come from another layer's later outputs."""
    if class_name not in SIGNATURES or class_name in _SEVERAL_INPUTS:
        return class_name == "Sequential"
    if _RECURRENT.search(class_name):
        return all(entry.tensor == 0 for entry in entries)
    return not _ATTENTION.search(class_name)


def _call_of(
    connection: Connection,
    calls: Mapping[str, list[str]],
    nodes: Mapping[str, set[int]],
    below: Mapping[str, list[str]],
) -> str:
    """The item that a connection means; a model inside a model counts its calls from one."""
    names = calls.get(connection.layer)
    if names is None and not connection.cut:
        names = below.get(connection.layer)
    if names is None:
        several = len(nodes[connection.layer]) > 1
        return f"{connection.layer} [{connection.node}]" if several else connection.layer
    taken = nodes[connection.layer]
    first = 1 if min(taken) > 0 and max(taken) == len(names) else 0
    return names[min(max(connection.node - first, 0), len(names) - 1)]


def _without_expanded_models(rows: tuple[Row, ...]) -> list[Row]:
    """The rows of layers: an expanded model's own row and its inputs' are left out."""
    kept: list[Row] = []
    for row, following in pairwise((*rows, None)):
        assert row is not None  # noqa: S101 - only the last one has no successor
        is_inside = row.depth > 0 and row.kind == "InputLayer"
        if not _is_expanded(row, following) and not (is_inside and kept):
            kept.append(row)
    return kept


def _is_expanded(row: Row, following: Row | None) -> bool:
    deeper = following is not None and following.depth > row.depth
    return deeper and class_of(row.kind, row.name) in MODELS
