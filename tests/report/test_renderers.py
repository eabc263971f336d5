"""Every renderer on one made-up document with a hostile layer."""

import csv
import io
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convcost.errors import UsageError
from convcost.report import Chart, Column, Document, Lines, Report, Section, Surface, Table
from convcost.report.charts.axis import Axis
from convcost.report.charts.bars import Bar, Bars, Row, Series
from convcost.report.registry import format_of_suffix, formats, is_binary, render
from convcost.report.renderers.terminal import columns_to_drop
from convcost.report.trace import Event, Process, Trace

HOSTILE = "\x1b[31m[red]a|b[/red]\n\u202e"
FORMULA = "=cmd|' /C calc'!A0"
LONG = "block_17_depthwise_separable_convolution_of_a_very_long_name"

COLUMNS = (
    Column(key="layer", title="layer"),
    Column(key="macs", title="MACs", show="{:,}".format, align="right"),
    Column(key="op", title="op", rank=1),
    Column(key="bar", title="", bar=True, rank=2),
)
TABLE = Table(
    columns=COLUMNS,
    rows=(
        (HOSTILE, 1_000_000, "conv", 1.0),
        (FORMULA, None, "unknown", None),
        (LONG, "?", "op" * 20, 0.2),
        ("卷积", 12, "conv", 0.0),
    ),
    footer=(("total", 1_000_012, None, None),),
)
CHART = Chart(
    name="time",
    title=HOSTILE,
    text=HOSTILE,
    make=lambda: Bars(
        what="layer",
        axis=Axis(key="macs", title="MACs", show=str),
        series=(Series(key=HOSTILE, name=HOSTILE),),
        rows=(Row(HOSTILE, (Bar(series=0, value=1.0, note=HOSTILE),)),),
    ),
)
EVENT = Event(name=HOSTILE, phase="forward", seconds=1.0, details={"layers": [HOSTILE]})
REPORT = Report(
    Document(
        answers=(f"the answer about {HOSTILE}",),
        sections=(
            Section("section *one*", (CHART, TABLE, Lines("notes", (f"note on {HOSTILE}",)))),
        ),
        records=TABLE,
        footnotes=("a convention",),
        next="convcost explain 'my file'",
    ),
    {"schema": "convcost/test/1", "name": HOSTILE},
    lambda: Trace((Process(name=HOSTILE, kind="predicted", events=(EVENT,), about={}),)),
)
ANSI = re.compile(r"\x1b\[[0-9;]*m")
BOXES = re.compile(r"[\u2500-\u257f]")


@pytest.mark.parametrize("format_", [each for each in formats() if not is_binary(each)])
@pytest.mark.parametrize("surface", [Surface(), Surface(80, colour=True), Surface(30)])
def test_no_format_lets_a_name_through_raw(format_: str, surface: Surface) -> None:
    text = ANSI.sub("", render(REPORT, format_, surface))
    for line in text.split("\n"):
        assert line.isprintable() or line.isspace() or not line, repr(line)
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_plain_text_is_aligned_and_never_cut() -> None:
    lines = render(REPORT, "table").splitlines()
    assert lines[0] == "the answer about \\x1b[31m[red]a|b[/red]\\n\\u202e"
    assert lines[-1] == "next: convcost explain 'my file'"
    assert LONG in "\n".join(lines)
    assert not BOXES.search("\n".join(lines))
    ends = {line.index(value) + len(value) for line, value in _rows(lines)}
    # the wide characters take four cells and two places in the string
    assert len(ends) == 2


def _rows(lines: list[str]) -> list[tuple[str, str]]:
    values = {"[31m": "1,000,000", "block": "?", "total": "1,000,012", "卷积": "12"}
    return [(x, v) for x in lines[3:9] for start, v in values.items() if start in x[:12]]


