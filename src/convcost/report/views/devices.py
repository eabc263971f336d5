"""Devices: the list, and one with the source of every figure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.report.document import Document, Lines, Report, Section, Table
from convcost.report.figures import exact, number_column, plural, prose_column, text_column
from convcost.units import format_bytes, format_count

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from convcost.device import Device

#: How people read a figure, by the first part of its path; all others are plain numbers.
_UNITS: dict[str, Callable[[float], str]] = {
    "peak_flops": lambda value: format_count(value, "FLOP/s"),
    "memory_bandwidth": lambda value: format_count(value, "B/s"),
    "cache_bandwidth": lambda value: format_count(value, "B/s"),
    "clock_hertz": lambda value: format_count(value, "Hz"),
    "caches": format_bytes,
}

_LIST = (
    text_column("name", "name"),
    text_column("kind", "kind", rank=1),
    number_column("float32_flops_per_second", "float32", _UNITS["peak_flops"]),
    number_column("bytes_per_second", "bandwidth", _UNITS["memory_bandwidth"]),
    number_column("cores", "cores", exact, rank=2),
    prose_column("title", "what it is"),
)


def report(devices: Sequence[Device], *, next_: str = "") -> Report:
    """All devices, one per row."""
    rows = tuple(
        (
            *(device.name, device.kind, device.peak_flops["float32"].value),
            *(device.memory_bandwidth.value, int(device.cores.value), device.title),
        )
        for device in devices
    )
    table = Table(columns=_LIST, rows=rows)
    return Report(
        Document(
            answers=(f"{plural(len(devices), 'device')}; a file of your own works too: NAME.toml",),
            sections=(Section("", (table,)),),
            records=table,
            next=next_,
        ),
        _data(devices),
    )


def report_one(device: Device, *, next_: str = "") -> Report:
    """Every figure of a device with its source."""
    rows = tuple(
        (path, _shown(path, figure.value), figure.value, figure.basis, figure.source)
        for path, figure in device.figures()
    )
    records = Table(
        columns=(
            text_column("figure", "figure"),
            text_column("shown", "value"),
            number_column("value", "value", str),
            text_column("basis", "basis"),
            prose_column("source", "source"),
        ),
        rows=rows,
    )
    peak, bandwidth = device.peak_flops["float32"].value, device.memory_bandwidth.value
    table = records.without(frozenset({"value"}))
    return Report(
        Document(
            answers=(
                (
                    f"{device.name}: {_UNITS['peak_flops'](peak)} in float32, "
                    f"{_UNITS['memory_bandwidth'](bandwidth)}, "
                    f"{exact(int(device.cores.value))} cores ({device.kind})"
                ),
            ),
            sections=(
                Section("", (Lines("what it is", (device.title,)), table)),
                *([Section("", (Lines("note", (device.note,)),))] if device.note else []),
            ),
            records=records.without(frozenset({"shown"})),
            next=next_,
        ),
        _data([device]),
    )


def _shown(path: str, value: float) -> str:
    return _UNITS.get(path.partition(".")[0], format_count)(value)


def _data(devices: Sequence[Device]) -> dict[str, Any]:
    import msgspec

    return {"schema": "convcost/devices/1", "devices": [msgspec.to_builtins(d) for d in devices]}
