"""Which view shows which result, as its verb returns it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.report.frame import frame
from convcost.report.registry import Surface
from convcost.report.renderers import html
from convcost.report.views import (
    calibrate,
    compare,
    conventions,
    count,
    explain,
    history,
    measure,
    memory,
    predict,
    rewrite,
    runs,
    sweep,
    whole,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pandas import DataFrame

    from convcost.report.document import Report
    from convcost.result import Result

#: By the name of the result's class.
_VIEWS: Mapping[str, Callable[[Any], Report]] = {
    "Calibration": calibrate.report,
    "Comparison": compare.report,
    "Count": lambda found: count.report([found]),
    "Explanation": explain.report,
    "History": lambda found: history.report(found, chosen=False),
    "Measurements": lambda found: measure.report(found, notes=[()] * len(found.networks)),
    "Memory": lambda found: memory.report([found], notes=[()]),
    "OtherCount": conventions.report_one,
    "Overview": whole.report,
    "Prediction": lambda found: predict.report([found], notes=[()]),
    "Rewriting": rewrite.report,
    "Runs": runs.report,
    "Sweep": sweep.report,
}


def report_of(result: Result) -> Report:
    """A result as a report."""
    return _VIEWS[type(result).__name__](result)


def page_of(result: Result) -> str:
    """A result as an HTML page of its own."""
    return html.render(report_of(result), Surface())


def fragment_of(result: Result) -> str:
    """A result as a part of another HTML page."""
    return html.fragment(report_of(result))


def frame_of(result: Result) -> DataFrame:
    """The records of a result as a pandas frame.

    Raises:
        MissingFramework: pandas is not installed.
    """
    return frame(report_of(result).document.records)
