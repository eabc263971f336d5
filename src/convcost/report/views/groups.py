"""A count by parts: modules as a tree, ops, the largest layers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from convcost.count.rows import cost_to_dict
from convcost.report.document import Lines, Report, Section, Table
from convcost.report.figures import (
    COST_KEYS,
    bounded,
    exact,
    number_column,
    plural,
    size_in_bytes,
    text_column,
)
from convcost.report.views.remarks import lost
from convcost.units import format_percent

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from convcost.count import Count
    from convcost.count.group import Figure, Group, Grouping
    from convcost.network.dims import Dim
    from convcost.report.document import Block, Row

#: Figures of a row, how people read them, and the rank of their column.
_FIGURES: tuple[tuple[Figure, str, Callable[[Dim], str], int], ...] = (
    ("parameters", "parameters", exact, 0),
    ("macs", "MACs", exact, 0),
    ("elementwise", "element-wise", exact, 6),
    ("bytes", "bytes", size_in_bytes, 4),
)

_SHARES: tuple[tuple[Figure, str, int], ...] = (
    ("macs", "of MACs", 2),
    ("parameters", "of parameters", 7),
    ("bytes", "of bytes", 8),
)

_SUMS = ("parameters", "trainable_parameters", "statistics")

_RECORDS = tuple(
    text_column(key, key)
    for key in (
        *("network", "depth", "path", "name", "what", "kind", "op", "layers", "complete", "batch"),
        *(*_SUMS, *COST_KEYS, *(f"share_of_{figure}" for figure, _, _ in _SHARES)),
    )
)

_CONVENTION = "a module's figures are those of all its parts, which stand indented below it."

_INDENT = "  "


def with_groups(report: Report, counts: Sequence[Count], found: Sequence[Grouping]) -> Report:
    """The report of counts with groups instead of layers, and with ``groups`` in its data.

    Args:
        report: of `convcost.report.views.count`, a section per network.
        counts: of the same networks.
        found: their groups.
    """
    document = report.document
    pairs = list(zip(counts, found, strict=True))
    answers = zip(document.answers, found, strict=True)
    sections = zip(document.sections, pairs, strict=True)
    networks = zip(report.data["networks"], found, strict=True)
    tree = any(grouping.by == "module" for grouping in found)
    return Report(
        replace(
            document,
            answers=tuple(f"{text}{_mostly(grouping)}" for text, grouping in answers),
            sections=tuple(_section(section, *pair) for section, pair in sections),
            records=Table(
                columns=_RECORDS, rows=tuple(row for pair in pairs for row in _records(*pair))
            ),
            footnotes=(*document.footnotes, *([_CONVENTION] if tree else [])),
        ),
        {
            **report.data,
            "networks": [{**network, "groups": x.to_dict()} for network, x in networks],
        },
    )


def _mostly(grouping: Grouping) -> str:
    """Which module has most of the MACs, or of what the modules are sorted by."""
    groups = grouping.groups if grouping.by == "module" else ()
    modules = [group for group in groups if group.what in {"module", "layer"}]
    figure = grouping.sort or "macs"
    shares = [(grouping.share(group, figure) or 0.0, group.name) for group in modules]
    share, name = max(shares, default=(0.0, ""), key=lambda pair: pair[0])
    titles = {key: title for key, title, _, _ in _FIGURES}
    title = "element-wise operations" if figure == "elementwise" else titles[figure]
    return f"; {name} has {format_percent(share)} of the {title}" if share else ""


def _section(section: Section, counted: Count, grouping: Grouping) -> Section:
    _, *others = section.blocks
    blocks: list[Block] = [_table(counted, grouping), *others]
    if grouping.deeper:
        text = f"{plural(grouping.deeper, 'part')} of the modules above (--depth N shows deeper)"
        blocks.insert(1, Lines("not shown", (text,)))
    return Section(section.heading, tuple(blocks))


def _table(counted: Count, grouping: Grouping) -> Table:
    kinds = {"module": ["kind"], "layer": ["op"], "op": []}[grouping.by]
    columns = (
        text_column(grouping.by, grouping.by),
        *(text_column(kind, kind, rank=3) for kind in kinds),
        number_column("layers", "layers", exact, rank=5),
        *(number_column(key, title, show, rank=rank) for key, title, show, rank in _FIGURES),
        *(
            number_column(f"share_of_{key}", title, format_percent, rank=rank)
            for key, title, rank in _SHARES
        ),
    )
    rows = tuple(_row(grouping, depth, group) for depth, group in grouping.rows())
    return Table(columns=columns, rows=rows, footer=(_total(counted, grouping),))


def _row(grouping: Grouping, depth: int, group: Group) -> Row:
    kind = [] if grouping.by == "op" else [group.kind.rpartition(".")[2] or group.op]
    unknown, unsaid = group.unknown, group.unsaid
    return (
        _INDENT * (depth - 1) + group.name,
        *kind,
        group.layers,
        *(
            bounded(group.figure(key), show, whole=not (unsaid if key == "parameters" else unknown))
            for key, _, show, _ in _FIGURES
        ),
        *(grouping.share(group, key) or None for key, _, _ in _SHARES),
    )


def _total(counted: Count, grouping: Grouping) -> Row:
    whole = grouping.total
    kind = [] if grouping.by == "op" else [None]
    complete = counted.complete
    figures: list[Dim] = [whole.step.macs, whole.step.elementwise, whole.step.bytes]
    shows = [show for _, _, show, _ in _FIGURES]
    return (
        *("total", *kind, len(counted.layers)),
        bounded(whole.parameters, exact, whole=not lost(counted.unknown)),
        *(bounded(x, show, whole=complete) for x, show in zip(figures, shows[1:], strict=True)),
        *(None for _ in _SHARES),
    )


def _records(counted: Count, grouping: Grouping) -> list[Row]:
    return [_record(counted, grouping, *row) for row in grouping.rows()]


def _record(counted: Count, grouping: Grouping, depth: int, group: Group) -> Row:
    row = group.to_dict()
    cost = {} if group.cost is None else cost_to_dict(group.cost)
    return (
        *(counted.source, depth),
        *(row[key] for key in ("path", "name", "what", "kind", "op", "layers", "complete")),
        counted.workload.batch,
        *(row[key] for key in _SUMS),
        *(cost.get(key) for key in COST_KEYS),
        *(grouping.share(group, figure) for figure, _, _ in _SHARES),
    )
