"""Text that comes from a source: made harmless before it is shown, and measured in cells."""

from __future__ import annotations

import unicodedata

#: Control, format (bidirectional overrides, zero-width), surrogate, line and paragraph separators.
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def visible(text: str) -> str:
    r"""The text on one line, with everything that a terminal would obey written as an escape.

    >>> print(visible("a\x1b[31mb\nc\u202ed"))
    a\x1b[31mb\nc\u202ed
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(char) for char in text)


def _shown(char: str) -> str:
    if unicodedata.category(char) not in _INVISIBLE:
        return char
    return char.encode("unicode_escape", "surrogatepass").decode("ascii")


def cells(text: str) -> int:
    """The number of terminal cells that a visible text takes: East Asian wide characters take two.

    >>> cells("conv2d"), cells("卷积")
    (6, 4)
    """
    if text.isascii():
        return len(text)
    return sum(_width(char) for char in text)


def _width(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def padded(text: str, width: int, align: str) -> str:
    """The text filled with blanks to a number of cells."""
    blanks = " " * (width - cells(text))
    return blanks + text if align == "right" else text + blanks


#: A bar's last cell, filled by eighths.
_EIGHTHS = " ▏▎▍▌▋▊▉█"


def bar(share: float, length: int = 10) -> str:
    """A share of one as a bar of blocks, to an eighth of a cell.

    >>> bar(0.5), bar(0.01), bar(0.0)
    ('█████', '▏', '')
    """
    if share <= 0:
        return ""
    full, rest = divmod(max(1, min(8 * length, round(8 * length * share))), 8)
    return _EIGHTHS[-1] * full + _EIGHTHS[rest].strip()


def ascii_bar(share: float, length: int = 10) -> str:
    """A share of one as a bar that any font and encoding has.

    >>> ascii_bar(0.5), ascii_bar(0.01)
    ('#####', '')
    """
    return "#" * max(0, min(length, round(length * share)))
