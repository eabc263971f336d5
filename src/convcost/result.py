"""What all results of the verbs share: they can be shown, by the report.

Results belong to levels below `convcost.report`; it is named here, and imported when a result is
asked.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pandas import DataFrame

_RESULTS = "convcost.report.results"


class Result:
    """What a verb returns."""

    __slots__ = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain values by the JSON contract."""
        raise NotImplementedError  # every result has its own

    def to_html(self) -> str:
        """A page of its own with charts, as ``-o FILE.html`` writes it."""
        results: Any = import_module(_RESULTS)
        page: str = results.page_of(self)
        return page

    def _repr_html_(self) -> str:
        """What a notebook shows: the same as a part of its own page."""
        results: Any = import_module(_RESULTS)
        fragment: str = results.fragment_of(self)
        return fragment

    def to_pandas(self) -> DataFrame:
        """A pandas frame: a row per layer, point, network or run, the columns those of `csv`.

        Integers stay integers; a column that is not known of every row has pandas' nullable type.

        Raises:
            MissingFramework: pandas is not installed.
        """
        results: Any = import_module(_RESULTS)
        return results.frame_of(self)
