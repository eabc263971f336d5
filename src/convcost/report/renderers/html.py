"""HTML: the whole document with its charts, in one file that asks for nothing else.

Texts are never markup: they are made visible and escaped where they enter a template, and the page
refuses every script and every look but its own. The same templates make what a notebook shows, and
what another maker of pages takes in, who finds here the look and the script that belong to it.
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Any

from convcost._version import __version__
from convcost.network.dataclass import dataclass
from convcost.report.document import Chart, Lines
from convcost.report.registry import Surface, renderer
from convcost.report.text import cells, visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jinja2 import Environment

    from convcost.report.document import Column, Document, Report, Row, Table

#: Characters of a page's title, which stands on the tab of a browser.
_TITLE = 120
#: Pixels of a share of one.
_BAR = 80
#: Characters of a text that stays on one line of a table.
_SHORT = 24
#: What a page alone may say.
_PAPER = "@page{margin:14mm}"


@renderer("html", suffix=".html")
def render(report: Report, surface: Surface) -> str:
    """A page of its own."""
    del surface
    return _page("page.html", report)


def around(report: Report, contents: str) -> str:
    """The same of what is drawn already.

    Args:
        report: whose first lines it has.
        contents: of that report.
    """
    return _page("around.html", report, contents=_as_is(contents))


def fragment(report: Report) -> str:
    """The same as a part of another page, such as a notebook's; nothing in it runs."""
    template = _environment().get_template("fragment.html")
    names = _names(report.document, landmarks=False, anchors=False)
    return template.render(**names, style=_as_is(look()))


def contents(report: Report) -> str:
    """All but the first lines, for a page of another maker that has `look` and `sorting`.

    Its parts have anchors, ``part-1`` and so on; it has no landmarks and no style of its own.
    """
    template = _environment().get_template("contents.html")
    return template.render(**_names(report.document, landmarks=False, anchors=True))


def _page(template: str, report: Report, **more: Any) -> str:
    style, script = f"{look()}{_PAPER}", sorting()
    policy = (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    return _environment().get_template(template).render(
        **_names(report.document, landmarks=True, anchors=True), style=_as_is(style),
        script=_as_is(script), policy=_as_is(policy), **more,
    )  # fmt: skip


def titled(text: str) -> str:
    """The text as the title of a page, of which a browser shows little.

    >>> len(titled("x" * 1000))
    121
    """
    text = visible(text)
    return text if len(text) <= _TITLE else f"{text[:_TITLE]}…"


@cache
def look() -> str:
    """The style of everything with the class ``convcost``, in light and in dark."""
    from convcost.report.charts import theme

    return theme.of_page(".convcost") + _source("style.css")


def sorting() -> str:
    """The script that sorts tables: ``sortable(element)`` for those that come later."""
    return _source("sort.js")


def environment(package: str) -> Environment:
    """The templates of a package: every text in them is made visible and escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader(package, "templates"),
        autoescape=True,
        trim_blocks=True,
        undefined=StrictUndefined,
        finalize=_shown,
    )


def _names(document: Document, *, landmarks: bool, anchors: bool) -> dict[str, Any]:
    """What the templates speak of.

    Args:
        document: what is shown.
        landmarks: whether it is a page, with a header and a main part.
        anchors: whether its parts can be gone to.
    """
    shown = [section for section in document.sections if section.blocks]
    parts = [(n, section.heading) for n, section in enumerate(shown, 1) if section.heading]
    return {
        "document": document,
        "landmarks": landmarks,
        "anchors": anchors,
        "parts": parts if anchors and len(parts) > 2 else (),
        "title": titled(document.answers[0] if document.answers else "convcost"),
        "version": __version__,
    }


@cache
def _environment() -> Environment:
    found = environment("convcost.report")
    found.filters |= {"cells": _row, "drawn": _drawn, "numbers": _numbers}
    found.tests |= {
        "chart": lambda block: isinstance(block, Chart),
        "statements": lambda block: isinstance(block, Lines),
    }
    return found


def _shown(value: Any) -> Any:
    """Every text of a template, before it is escaped; markup of our own stays as it is."""
    return visible(value) if type(value) is str else value


def _as_is(text: str) -> Any:
    """Markup of our own."""
    from markupsafe import Markup

    return Markup(text)  # noqa: S704 - not from a source


@cache
def _source(name: str) -> str:
    """A file beside the templates."""
    templates = _environment()
    assert templates.loader is not None  # noqa: S101 - for types
    return templates.loader.get_source(templates, name)[0].strip()


def _digest(text: str) -> str:
    """By which a policy allows an element with that text."""
    import base64
    import hashlib

    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _drawn(chart: Chart) -> Any:
    """For a desk and for a telephone, of which a page shows one."""
    from convcost.report.charts.svg import NARROW, WIDE, inline

    return _as_is(inline(chart, WIDE, "wide") + inline(chart, NARROW, "narrow"))


def _numbers(chart: Chart) -> Table:
    return chart.make().table


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cell:
    """A cell of a table.

    Attributes:
        text: as people read it.
        look: its class: among numbers, a long text, sentences; empty for a short text.
        raw: the number that it is sorted by; empty for a text.
        bar: pixels of a bar; None where it is none.
    """

    text: str
    look: str = ""
    raw: str = ""
    bar: str | None = None


def _row(of: tuple[Table, Row]) -> Iterator[_Cell]:
    """A row, cell by cell."""
    table, row = of
    return map(_cell, table.columns, row)


def _cell(column: Column, value: Any) -> _Cell:
    if column.bar:
        share = value if isinstance(value, float) and math.isfinite(value) else 0.0
        return _Cell(text="", bar=f"{_BAR * min(max(share, 0.0), 1.0):.1f}")
    text = column.text(value)
    if column.align == "right":
        return _Cell(text=text, look="number", raw=_raw(value))
    look = "prose" if column.prose else "long" if cells(visible(text)) > _SHORT else ""
    return _Cell(text=text, look=look)


def _raw(value: Any) -> str:
    """Enough digits to be sorted by; nothing where it is no number."""
    if isinstance(value, int):
        return str(value)
    return f"{value:.6g}" if isinstance(value, float) and math.isfinite(value) else ""
