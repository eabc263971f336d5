"""Receptive fields: columns beside a report of counts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from convcost.network.tensor import SPATIAL_AXES
from convcost.report.document import Lines, Report, Section, Table
from convcost.report.figures import (
    NOT_KNOWN,
    exact,
    number_column,
    text_column,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from convcost.count.field import Field, Span
    from convcost.report.document import Block, Column, Row

_FIGURES = ("size", "stride", "offset")

_TITLES = ("receptive field", "field stride", "field offset")

_COLUMNS = tuple(
    number_column(f"receptive_field_{figure}", title, exact)
    for figure, title in zip(_FIGURES, _TITLES, strict=True)
)

_CONVENTION = (
    "receptive field = inputs that one position depends on, axis by axis where they differ; "
    "position 0 begins at the offset (negative in padding), the next one a stride later."
)

_WHOLE = "whole"


def with_receptive_fields(report: Report, fields: Sequence[Mapping[str, Field]]) -> Report:
    """The report of counts with columns more, and with ``receptive_field`` in its data.

    Args:
        report: of `convcost.report.views.count`, a section per network.
        fields: per network, the field of each of its layers in order.
    """
    document = report.document
    networks = zip(document.sections, fields, strict=True)
    every = [field for network in fields for field in network.values()]
    axes = [axis for axis in SPATIAL_AXES if any(axis in field.axes for field in every)]
    networks_data = zip(report.data["networks"], fields, strict=True)
    return Report(
        replace(
            document,
            sections=tuple(_section(section, network) for section, network in networks),
            records=_wider(
                document.records, _record_columns(axes), every, lambda field: _record(field, axes)
            ),
            footnotes=(*document.footnotes, _CONVENTION),
        ),
        {**report.data, "networks": [_data(network, found) for network, found in networks_data]},
    )


def _section(section: Section, fields: Mapping[str, Field]) -> Section:
    table, *others = section.blocks
    if isinstance(table, Table):
        table = _wider(table, _COLUMNS, list(fields.values()), _cells)
    notes = tuple(line for name, field in fields.items() for line in _notes(name, field))
    blocks: list[Block] = [table, *others]
    return Section(
        section.heading, (*blocks, Lines("receptive fields", notes)) if notes else tuple(blocks)
    )


def _wider(
    table: Table,
    columns: tuple[Column, ...],
    fields: Sequence[Field],
    cells: Callable[[Field], Row],
) -> Table:
    empty = (None,) * len(columns)
    return replace(
        table,
        columns=(*table.columns, *columns),
        rows=tuple((*row, *cells(f)) for row, f in zip(table.rows, fields, strict=True)),
        footer=tuple((*row, *empty) for row in table.footer),
    )


def _cells(field: Field) -> Row:
    return tuple(_figure(field, figure) for figure in _FIGURES)


def _figure(field: Field, figure: str) -> object:
    """One value where all axes agree, else all of them: ``1 x 7``."""
    if field.why is not None:
        return NOT_KNOWN
    values = [_value(span, figure) for span in field.axes.values()]
    if len(set(map(str, values))) <= 1:
        return values[0] if values else None
    return " x ".join("-" if value is None else str(value) for value in values)


def _value(span: Span, figure: str) -> object:
    if span.whole:
        return _WHOLE if figure == "size" else None
    return getattr(span, figure)


def _record_columns(axes: Sequence[str]) -> tuple[Column, ...]:
    keys = (f"receptive_field_{axis}_{figure}" for axis in axes for figure in _FIGURES)
    return tuple(text_column(key, key) for key in keys)


def _record(field: Field, axes: Sequence[str]) -> Row:
    return tuple(
        _value(field.axes[axis], figure) if axis in field.axes else None
        for axis in axes
        for figure in _FIGURES
    )


def _notes(name: str, field: Field) -> tuple[str, ...]:
    return tuple(f"{name}: {text}" for text in (*field.notes, *([field.why] if field.why else [])))


def _data(network: Mapping[str, object], fields: Mapping[str, Field]) -> Mapping[str, object]:
    layers: list[Mapping[str, object]] = network["layers"]  # type: ignore[assignment]
    wider = []
    for row, field in zip(layers, fields.values(), strict=True):
        notes = [*field.notes, *([field.why] if field.why else [])]
        more = {"receptive_field_notes": notes} if notes else {}
        wider.append({**row, "receptive_field": field.to_dict(), **more})
    return {**network, "layers": wider}
