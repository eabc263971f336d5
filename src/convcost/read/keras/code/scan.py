"""Brackets, strings and words in a line of code, without parsing it."""

from __future__ import annotations

import keyword
import re

_TOKEN = re.compile(
    r"""#.*|\"\"\"|'''|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[()\[\]{}]|\\$|\w+|[^\s\w]"""
)
#: The same where a site has run lines together: a comment no longer ends with its line.
_TOKEN_OR_COMMENT = re.compile(_TOKEN.pattern.removeprefix("#.*|"))
CLOSING = {"(": ")", "[": "]", "{": "}"}
#: Words that may stand beside another word.
KEYWORDS = frozenset(keyword.kwlist)
_OPERATORS = frozenset({"if", "else", "for", "and", "or", "not", "in", "is", "as", "import"})
_ENDS = frozenset(CLOSING.values())
_CUTS = frozenset("#;")
_BACKSLASH = "\\"


class Scanner:
    """Follows brackets and strings over lines."""

    def __init__(self) -> None:
        self.brackets: list[str] = []
        self.quote = ""
        self.backslash = False

    @property
    def open(self) -> bool:
        """Whether the statement goes on in the next line."""
        return bool(self.brackets or self.quote or self.backslash)

    def feed(self, line: str) -> bool:
        """Take in a line; False if its brackets do not match."""
        self.backslash = False
        position = 0
        if self.quote:
            position = line.find(self.quote)
            if position < 0:
                return True
            position += 3
            self.quote = ""
        while match := _TOKEN.search(line, position):
            token, position = match[0], match.end()
            if token[0] == "#":
                break
            if token in CLOSING:
                self.brackets.append(token)
            elif token in _ENDS:
                if not self.brackets or CLOSING[self.brackets.pop()] != token:
                    return False
            elif token in ('"""', "'''"):
                position = line.find(token, position)
                if position < 0:
                    self.quote = token
                    return True
                position += 3
            elif token == _BACKSLASH:
                self.backslash = True
        return True


def close(source: str) -> str:
    """The brackets that are missing at the end."""
    scanner = Scanner()
    for line in source.split("\n"):
        scanner.feed(line)
    return "".join(CLOSING[bracket] for bracket in reversed(scanner.brackets))


def cannot_be_python(line: str) -> bool:
    """Whether a line cannot stand inside a bracket: two words side by side, or a foreign sign.

    >>> cannot_be_python("which is the size of my images"), cannot_be_python("n if n else 2)")
    (True, False)
    """
    before = ""
    for token in _TOKEN.findall(line):
        if token[0] == "#":
            break
        word = token[0].isalnum() or token[0] == "_"
        if word and before and not {before, token} & KEYWORDS:
            return True
        if not word and token[0] not in "\"'()[]{},.:=+-*/%@<>!&|^~\\;":
            return True
        before = token if word else ""
    return False


def split(line: str) -> list[str]:
    """Cut a line where one statement must have ended: two operands with nothing between them.

    >>> split("from keras import layers model = Sequential() model.add(Dense(10))")
    ['from keras import layers', 'model = Sequential()', 'model.add(Dense(10))']
    """
    pieces, begin, depth, operand = [], 0, 0, False
    for match in _TOKEN_OR_COMMENT.finditer(line):
        token = match[0]
        if token in _CUTS and depth <= 0:
            pieces.append(line[begin : match.start()].strip())
            begin, depth, operand = match.end(), 0, False
            continue
        word = token[0].isalnum() or token[0] in "_\"'"
        starts = word and token not in _OPERATORS
        # `from x import y` is one statement, `y from x import` is two.
        if starts and operand and depth <= 0:
            pieces.append(line[begin : match.start()].strip())
            begin, depth = match.start(), 0
        if token in CLOSING:
            depth += 1
        elif token in _ENDS:
            depth -= 1
        operand = (word and token not in KEYWORDS) or token in _ENDS
    pieces.append(line[begin:].strip())
    return [piece for piece in pieces if piece]
