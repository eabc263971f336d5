"""Records as a pandas frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.errors import MissingFramework
from convcost.report.columns import typed

if TYPE_CHECKING:
    from pandas import DataFrame

    from convcost.report.columns import Kind, TypedColumn
    from convcost.report.document import Table

#: What pandas calls the kinds of columns, without a missing value and with one.
_DTYPES: dict[Kind, tuple[str, str]] = {
    "boolean": ("bool", "boolean"),
    "integer": ("int64", "Int64"),
    "large integer": ("object", "object"),
    "number": ("float64", "float64"),
    "text": ("string", "string"),
}


def frame(records: Table) -> DataFrame:
    """A row per record; integers stay integers where some are missing.

    Raises:
        MissingFramework: pandas is not installed.
    """
    try:
        import pandas as pd
    except ImportError:
        raise MissingFramework(
            "a result as a frame needs pandas", hint="pip install 'convcost[pandas]'"
        ) from None
    columns = typed(records)
    found = {place: _series(pd, column) for place, column in enumerate(columns)}
    whole = pd.DataFrame(found)
    whole.columns = pd.Index([column.key for column in columns], dtype="object")
    return whole


def _series(pd: Any, column: TypedColumn) -> Any:
    dtype = _DTYPES[column.kind][0 if column.complete else 1]
    return pd.Series(list(column.values), dtype=dtype)
