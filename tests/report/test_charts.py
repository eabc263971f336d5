"""Charts are their numbers: values read back from a drawing, by its ticks, are the table's."""

import math
import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convcost.report import Chart, Table
from convcost.report.charts import theme
from convcost.report.charts.axis import Axis
from convcost.report.charts.bars import Bar, Bars, Row, Series
from convcost.report.charts.canvas import shortened, width_of
from convcost.report.charts.curves import Curve, Curves, Place
from convcost.report.charts.scatter import Guide, Point, Scatter
from convcost.report.charts.steps import Step, Steps
from convcost.report.charts.svg import NARROW, WIDE, file, inline

X = Axis(key="x", title="x", show=lambda x: f"{x:g}")
Y = Axis(key="y", title="y", show=lambda y: f"{y:g}")
LOG_X = Axis(key="x", title="x", show=lambda x: f"{x:g}", log=True)
LOG_Y = Axis(key="y", title="y", show=lambda y: f"{y:g}", log=True)
SERIES = (Series(key="one", name="one"), Series(key="two", name="two", colour=1, open=True))
HOSTILE = '</svg><script>alert(1)</script>"\x1b\u202e' + "x" * 10_000
WIDTHS = (WIDE, NARROW)


def drawn(figure, width=WIDE):
    """The elements of a drawing; its text has to be well-formed."""
    chart = Chart(name="c", title="a title", text="what is seen", make=lambda: figure)
    return ET.fromstring(inline(chart, width, "wide"))  # noqa: S314 - our own


def of(root, tag, *looks):
    return [each for each in root.iter(tag) if not looks or each.get("class") in looks]


def number(element, name):
    return float(element.get(name))


def along(root, *, lower, log=False):
    """From pixels to numbers, by the ticks of the lower or the left edge."""
    anchor, place = ("middle", "x") if lower else ("end", "y")
    ticks = [t for t in of(root, "text", "faint") if t.get("text-anchor") == anchor]
    title = {"x", "y"}
    known = [(number(t, place), float(t.text)) for t in ticks if t.text not in title]
    assert len(known) > 1
    (p1, v1), (p2, v2) = known[0], known[-1]
    shift = 0 if lower else 12 * 0.35
    if log:
        v1, v2 = math.log(v1), math.log(v2)

    def value(pixel):
        found = v1 + (pixel + shift - p1) / (p2 - p1) * (v2 - v1)
        return math.exp(found) if log else found

    return value


@pytest.mark.parametrize("width", WIDTHS)
def test_bars_are_as_long_as_their_numbers(width):
    rows = [("a", 3.0, 4.5), ("b", 1.5, 0.0), ("c", None, 6.0)]
    figure = Bars(
        what="layer", axis=Y, series=SERIES,
        rows=tuple(Row(n, (Bar(series=0, value=x), Bar(series=1, value=y))) for n, x, y in rows),
    )  # fmt: skip
    assert figure.table.rows == tuple(rows)
    root = drawn(figure, width)
    bars = [x for x in of(root, "rect", "fill0", "open1") if number(x, "height") == 14]
    bars.sort(key=lambda each: number(each, "y"))
    values = [value for row in rows for value in row[1:] if value]
    pixels = number(bars[-1], "width") / 6.0
    assert [number(each, "width") for each in bars] == [
        pytest.approx(value * pixels, abs=0.06) for value in values
    ]
    told = [text.text for text in of(root, "text")]
    assert [text for text in told if text in {"3", "4.5", "1.5", "0", "6", "not known"}] == [
        *("3", "4.5", "1.5", "0", "not known", "6")
    ]


def test_ranges_of_bars():
    bar = Bar(series=0, value=2.0, low=1.0, high=4.0)
    figure = Bars(what="net", axis=Y, series=SERIES[:1], rows=(Row("a", (bar,)),))
    assert figure.table.rows == (("a", 2.0, 1.0, 4.0),)
    assert [column.key for column in figure.table.columns] == ["net", "one", "one_low", "one_high"]
    root = drawn(figure)
    (shown,) = of(root, "rect", "fill0")
    lines = of(root, "line", "range")
    flat = next(each for each in lines if each.get("y1") == each.get("y2"))
    left, pixels = number(shown, "x"), number(shown, "width") / 2
    assert number(flat, "x1") == pytest.approx(left + pixels, abs=0.1)
    assert number(flat, "x2") == pytest.approx(left + 4 * pixels, abs=0.1)


