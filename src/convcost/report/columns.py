"""Records as columns of one type each: for pandas and for Parquet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from convcost.network.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcost.report.document import Table

Kind: TypeAlias = Literal["boolean", "integer", "large integer", "number", "text"]

#: Whole numbers from -2^63 to 2^63 - 1 have 64 bits.
_HALF = 2**63


@dataclass(frozen=True, slots=True)
class TypedColumn:
    """A figure of all records.

    Attributes:
        key: its name, unit included.
        kind: of all its values; a large integer has more than 64 bits.
        values: one per record; None is not known.
    """

    key: str
    kind: Kind
    values: Sequence[Any]

    @property
    def complete(self) -> bool:
        """Whether every value is known."""
        return None not in self.values


def typed(records: Table) -> tuple[TypedColumn, ...]:
    """The columns of a table of records, bars left out.

    >>> from convcost.report.document import Column, Table
    >>> keys = (Column(key="macs", title=""), Column(key="share", title=""))
    >>> [column.kind for column in typed(Table(columns=keys, rows=((2**53 + 1, 0), (None, 0.5))))]
    ['integer', 'number']
    """
    table = records.without(records.bars)
    columns = zip(*table.rows, strict=True) if table.rows else ((),) * len(table.columns)
    return tuple(
        _typed(column.key, values) for column, values in zip(table.columns, columns, strict=True)
    )


def _typed(key: str, values: Sequence[Any]) -> TypedColumn:
    """A column whose values are of several kinds (formulas among numbers) is text."""
    kinds = set(map(type, values)) - {type(None)}
    if kinds == {bool}:
        return TypedColumn(key, "boolean", values)
    if kinds == {int}:
        whole = [value for value in values if value is not None]
        fits = min(whole) >= -_HALF and max(whole) < _HALF
        return TypedColumn(key, "integer" if fits else "large integer", values)
    if kinds and kinds <= {int, float}:
        return TypedColumn(key, "number", values)
    return TypedColumn(key, "text", [None if value is None else _text(value) for value in values])


def _text(value: Any) -> str:
    """As it is; half of a surrogate pair, which no file can hold, as an escape."""
    return str(value).encode("utf-8", "backslashreplace").decode()
