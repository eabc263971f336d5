"""Statements of Python among anything else: prose, prompts, mail quotes, site damage.

A text is read line by line. A line that begins a bracket goes on until the bracket closes, past
lines that cannot be Python; what does not parse is left out, so a broken line costs only itself.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from convcost.network.dataclass import dataclass, field
from convcost.read.keras.code.clean import BREAK, clean
from convcost.read.keras.code.scan import KEYWORDS, Scanner, cannot_be_python, close, split
from convcost.read.keras.signatures import relevant

if TYPE_CHECKING:
    from collections.abc import Iterator

#: A bracket is followed over at most this many lines.
_LONGEST_STATEMENT = 2_000

_CODE = re.compile(r"[(=\[{:]|\"\"\"|'''|^(?:import|from|return|pass|break|continue)\b")
#: What cannot stand inside a bracket: a new statement, so the bracket was never closed.
_NEW_STATEMENT = re.compile(
    r"(?:import|from|def|class|return|with|try|while)\b|\w+(?:\.\w+)*\.(?:add|compile|fit|summary)\("
    r"|\w+ *= *(?:\w+\.)*(?:Sequential|Model|Input)\("
)
_STARTS_AS_CODE = re.compile(r"\w+(?:\.\w+)*\s*[=(]")
_CLAUSE = re.compile(r"(elif|else|except|finally)\b")
_CLAUSE_HEAD = {
    "elif": "if x: pass\n",
    "else": "if x: pass\n",
    "except": "try: pass\n",
    "finally": "try: pass\n",
}


@dataclass(slots=True)
class Statement:
    """A statement, or the head of a compound one, by itself.

    Attributes:
        line: number of its first line, from 1.
        indent: width of the space before it.
        nodes: what it parses to; a head has an empty body. None for a break between two fragments.
        clause: ``elif``, ``else``, ``except`` or ``finally``; empty for all others.
        head: whether it opens a block.
    """

    line: int
    indent: int
    nodes: list[ast.stmt]
    clause: str = ""
    head: bool = False


@dataclass(slots=True)
class Found:
    """What a text holds: statements in order, and lines that look like model code but are not."""

    statements: list[Statement] = field(default_factory=list)
    unread: list[tuple[int, str]] = field(default_factory=list)
    notes: list[tuple[int, str]] = field(default_factory=list)


def find_statements(text: str) -> Found:
    r"""Every statement of Python in a text that could have to do with a model.

    >>> found = find_statements("Here it is:\nmodel.add(Dense(\n  10))\nmodel.add(Dense(10)")
    >>> [(statement.line, ast.unparse(statement.nodes[0])) for statement in found.statements]
    [(2, 'model.add(Dense(10))'), (4, 'model.add(Dense(10))')]
    >>> found.notes
    [(4, 'brackets do not match; read as if they did')]
    """
    return _Finder(clean(text)).run()


def _parse(source: str) -> list[ast.stmt] | None:
    """What one statement parses to, if it does.

    As a "single" one, because on an error in a file Python opens the file to show the line.
    """
    try:
        parsed = ast.parse(f"{source}\n", mode="single")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return parsed.body if isinstance(parsed, ast.Interactive) else None


class _Finder:
    """One pass over the lines."""

    def __init__(self, lines: list[str]) -> None:
        self.indents = [len(line) - len(line.lstrip(" ")) for line in lines]
        self.lines = [line.strip(" ") for line in lines]
        self.found = Found()
        # Brackets that never close make a line be read once per bracket; this keeps it linear.
        self.rereads = 5 * len(lines) + 1_000

    def run(self) -> Found:
        position = 0
        while position < len(self.lines):
            line = self.lines[position]
            if line == BREAK:
                self.found.statements.append(Statement(position + 1, 0, []))
            elif _CODE.search(line):
                position = self._read(position)
                continue
            position += 1
        return self.found

    def _read(self, start: int) -> int:
        """Read the statement that begins at a line; the line after it."""
        end, brackets = self._extent(start)
        source = "\n".join(self.lines[start:end])
        if not brackets and self._accept(start, source):
            return end
        line = self.lines[start]
        found = relevant().search(line)
        if found and not cannot_be_python(line):
            for length, attempt in self._repairs(start, end, source, brackets=brackets):
                if self._accept(start, attempt):
                    self.found.notes.append(
                        (start + 1, "brackets do not match; read as if they did")
                    )
                    return length
        if not self._accept_pieces(start) and found and _STARTS_AS_CODE.match(line):
            self.found.unread.append((start + 1, line[:100]))
        return start + 1

    def _repairs(
        self, start: int, end: int, source: str, *, brackets: bool
    ) -> Iterator[tuple[int, str]]:
        """The same statement with brackets added or taken away, and the line after it."""
        line = self.lines[start]
        if brackets:
            yield end, source.rstrip(",\\ \n") + close(source)
        if brackets and end > start + 1:
            yield start + 1, line.rstrip(",\\ ") + close(line)
        if line.endswith(")"):
            yield start + 1, line[:-1]

    def _extent(self, start: int) -> tuple[int, bool]:
        """The line after the statement's last, and whether a bracket is left open there."""
        scanner = Scanner()
        last = min(len(self.lines), start + _LONGEST_STATEMENT)
        for position in range(start, last):
            line = self.lines[position]
            if position > start:
                self.rereads -= 1
                if self.rereads < 0 or line == BREAK:
                    return position, True
                if scanner.brackets and not scanner.quote:
                    if _NEW_STATEMENT.match(line):
                        return position, True
                    if cannot_be_python(line):
                        self.lines[position] = ""
                        continue
            if not scanner.feed(line):
                return position + 1, False
            if not scanner.open:
                return position + 1, False
            if position == start and not _may_go_on(line, scanner):
                return start + 1, True
        return last, True

    def _accept(self, start: int, source: str) -> bool:
        """Keep a statement if it parses."""
        clause = _CLAUSE.match(source)
        prefix = _CLAUSE_HEAD[clause[1]] if clause else ""
        nodes = _parse(prefix + source)
        head = nodes is None and ":" in source
        if head:
            handler = "\nfinally: pass" if source.startswith("try") else ""
            nodes = _parse(f"{prefix}{source}\n pass{handler}")
        if nodes is None:
            return False
        offset = start - prefix.count("\n")
        for node in nodes:
            ast.increment_lineno(node, offset)
        if head and not clause:
            getattr(nodes[0], "body", []).clear()
        if head or any(_does_something(node) for node in nodes):
            self.found.statements.append(
                Statement(start + 1, self.indents[start], nodes, clause[1] if clause else "", head)
            )
        return True

    def _accept_pieces(self, start: int) -> bool:
        """Take apart a line that holds several statements, as sites leave them; whether it did."""
        line = self.lines[start]
        if not relevant().search(line):
            return False
        runs: list[list[list[ast.stmt]]] = [[]]
        for piece in split(line):
            nodes = _effective(piece)
            if nodes:
                runs[-1].append(nodes)
            elif runs[-1]:
                runs.append([])
        # One statement alone is a mention in prose ("I tried model.add(Dense(10)) but ...").
        kept = [nodes for run in runs if len(run) > 1 for nodes in run]
        for nodes in kept:
            for node in nodes:
                ast.increment_lineno(node, start)
            self.found.statements.append(Statement(start + 1, self.indents[start], nodes))
        return bool(kept)


def _may_go_on(line: str, scanner: Scanner) -> bool:
    """Whether a first line with an open bracket could be the beginning of a statement."""
    if scanner.quote or scanner.backslash:
        return True
    line = re.sub(r"#[^'\"]*$", "", line)
    closing = close(line)
    return any(
        _parse(f"{line}{middle}{closing}{body}") is not None
        for middle in ("", "0")
        for body in (("", ": pass") if KEYWORDS.intersection(line.split(maxsplit=1)[:1]) else ("",))
    )


def _effective(piece: str) -> list[ast.stmt] | None:
    """What a piece of a line parses to, if it has an effect; prose may follow its last bracket."""
    if "(" not in piece and "=" not in piece and "import" not in piece:
        return None
    for attempt in (piece, piece[: piece.rfind(")") + 1]):
        nodes = _parse(attempt)
        if nodes and all(_does_something(node) for node in nodes):
            return nodes
    return None


def _does_something(node: ast.stmt) -> bool:
    """Whether a statement has an effect; a word of prose is a name, and has none."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Call | ast.NamedExpr | ast.ListComp | ast.Await)
    return not isinstance(node, ast.Pass)