def test_bars_by_kind_name_it():
    figure = Bars(
        what="layer", axis=Y, series=SERIES, apart=True,
        rows=(Row("a", (Bar(series=1, value=2.0),)), Row("b", (Bar(series=0, value=1.0),))),
    )  # fmt: skip
    assert figure.table.rows == (("a", 2.0, "two"), ("b", 1.0, "one"))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(("x", "y"), [(X, Y), (LOG_X, LOG_Y), (LOG_X, Y)])
def test_curves_go_through_their_numbers(width, x, y):
    points = [(1, 5.0), (2, 3.0), (8, 40.0), (64, 90.0)]
    places = tuple(Place(x=a, y=b, low=b / 2, high=b * 2, measured=b * 1.5) for a, b in points)
    figure = Curves(x=x, y=y, curves=(Curve("", places),))
    assert figure.table.rows == tuple((a, b, b / 2, b * 2, b * 1.5) for a, b in points)
    root = drawn(figure, width)
    to_x, to_y = along(root, lower=True, log=x.log), along(root, lower=False, log=y.log)
    marks = of(root, "circle", "fill0")
    # a tenth of a pixel, at either end of an axis
    near = {"rel": 0.02, "abs": 0.3}
    found = [(to_x(number(m, "cx")), to_y(number(m, "cy"))) for m in marks]
    assert found == [(pytest.approx(a, **near), pytest.approx(b, **near)) for a, b in points]
    (line,) = of(root, "path", "line0")
    corners = re.findall(r"([\d.]+) ([\d.]+)", line.get("d"))
    assert [(float(a), float(b)) for a, b in corners] == [
        (number(m, "cx"), number(m, "cy")) for m in marks
    ]
    (band,) = of(root, "path", "band0")
    edges = [float(b) for _, b in re.findall(r"([\d.]+) ([\d.]+)", band.get("d"))]
    high = [to_y(pixel) for pixel in edges[:4]]
    assert high == [pytest.approx(2 * b, **near) for _, b in points]


@pytest.mark.parametrize("log", [True, False])
def test_points_stand_at_their_numbers_and_areas_tell_the_third(log):
    rows = [("a", 1.0, 10.0, 4.0), ("b", 100.0, 30.0, 16.0), ("c", 10.0, 1000.0, 1.0)]
    points = tuple(Point(name=n, x=x, y=y, size=s) for n, x, y, s in rows)
    size = Axis(key="size", title="size", show=str)
    figure = Scatter(what="net", x=LOG_X if log else X, y=LOG_Y if log else Y, points=points,
                     size=size, largest=26.0)  # fmt: skip
    assert figure.table.rows == tuple(rows)
    root = drawn(figure)
    to_x, to_y = along(root, lower=True, log=log), along(root, lower=False, log=log)
    marks = of(root, "circle", "mark0")[1:]  # the first is the legend's
    found = {m.find("title").text[0]: m for m in marks}
    for name, x, y, s in rows:
        mark = found[name]
        near = {"rel": 0.02, "abs": 0 if log else 3}
        assert to_x(number(mark, "cx")) == pytest.approx(x, **near)
        assert to_y(number(mark, "cy")) == pytest.approx(y, **near)
        assert number(mark, "r") ** 2 / 26**2 == pytest.approx(s / 16, rel=0.02)
    assert {"a", "b", "c"} <= {text.text for text in of(root, "text", "name")}


def test_what_cannot_be_drawn_is_in_the_table():
    points = (Point(name="a", x=1.0, y=None), Point(name="b", x=0.0, y=2.0),
              Point(name="c", x=2.0, y=math.inf), Point(name="d", x=3.0, y=3.0))  # fmt: skip
    figure = Scatter(what="net", x=LOG_X, y=Y, points=points)
    assert len(figure.table.rows) == 4
    assert len(of(drawn(figure), "circle")) == 1


def test_steps_are_as_high_as_their_numbers():
    values = [10.0, 30.0, 20.0]
    steps = tuple(Step("forward", name, v) for name, v in zip("abc", values, strict=True))
    figure = Steps(axis=Y, always=5.0, always_name="stored", name="alive", steps=steps)
    assert [row[3:] for row in figure.table.rows] == [(10.0, 15.0), (30.0, 35.0), (20.0, 25.0)]
    root = drawn(figure)
    to_y = along(root, lower=False)
    (sky,) = of(root, "path", "fill0")
    heights = [to_y(float(y)) for _, y in re.findall(r"([\d.]+) ([\d.]+)", sky.get("d"))]
    expected = [0, 15, 15, 35, 35, 25, 25, 0]
    assert heights == [pytest.approx(y, abs=0.1) for y in expected]
    base = next(x for x in of(root, "rect", "fill5") if number(x, "height") != 10)
    assert to_y(number(base, "y")) == pytest.approx(5.0, abs=0.1)
    assert "most: 35, b" in [text.text for text in of(root, "text")]


