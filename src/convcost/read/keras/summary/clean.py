"""Undo what web pages, mails and terminals do to the characters of a pasted text.

Lines are kept: line N of the result is line N of the text. Only characters change, so that the
later stages meet one kind of space, bar, rule and quote.
"""

from __future__ import annotations

import re

_LINE_END = re.compile(r"\r\n|\r|\n")

# Colour codes, also those that lost their escape character when the terminal was copied.
_COLOUR = re.compile(r"\x1b?\[[0-9]{1,3}(?:;[0-9]{1,3}){0,6}m|\x1b\[m")
_TAG = re.compile(
    r"</?(?:br|pre|code|p|div|span|td|th|tr|table|thead|tbody|b|i|li|ul|ol|font|blockquote)"
    r"(?:[ /][^<>\r\n]{0,300}+)?>",
    re.IGNORECASE,
)
_ENTITY = re.compile(
    r"&(?:#(?P<decimal>[0-9]{1,7})|#[xX](?P<hex>[0-9a-fA-F]{1,6})|(?P<word>\w{2,8}));"
)
_ENTITIES = {
    "amp": "&",
    "gt": ">",
    "lt": "<",
    "quot": '"',
    "apos": "'",
    "lowbar": "_",
    "nbsp": " ",
    "ensp": " ",
    "emsp": " ",
    "thinsp": " ",
    "hellip": "…",
    "macr": "¯",
    "vert": "|",
    "lpar": "(",
    "rpar": ")",
    "lsqb": "[",
    "rsqb": "]",
    "comma": ",",
    "num": "#",
}
_ESCAPED = re.compile(r"\\([_\[\](){}*#|<>=.\-])")
_QUOTED = re.compile(r" *+(?:(?:>|#|//|\*(?= )) *+)++")


def _character_table() -> dict[int, str | None]:
    groups = {
        # Backticks are markup; the last two end lines for Unicode, but not for an editor.
        " ": "\t\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
        "\u202f\u205f\u3000`\u2028\u2029",
        "|": "│┃║┆┇┊┋╎╏╽╿",
        "─": "─━═┄┅┈┉╌╍╴╶╸╺╼╾╭╮╯┌┐┘├┤┬┴┼┏┓┗┛┣┫┳┻╋┡┩╇╈╞╡╪╔╗╚╝╠╣╦╩╬┍┑┕┙┝┥┯┷┿╤╧╟╢╫╥╨",
        "└": "└╰",
        "-": "\u2010\u2011\u2012\u2013\u2014\u2212",
        "'": "\u2018\u2019\u201a\u2032",
        '"': "\u201c\u201d\u201e\u00ab\u00bb",
    }
    table: dict[int, str | None] = {
        ord(character): clean for clean, characters in groups.items() for character in characters
    }
    # Full-width forms stand in the same order as ASCII.
    table.update({0xFF01 + offset: chr(0x21 + offset) for offset in range(0x5E)})
    table.update(dict.fromkeys((0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, 0x00AD, 0x200E, 0x200F)))
    return table


_CHARACTERS = _character_table()


def split_lines(text: str) -> list[str]:
    r"""Split a text into lines as an editor counts them.

    >>> split_lines("a\r\nb\x0cc\n")
    ['a', 'b\x0cc', '']
    """
    return _LINE_END.split(text)


def clean_lines(text: str) -> list[str]:
    r"""Return the lines of a text with one kind of space, bar, rule and quote.

    >>> clean_lines("&gt; conv2d\\_1&nbsp;(Conv2D)\n# │ dense (Dense) │")
    ['conv2d_1 (Conv2D)', '| dense (Dense) |']
    """
    text = _COLOUR.sub("", text)
    if "&" in text:
        # Twice, because a page that escapes an escaped text shows "&amp;gt;".
        text = _ENTITY.sub(_decode, _ENTITY.sub(_decode, text))
    if "<" in text:
        text = _TAG.sub(" ", text)
    text = _ESCAPED.sub(r"\1", text.translate(_CHARACTERS))
    return [_unquote(line) for line in split_lines(text)]


def _decode(match: re.Match[str]) -> str:
    word = match["word"]
    if word is not None:
        return _ENTITIES.get(word, match[0])
    code = int(match["hex"], 16) if match["hex"] else int(match["decimal"])
    # A line end written as an entity must not move the line numbers.
    return chr(code) if 0x20 <= code <= 0x10FFFF else " "


def _unquote(line: str) -> str:
    quoted = _QUOTED.match(line)
    return line[quoted.end() :] if quoted else line
