"""The rows of a table as layers with a class, a unique name, inputs and a shape."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from convcost.read.keras_names import class_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.read.summary.table import Dimension, Row, Table

_MODELS = frozenset({"Sequential", "Functional", "Model"})


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
    """

    row: Row
    name: str
    class_name: str | None
    inputs: tuple[str, ...]
    shape: list[Dimension]
    config: Mapping[str, Any] = field(default_factory=dict)

    @property
    def rank(self) -> int:
        """Axes, the batch included."""
        return len(self.shape)


def items_of(table: Table) -> list[Item]:
    """The layers of a table; rows of a nested model stand in for the model's own row."""
    rows = _without_expanded_models(table.rows)
    connected = any(row.inputs for row in rows)
    items: list[Item] = []
    taken: set[str] = set()
    last_of: dict[str, str] = {}
    for row in rows:
        name = _unique(row.name or "layer", taken)
        inputs: tuple[str, ...] = (items[-1].name,) if items else ()
        if connected and row.inputs is not None and (row.inputs or row.kind == "InputLayer"):
            inputs = tuple(last_of.get(c.layer, c.layer) for c in row.inputs)
        last_of[row.name] = name
        items.append(
            Item(
                row=row,
                name=name,
                class_name=class_of(row.kind, row.name, cut=row.kind_cut),
                inputs=inputs,
                shape=list(row.shapes[0]) if row.shapes else [],
            )
        )
    return items


def _without_expanded_models(rows: tuple[Row, ...]) -> list[Row]:
    kept = []
    for row, following in zip(rows, (*rows[1:], None), strict=True):
        expanded = following is not None and following.depth > row.depth
        if not (expanded and class_of(row.kind, row.name) in _MODELS):
            kept.append(row)
    return kept


def _unique(name: str, taken: set[str]) -> str:
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name} ({number})"
    taken.add(free)
    return free
