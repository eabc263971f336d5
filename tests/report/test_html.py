"""HTML: one file that asks for nothing, in which every name stays text; and what notebooks show."""

import base64
import hashlib
import math
import re
from html.parser import HTMLParser

import pytest

import convcost
from convcost.compare import Comparison
from convcost.count import Workload
from convcost.network.builder import BATCH, Builder
from convcost.network.tensor import Tensor
from convcost.ops.dense import Dense
from convcost.ops.input import Input
from convcost.ops.unknown import Unknown
from convcost.report import Chart, Column, Document, Lines, Report, Section, Table, render
from convcost.report.charts.axis import Axis
from convcost.report.charts.bars import Bar, Bars, Row, Series
from convcost.report.results import report_of
from convcost.sweep import Sweep
from convcost.verbs.reports import report
from convcost.verbs.sweeps import compare, sweep
from support.measurements import TURNS, measurement, side_by_side

DEVICE = "laptop-cpu"
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }}{% for %}",
    "</style></svg>]]>--><!--",
    "' onmouseover='alert(1)",
    "&lt;b&gt;\x1b[31m\u202e\u2028卷积\U0001f600",
    "x" * 10_000,
)
VOID = {"meta", "link"}


class Page(HTMLParser):
    """What a browser makes of a page: elements with attributes, in order, and their texts."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.elements, self.texts, self.open = [], [], []
        self.feed(text)
        self.close()
        assert self.open == [], "not closed"

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append((self.open[-1] if self.open else "", data))

    def of(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]

    def text(self, tag):
        return [text for name, text in self.texts if name == tag]


def hostile_network():
    builder = Builder(HOSTILE[0], framework="keras")
    last = builder.add(Input(Tensor.of(batch=BATCH, feature=10)), name="image")
    for number, name in enumerate(HOSTILE[1:]):
        last = builder.add(Dense(units=5 + number), last, name=name)
    lost = Unknown(name=HOSTILE[0], results=(Tensor.of(batch=BATCH, feature=5),))
    builder.add(lost, last, name=HOSTILE[0])
    return builder.build(missing=(HOSTILE[2],))


def measured(net, workload):
    rows = [((layer.name,), {"forward": 1e-3}) for layer in net.layers[1:]]
    return measurement(net, [5e-3] * TURNS, [*rows, ((), {"loop": 1e-4})], workload=workload)


def results(net, other):
    """A result of each verb whose view has charts, and a count."""
    yield convcost.count(net)
    yield convcost.predict(net, device=DEVICE, batches=(1, 8, 64))
    yield convcost.memory(net, training=True, optimizer="adam")
    yield convcost.explain(net, other, device=DEVICE)
    yield compare(net, other, device=DEVICE)
    yield sweep(net, {"batch": [1, 4, 16]}, device=DEVICE, pareto=("seconds", "-macs"))
    yield side_by_side(measured(net, Workload(batch=32)), measured(other, Workload(batch=32)))
    yield report(net, other, device=DEVICE)


@pytest.fixture(scope="module")
def hostile():
    return list(results(hostile_network(), convcost.read("zoo:seed001-mlp")))


def test_names_stay_text(hostile):
    for result in hostile:
        text = result.to_html()
        page = Page(text)
        assert not {"img", "iframe", "b"} & {tag for tag, _ in page.elements}
        assert len(page.of("script")) == 1
        for tag, attributes in page.elements:
            assert not [name for name in attributes if name.startswith("on")], tag
            assert "style" not in attributes
        assert "\x1b" not in text
        assert "\u202e" not in text
        names = " ".join(part for _, part in page.texts)
        assert HOSTILE[0] in names
        layers = not isinstance(result, (Comparison, Sweep))
        for name in HOSTILE[1:5] if layers else ():
            assert name in names


def test_a_page_asks_for_nothing(hostile):
    for result in hostile:
        text = result.to_html()
        page = Page(text)
        for tag, attributes in page.elements:
            for name in ("src", "href", "action", "data", "poster", "srcset", "xlink:href"):
                assert attributes.get(name, "#").startswith(("#", "data:")), (tag, attributes)
        (style,) = page.text("style")
        assert "url(" not in style
        assert "@import" not in style
        (policy,) = [x["content"] for x in page.of("meta") if "http-equiv" in x]
        assert policy.startswith("default-src 'none'; ")
        (script,) = page.text("script")
        for kind, own in (("style", style), ("script", script)):
            digest = base64.b64encode(hashlib.sha256(own.encode()).digest()).decode()
            assert f"{kind}-src 'sha256-{digest}'" in policy
        assert "fetch" not in script
        assert "http" not in script


def test_the_same_result_gives_the_same_page(hostile):
    again = results(hostile_network(), convcost.read("zoo:seed001-mlp"))
    for one, two in zip(hostile, again, strict=True):
        assert one.to_html() == two.to_html()


def test_a_fragment_runs_nothing_and_its_rules_stay_within(hostile):
    for result in hostile:
        text = result._repr_html_()
        page = Page(text)
        tags = {tag for tag, _ in page.elements}
        assert not tags & {"html", "head", "body", "script", "meta", "link", "title2", "h1"}
        assert page.elements[0] == ("div", {"class": "convcost"})
        assert not [attributes for _, attributes in page.elements if "id" in attributes]
        (style,) = page.text("style")
        rules = re.sub(r"@media[^{]*\{", "", style)
        for selectors in re.findall(r"([^{}]+)\{[^{}]*\}", rules):
            for selector in re.sub(r"\([^)]*\)", "", selectors).split(","):
                assert ".convcost" in selector, selector


@pytest.mark.parametrize("width", ["wide", "narrow"])
def test_every_chart_is_named_and_has_its_numbers_below(hostile, width):
    for result in hostile:
        charts = report_of(result).document.charts
        page = result.to_html()
        figures = re.findall(r"<figure>.*?</figure>", page, re.DOTALL)
        assert len(figures) == len(charts)
        for figure, chart in zip(figures, charts.values(), strict=True):
            assert f'<svg class="chart {width}" role="img"' in figure
            numbers = figure.partition("<details>")[2]
            rows = chart.make().table.rows
            assert numbers.count("<tr>") == len(rows) + 1
            first = chart.make().table
            shown = first.columns[1].text(first.rows[0][1])
            assert shown in numbers


def test_a_whole_page_of_googlenet_is_small_and_has_all_parts():
    found = report(convcost.read("zoo:googlenet"), device="gtx-1080-ti")
    text = found.to_html()
    assert len(text.encode()) <= 300_000
    page = Page(text)
    assert page.text("h2") == [
        *("in short", "where the time goes", "findings", "roofline", "memory", "batches"),
        *("method", "Conventions"),
    ]
    assert page.text("h1") == [found.explanation.answer]
    names = set(page.text("th"))
    assert {layer.name for layer in found.explanation.predictions[0].layers if layer.seconds} <= (
        names
    )
    data = found.to_dict()
    assert data["schema"] == "convcost/report/1"
    assert data["memory"][0]["peak_bytes"] == found.memories[0].peak
    assert [row["batch"] for row in data["batches"][0]["rows"]] == [2**n for n in range(9)]


NUMBER = Column(key="n", title="n", show="{:g}".format, align="right")
NAME, SHARE = Column(key="name", title="name"), Column(key="bar", title="", bar=True)


def page_of(*blocks, **document):
    table = Table(columns=(NAME,), rows=())
    sections = (Section("", blocks),)
    return render(
        Report(Document(answers=("a",), sections=sections, records=table, **document), {}), "html"
    )


@pytest.mark.parametrize(
    ("value", "shown", "raw"),
    [
        (0, "0", "0"),
        (0.1234567, "0.123457", "0.123457"),
        (None, None, None),
        ("?", "?", None),
        ("at least 3", "at least 3", None),
        (math.inf, "inf", None),
        (math.nan, "nan", None),
        (10**400, None, None),
    ],
)
def test_cells_show_what_is_known_and_sort_by_numbers(value, shown, raw):
    column = Column(key="n", title="n", show=str if value == 10**400 else "{:g}".format,
                    align="right")  # fmt: skip
    table = Table(columns=(NAME, column, SHARE), rows=(("x", value, 0.5), ("y", None, None)))
    page = Page(page_of(table))
    cells = [attributes for attributes in page.of("td") if attributes.get("class") == "number"]
    assert cells[0].get("data-v") == (str(value) if value == 10**400 else raw)
    if shown is not None:
        assert shown in page.text("td")
    widths = [x["width"] for x in page.of("rect")]
    assert widths == ["40.0", "0.0"]


def test_a_table_without_rows_and_statements_without_a_title():
    page = Page(page_of(Table(columns=(NAME, NUMBER), rows=()), Lines("", ("one", "  deeper"))))
    assert page.of("table") == [{}]
    assert page.text("li") == ["one", "deeper"]
    assert [x.get("class") for x in page.of("li")] == [None, "deeper"]


def test_the_command_the_conventions_and_the_next_step():
    text = page_of(command="convcost x '<b>'", footnotes=("a & b",), next="convcost y")
    page = Page(text)
    assert page.text("code") == ["convcost x '<b>'", "convcost y"]
    assert "a & b" in page.text("li")


def test_formats_that_cannot_draw_show_what_stands_in_for_a_chart():
    def make():
        bar = Row("n", (Bar(series=0, value=1),))
        axis = Axis(key="k", title="t", show=str)
        return Bars(what="w", axis=axis, series=(Series(key="s", name="s"),), rows=(bar,))

    chart = Chart(name="c", title="drawn", text="seen", make=make)
    other = Chart(name="c", title="drawn", text="seen", make=make, in_text=Lines("instead", ("1",)))
    table = Table(columns=(NAME,), rows=())
    sections = (Section("", (chart,)), Section("", (other,)))
    document = Document(answers=("a",), sections=sections, records=table)
    assert list(document.charts) == ["c", "c-2"]
    assert document.only("c-2").charts == {"c": other}
    for format_ in ("table", "markdown"):
        text = render(Report(document, {}), format_)
        assert "drawn" not in text
        assert text.count("instead") == 1
    shown = render(Report(document, {}), "html")
    assert "instead" not in shown
    assert shown.count("<figure>") == 2
