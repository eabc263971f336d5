"""SVG elements from numbers and texts: every text is escaped, every look is a class."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from convcost.report.text import cells, visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

#: Pixels of all text in charts.
FONT = 12.0
#: A character's width over the font's size, at most in the fonts that browsers take.
_WIDTH = 0.6
#: Shapes of marks, so that colour alone tells nothing.
_SHAPES = ("circle", "square", "triangle", "diamond")
_ELLIPSIS = "…"


class Canvas:
    """A drawing that grows.

    Attributes:
        width: pixels.
        height: pixels.
    """

    def __init__(self, width: float, height: float) -> None:
        self.width = width
        self.height = height
        self._parts: list[str] = []

    def __str__(self) -> str:
        return "".join(self._parts)

    def rect(
        self, x: float, y: float, width: float, height: float, look: str, title: str = ""
    ) -> None:
        """A rectangle; a width of nothing draws nothing."""
        places = f'x="{_px(x)}" y="{_px(y)}" width="{_px(width)}" height="{_px(height)}"'
        self._add("rect", look, places, title)

    def line(self, x1: float, y1: float, x2: float, y2: float, look: str) -> None:
        """A straight line."""
        self._add("line", look, f'x1="{_px(x1)}" y1="{_px(y1)}" x2="{_px(x2)}" y2="{_px(y2)}"')

    def path(
        self, points: Iterable[tuple[float, float]], look: str, *, closed: bool = False
    ) -> None:
        """Lines through points; closed, an area."""
        places = "L".join(f"{_px(x)} {_px(y)}" for x, y in points)
        self._add("path", look, f'd="M{places}{"Z" if closed else ""}"')

    def mark(
        self, number: int, x: float, y: float, size: float, look: str, title: str = ""
    ) -> None:
        """A mark whose shape tells the number of its series.

        Args:
            number: of the series, from 0.
            x: of its middle.
            y: of its middle.
            size: the radius of a circle of the same area.
            look: its class.
            title: what a pointer over it shows.
        """
        shape = _SHAPES[number % len(_SHAPES)]
        if shape == "circle":
            self._add("circle", look, f'cx="{_px(x)}" cy="{_px(y)}" r="{_px(size)}"', title)
            return
        corners = {
            "square": ((-0.89, -0.89), (0.89, -0.89), (0.89, 0.89), (-0.89, 0.89)),
            "triangle": ((0.0, -1.55), (1.35, 0.78), (-1.35, 0.78)),
            "diamond": ((0.0, -1.25), (1.25, 0.0), (0.0, 1.25), (-1.25, 0.0)),
        }[shape]
        places = "L".join(f"{_px(x + size * dx)} {_px(y + size * dy)}" for dx, dy in corners)
        self._add("path", look, f'd="M{places}Z"', title)

    def text(self, x: float, y: float, text: str, look: str = "", anchor: str = "start") -> None:
        """One line of text; `y` is its base line, `anchor` its start, middle or end at `x`."""
        placed = f'x="{_px(x)}" y="{_px(y)}"'
        where = f' text-anchor="{anchor}"' if anchor != "start" else ""
        kind = f' class="{look}"' if look else ""
        self._parts.append(f"<text{kind} {placed}{where}>{escaped(text)}</text>")

    def _add(self, tag: str, look: str, places: str, title: str = "") -> None:
        start = f'<{tag} class="{look}" {places}'
        told = f"><title>{escaped(title)}</title></{tag}>" if title else "/>"
        self._parts.append(start + told)


def escaped(text: str) -> str:
    """Text as markup, in an element or an attribute.

    >>> escaped('<b>"a" & b')
    '&lt;b&gt;&quot;a&quot; &amp; b'
    """
    return html.escape(visible(text))


def width_of(text: str) -> float:
    """Pixels that a text takes at most."""
    return cells(visible(text)) * FONT * _WIDTH


def widest(texts: Sequence[str]) -> float:
    """Of several."""
    return max(map(width_of, texts), default=0.0)


def shortened(text: str, pixels: float) -> str:
    """A text that fits: without its middle where it has to be; the table has it whole.

    >>> shortened("block_17_depthwise_relu", 80.0), shortened("conv", 80.0)
    ('block…_relu', 'conv')
    """
    text = visible(text)
    if width_of(text) <= pixels:
        return text
    keep = max(2, int(pixels / (FONT * _WIDTH)) - 1)
    while True:
        head, tail = text[: keep - keep // 2], text[len(text) - keep // 2 :]
        short = f"{head}{_ELLIPSIS}{tail}"
        # wide characters take two places
        if width_of(short) <= pixels or keep <= 2:
            return short
        keep -= 1


def _px(value: float) -> str:
    """A tenth of a pixel is enough.

    >>> _px(2.04), _px(-0.01), _px(3.25)
    ('2', '0', '3.2')
    """
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text
