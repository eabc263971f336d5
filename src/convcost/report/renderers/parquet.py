"""Parquet: the table of records, every column of one type."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from convcost.errors import MissingFramework
from convcost.report.columns import typed
from convcost.report.registry import Surface, renderer

if TYPE_CHECKING:
    from convcost.report.columns import TypedColumn
    from convcost.report.document import Report


def _arrow() -> Any:
    """The package that writes it.

    Raises:
        MissingFramework: it is not installed.
    """
    try:
        import pyarrow as pa
    except ImportError:
        raise MissingFramework(
            "the format 'parquet' needs pyarrow", hint="pip install 'convcost[pandas]'"
        ) from None
    return pa


@renderer("parquet", suffix=".parquet", binary=True, needs=_arrow)
def render(report: Report, surface: Surface) -> bytes:
    """Integers of 64 bits, numbers of double precision, truth values, text; nulls where unknown."""
    del surface
    arrow = _arrow()
    from pyarrow import parquet

    columns = typed(report.document.records)
    table = arrow.Table.from_arrays(
        [_array(arrow, column) for column in columns], names=[column.key for column in columns]
    )
    file = io.BytesIO()
    parquet.write_table(table, file)
    return file.getvalue()


def _array(arrow: Any, column: TypedColumn) -> Any:
    """Integers that 64 bits do not hold are written as text: every digit stays."""
    if column.kind == "large integer":
        digits = [None if value is None else str(value) for value in column.values]
        return arrow.array(digits, arrow.string())
    kinds = {
        "boolean": arrow.bool_(),
        "integer": arrow.int64(),
        "number": arrow.float64(),
        "text": arrow.string(),
    }
    return arrow.array(column.values, kinds[column.kind])
