"""What every renderer prints: an answer, sections of tables and lines, footnotes, a next step.

Cells hold raw values. A column says how people read them; machines get the values themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

from convcost.errors import unknown_name
from convcost.network.dataclass import dataclass, replace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from convcost.report.charts.canvas import Canvas
    from convcost.report.trace import Trace

Cell: TypeAlias = Any
Row: TypeAlias = tuple[Cell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a table.

    Attributes:
        key: the name for machines, unit included (``read_write_bytes``, ``seconds``).
        title: the heading for people.
        show: a value as people read it; None is always shown as an empty cell.
        align: texts left, numbers right.
        rank: 0 is never dropped; on a narrow terminal the highest rank goes first.
        bar: the value is a share of one, drawn as a bar and left out of the formats that draw none.
        prose: the text may be broken into lines, and makes no other column leave.
    """

    key: str
    title: str
    show: Callable[[Any], str] = str
    align: Literal["left", "right"] = "left"
    rank: int = 0
    bar: bool = False
    prose: bool = False

    def text(self, value: Cell) -> str:
        """A cell for people. Among numbers a text stands for itself, such as "?" for not known."""
        if value is None:
            return ""
        return value if isinstance(value, str) else self.show(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows under columns.

    Attributes:
        columns: from left to right.
        rows: a raw value per column.
        title: what the table is about; empty where the section says it.
        footer: rows that sum up the others.
    """

    columns: tuple[Column, ...]
    rows: Sequence[Row]
    title: str = ""
    footer: tuple[Row, ...] = ()

    def without(self, keys: frozenset[str]) -> Table:
        """The same table with some columns left out."""
        kept = [i for i, column in enumerate(self.columns) if column.key not in keys]

        def cut(row: tuple[Any, ...]) -> tuple[Any, ...]:
            return tuple(row[i] for i in kept)

        return Table(
            columns=cut(self.columns),
            rows=tuple(cut(row) for row in self.rows),
            title=self.title,
            footer=tuple(cut(row) for row in self.footer),
        )

    @property
    def bars(self) -> frozenset[str]:
        """Keys of the columns that are bars."""
        return frozenset(column.key for column in self.columns if column.bar)


class LaterRows(Sequence[Row]):
    """Rows that are made when somebody asks for them: few do, and formulas as text take long."""

    def __init__(self, make: Callable[[], Iterable[Row]]) -> None:
        self._make = make

    @cached_property
    def _rows(self) -> tuple[Row, ...]:
        return tuple(self._make())

    def __getitem__(self, place: Any) -> Any:
        return self._rows[place]

    def __len__(self) -> int:
        return len(self._rows)


class LaterData(Mapping[str, Any]):
    """Plain values, likewise."""

    def __init__(self, make: Callable[[], Mapping[str, Any]]) -> None:
        self._make = make

    @cached_property
    def _data(self) -> Mapping[str, Any]:
        return self._make()

    def __getitem__(self, key: str) -> Any:
        return self._data[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._data)

    def __len__(self) -> int:
        return len(self._data)


@dataclass(frozen=True, slots=True)
class Lines:
    """Statements, one per line, under a title."""

    title: str
    lines: tuple[str, ...]


class Figure(Protocol):
    """What a chart draws: a value of one of the kinds in `convcost.report.charts`."""

    @property
    def table(self) -> Table:
        """The numbers that are drawn."""

    def draw(self, width: int) -> Canvas:
        """The drawing.

        Args:
            width: pixels of 96 to the inch; the height follows.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Numbers as a drawing. Formats that cannot draw leave it out: their tables have the numbers.

    Attributes:
        name: what ``--chart`` calls it.
        title: what is drawn.
        text: what is to be seen, in words.
        make: makes the figure when somebody asks for it.
        in_text: what formats that cannot draw show in its place.
    """

    name: str
    title: str
    text: str
    make: Callable[[], Figure]
    in_text: Lines | None = None


Block: TypeAlias = Table | Lines | Chart


@dataclass(frozen=True, slots=True)
class Section:
    """What belongs to one network, or to the whole; the heading is empty where it is obvious."""

    heading: str
    blocks: tuple[Block, ...]

    @property
    def in_text(self) -> tuple[Table | Lines, ...]:
        """Its blocks for formats that cannot draw."""
        shown = (block.in_text if isinstance(block, Chart) else block for block in self.blocks)
        return tuple(block for block in shown if block is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A result for people.

    Attributes:
        answers: the first lines: what was asked for, one line per network.
        sections: what the answer consists of.
        footnotes: conventions that hold for all figures.
        next: the command to go on with; empty where there is none.
        records: the one table that a format for machines holds.
        command: the command line that this is the answer to; empty where there was none.
    """

    answers: tuple[str, ...]
    sections: tuple[Section, ...]
    records: Table
    footnotes: tuple[str, ...] = ()
    next: str = ""
    command: str = ""

    @property
    def charts(self) -> dict[str, Chart]:
        """All charts in order, by their names; a name's second chart is ``NAME-2``."""
        found: dict[str, Chart] = {}
        for section in self.sections:
            for chart in section.blocks:
                if isinstance(chart, Chart):
                    number = 1 + sum(chart.name == other.name for other in found.values())
                    found[chart.name if number == 1 else f"{chart.name}-{number}"] = chart
        return found

    def only(self, chart: str) -> Document:
        """The same with one of its charts and nothing else.

        Raises:
            UsageError: it has no chart of that name.
        """
        charts = self.charts
        if chart not in charts:
            raise unknown_name("chart of this result", chart, charts)
        return replace(self, sections=(Section("", (charts[chart],)),))


@dataclass(frozen=True, slots=True)
class Report:
    """A result in all its shapes.

    Attributes:
        document: for people.
        data: plain values by the JSON contract, `schema` first.
        trace: makes the timeline for viewers of traces; None for a result that has no such times.
    """

    document: Document
    data: Mapping[str, Any]
    trace: Callable[[], Trace] | None = None