NUMBERS = st.one_of(
    st.none(), st.floats(1e-12, 1e15), st.integers(0, 10**18),
    st.sampled_from([0.0, 0, -1.0, math.inf, -math.inf, math.nan, 1e-320, 1e308]),
)  # fmt: skip
NAMES = st.one_of(st.text(max_size=30), st.just(HOSTILE), st.just("卷积" * 40))


@st.composite
def figures(draw):
    """Any figure with any numbers."""
    axes = st.sampled_from([X, LOG_X])
    rows = draw(st.lists(st.tuples(NAMES, NUMBERS, NUMBERS, NUMBERS), max_size=6))
    kind = draw(st.sampled_from(["bars", "curves", "scatter", "steps"]))
    if kind == "bars":
        bars = [Row(n, (Bar(series=0, value=a), Bar(series=1, value=b, low=c, high=a)))
                for n, a, b, c in rows]  # fmt: skip
        return Bars(what="layer", axis=X, series=SERIES, rows=tuple(bars))
    if kind == "curves":
        curves = [Curve(n, tuple(Place(x=x or 0, y=a, low=b, high=c, measured=b) for x in (a, b)))
                  for n, a, b, c in rows]  # fmt: skip
        return Curves(x=draw(axes), y=draw(axes), curves=tuple(curves))
    if kind == "scatter":
        points = [Point(name=n, x=a, y=b, size=c) for n, a, b, c in rows]
        guide = Guide("limit", ((1.0, 2.0), (3.0, 4.0)))
        return Scatter(what="net", x=draw(axes), y=draw(axes), points=tuple(points), size=X,
                       guides=(guide,))  # fmt: skip
    steps = [Step(n[:3], n, a if a and 0 <= a < 1e18 else 0) for n, a, _, _ in rows]
    return Steps(axis=X, always=7, always_name="stored", name="alive", steps=tuple(steps))


@settings(max_examples=60)
@given(figures(), st.sampled_from(WIDTHS))
def test_every_figure_draws_whatever_its_numbers_are(figure, width):
    root = drawn(figure, width)
    assert isinstance(figure.table, Table)
    for element in root.iter():
        for name, text in element.attrib.items():
            if name in {"x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "width", "height"}:
                assert -1 <= float(text) <= max(width, number(root, "height")) + 1, (name, text)
            assert "nan" not in text.lower().split()
            assert not name.startswith("on")
    assert {element.tag for element in root.iter()} <= {
        *("svg", "title", "desc", "text", "rect", "line", "path", "circle", "g")
    }


def test_a_file_has_its_own_title_and_colours_in_light_and_dark():
    figure = Bars(what="a", axis=Y, series=SERIES[:1], rows=(Row("n", (Bar(series=0, value=1),)),))
    chart = Chart(name="c", title=HOSTILE, text="seen", make=lambda: figure)
    text = file(chart)
    root = ET.fromstring(text)  # noqa: S314 - our own
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert "var(" not in text
    assert "prefers-color-scheme:dark" in text
    assert "prefers-color-scheme" not in file(chart, dark=False)
    assert "<script" not in text
    assert len(of(root, "{http://www.w3.org/2000/svg}text", "heading")[0].text) < 120


def test_long_names_are_shortened_in_the_middle_and_stay_within():
    for text in ("block_17_depthwise_separable_relu", "卷积层" * 20, "a" * 10_000):
        for pixels in (40.0, 100.0, 200.0):
            short = shortened(text, pixels)
            assert width_of(short) <= pixels
            assert short[0] == text[0]
            assert short[-1] == text[-1]


def luminance(colour):
    """WCAG 2.2, relative luminance."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("dark", [False, True])
def test_colours_can_be_told_from_their_paper(dark):
    def contrast(name, paper):
        one, two = (luminance(theme.COLOURS[each][dark]) for each in (name, paper))
        return (max(one, two) + 0.05) / (min(one, two) + 0.05)

    for paper in ("paper", "panel"):
        for text in ("ink", "soft", "link"):
            assert contrast(text, paper) >= 4.5
    for number in range(theme.SERIES):
        assert contrast(f"s{number}", "paper") >= 3