@pytest.mark.parametrize("width", [20, 40, 80, 200])
def test_a_terminal_keeps_whole_names_within_its_width(width: int) -> None:
    text = render(REPORT, "table", Surface(width))
    table = text.split("notes:")[0]
    # a number is never cut: twelve columns of text, a gap and nine of digits are the least
    assert all(len(line) <= max(width, 12 + 2 + 9) for line in table.splitlines())
    # folded over several lines perhaps, but every character is there and in order
    assert re.search(r"[\s?op]*".join(map(re.escape, LONG)), table)
    assert "…" not in text
    assert ANSI.search(text) is None


def test_a_narrow_terminal_drops_the_highest_ranks_first_and_says_so() -> None:
    assert columns_to_drop(TABLE, 200) == frozenset()
    assert columns_to_drop(TABLE, 80) == {"bar", "op"}
    assert "(no room for: op)" in render(REPORT, "table", Surface(80))


def test_sentences_fold_instead_of_driving_columns_out() -> None:
    prose = Column(key="text", title="text", prose=True)
    number = Column(key="n", title="n", rank=3)
    table = Table(columns=(prose, number), rows=(("word " * 60, 1),))
    assert columns_to_drop(table, 80) == frozenset()


def test_colour_only_where_it_is_wanted() -> None:
    assert ANSI.search(render(REPORT, "table", Surface(80, colour=True)))
    assert not ANSI.search(render(REPORT, "table", Surface(80)))


def test_the_next_command_is_one_line_on_a_terminal() -> None:
    assert "next: convcost explain 'my file'" in render(REPORT, "table", Surface(20)).splitlines()


def test_csv_has_raw_numbers_and_no_formulas() -> None:
    header, *rows = csv.reader(io.StringIO(render(REPORT, "csv")))
    assert header == ["layer", "macs", "op"]
    assert rows[0][1] == "1000000"
    assert rows[1] == [f"'{FORMULA}", "", "unknown"]
    assert len(rows) == 4


@pytest.mark.parametrize("start", ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "\uff1d1"])
def test_csv_guards_every_start_of_a_formula(start: str) -> None:
    table = Table(columns=COLUMNS[:1], rows=((start,),))
    text = render(Report(Document(answers=(), sections=(), records=table), {}), "csv")
    assert text.splitlines()[1].startswith("'")


def test_markdown_escapes_what_it_would_obey() -> None:
    text = render(REPORT, "markdown")
    row = next(line for line in text.splitlines() if "[31m" in line and line.startswith("| "))
    assert len(re.findall(r"(?<!\\)\|", row)) == 4
    assert "\\[red\\]" in row
    assert "## section \\*one\\*" in text
    assert "| --- | ---: | --- |" in text
    assert render(REPORT, "md") == text


def test_json_is_the_data() -> None:
    assert json.loads(render(REPORT, "json")) == REPORT.data


def test_suffixes_and_unknown_formats() -> None:
    assert [format_of_suffix(s) for s in (".json", ".CSV", ".md", ".txt")] == [
        "json",
        "csv",
        "markdown",
        None,
    ]
    with pytest.raises(UsageError, match="jsn") as caught:
        render(REPORT, "jsn")
    assert "json" in str(caught.value)


@given(
    figures=st.lists(st.integers(0, 10**15), min_size=1, max_size=8),
    name=st.text("abcdefgh ", min_size=1, max_size=60),
    width=st.integers(20, 120),
)
def test_no_terminal_is_too_narrow_for_a_whole_number(
    figures: list[int], name: str, width: int
) -> None:
    numbers = [
        Column(key=str(i), title="tool", show="{:,}".format, align="right")
        for i in range(len(figures))
    ]
    table = Table(columns=(Column(key="layer", title="layer"), *numbers), rows=((name, *figures),))
    document = Document(answers=("a",), sections=(Section("", (table,)),), records=table)
    text = render(Report(document, {}), "table", Surface(width=width))
    printed = re.findall(r"(?<!\S)[\d,]+(?!\S)", text)
    assert printed == [f"{figure:,}" for figure in figures]
