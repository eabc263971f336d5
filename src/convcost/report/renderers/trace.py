"""Chrome's trace event format (its JSON object form), which Perfetto and chrome://tracing show."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from convcost.report.registry import Surface, renderer
from convcost.report.text import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from convcost.report.document import Report
    from convcost.report.trace import Process, Trace

_SCHEMA = "convcost/trace/1"
#: What runs in order has one thread.
_THREAD = 1
_NANOSECONDS = 1e9
_NANOSECONDS_PER_MICROSECOND = 1000


@renderer("trace", timed=True)
def render(report: Report, surface: Surface) -> str:
    """A line per event, in ASCII; names with control characters stay harmless text."""
    import json

    del surface
    assert report.trace is not None  # noqa: S101 - `registry.render` has looked
    trace = report.trace()
    events = ",\n".join(json.dumps(each, allow_nan=False) for each in _events(trace))
    about = json.dumps(_about(trace), indent=2, allow_nan=False)
    # some viewers take this key for the unit of the times where it says "ns"
    unit = '"displayTimeUnit": "ms"'
    return f'{{"traceEvents": [\n{events}\n],\n{unit},\n"otherData": {about}}}\n'


def _events(trace: Trace) -> Iterator[dict[str, Any]]:
    """Names of processes and threads, then what runs in them."""
    numbered = list(enumerate(trace.processes, start=1))
    for number, process in numbered:
        for name, value in (
            ("process_name", {"name": visible(process.name)}),
            ("process_sort_index", {"sort_index": number}),
            ("thread_name", {"name": visible(process.kind)}),
        ):
            yield {"name": name, "ph": "M", "pid": number, "tid": _THREAD, "args": value}
    for number, process in numbered:
        yield from _complete(process, number)


def _complete(process: Process, number: int) -> Iterator[dict[str, Any]]:
    """Complete events, from the sum of all before them on.

    Ends, not durations, are rounded to nanoseconds: so no event overlaps the next one, and the last
    one ends where the sum does.
    """
    seconds, begin = 0.0, 0
    for event in process.events:
        seconds += event.seconds
        end = round(seconds * _NANOSECONDS)
        yield {
            "name": visible(event.name),
            "cat": event.phase,
            "ph": "X",
            "ts": _microseconds(begin),
            "dur": _microseconds(end - begin),
            "pid": number,
            "tid": _THREAD,
            "args": _plain(event.details),
        }
        begin = end


def _microseconds(nanoseconds: int) -> float:
    """Microseconds that a viewer turns into these nanoseconds.

    Perfetto multiplies by 1000 and cuts off the fraction, which would lose a nanosecond where the
    nearest number lies a little below.

    >>> _microseconds(1500), _microseconds(1001)
    (1.5, 1.0010000000000001)
    """
    found = nanoseconds / _NANOSECONDS_PER_MICROSECOND
    if int(found * _NANOSECONDS_PER_MICROSECOND) < nanoseconds:
        return math.nextafter(found, math.inf)
    return found


def _about(trace: Trace) -> Mapping[str, Any]:
    networks = (
        {"pid": number, "kind": process.kind, **_plain(process.about)}
        for number, process in enumerate(trace.processes, start=1)
    )
    return {"schema": _SCHEMA, "networks": list(networks)}


def _plain(value: Any) -> Any:
    """The same with all texts made visible: a viewer may refuse a file with half a character."""
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, dict):
        return {visible(key): _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list) else value
