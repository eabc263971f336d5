"""The lines of a text as they were before people and sites got at them."""

from __future__ import annotations

import html
import re

#: Stands for a line that is certainly no code, and ends the code before it.
BREAK = "\x00"

_NEWLINE = re.compile(r"\r\n|\r|\n")
_TAG = re.compile(r"</?(?:pre|code|span|strong|em|font)\b[^<>]*>|</?[bi]>", re.IGNORECASE)
_BLOCK_TAG = re.compile(r"</?(?:div|br|td|tr|table)\b[^<>]*>|</?p>", re.IGNORECASE)
_QUOTE = re.compile(r"(?:[ \t]*>)+ ?")
_PROMPT = re.compile(r"[ \t]*(?:In ?\[\d*\]:|\.\.\.:?)(?: |$)")
_OUTPUT = re.compile(r"[ \t]*(?:Out ?\[\d*\]:|```|~~~)")
_TYPOGRAPHY = str.maketrans(
    {"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "\u00a0": " ", "\u3000": " "}
    | dict.fromkeys("\u200b\u200c\u200d\ufeff\u00ad`")
    | dict.fromkeys("\x00\x0b\x0c", " ")
)


def clean(text: str) -> list[str]:
    r"""The lines of a text without prompts, quotes, tags, entities and typographic signs.

    >>> clean("> model.add(Dense(10, activation=&quot;relu&quot;))")
    ['model.add(Dense(10, activation="relu"))']
    >>> clean(">>> x = 1\n... y = 2\nIn [3]: z = 3")
    ['x = 1', 'y = 2', 'z = 3']
    """
    return [_clean_line(line) for line in _NEWLINE.split(text)]


def _clean_line(line: str) -> str:
    if "<" in line:
        line = _BLOCK_TAG.sub(" ", _TAG.sub("", line))
    if "&" in line:
        line = html.unescape(line).replace("\n", " ").replace("\r", " ")
    if _OUTPUT.match(line):
        return BREAK
    line = line.translate(_TYPOGRAPHY).rstrip()
    for pattern in (_QUOTE, _PROMPT):
        match = pattern.match(line)
        if match:
            line = line[match.end() :]
    return line.expandtabs(4)
