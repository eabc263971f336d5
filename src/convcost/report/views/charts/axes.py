"""Quantities that several charts draw."""

from __future__ import annotations

from convcost.report.charts.axis import Axis
from convcost.units import format_bytes, format_count, format_seconds

SECONDS = Axis(key="seconds", title="time", show=format_seconds)
MACS = Axis(key="macs", title="MACs", show=format_count)
PARAMETERS = Axis(key="parameters", title="parameters", show=format_count)
BYTES = Axis(key="bytes", title="bytes", show=format_bytes)
#: Above it a quantity's range is too wide for equal distances.
_WIDE = 20.0


def ranging(axis: Axis, values: list[float]) -> Axis:
    """The axis, logarithmic where its values are of several sizes.

    >>> ranging(MACS, [1.0, 3.0]).log, ranging(MACS, [1.0, 300.0]).log
    (False, True)
    """
    known = [value for value in values if axis.fits(value)]
    wide = bool(known) and min(known) > 0 and max(known) >= _WIDE * min(known)
    return Axis(key=axis.key, title=axis.title, show=axis.show, log=wide)
