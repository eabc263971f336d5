"""The documentation as tests see it: its blocks of code, command lines in them, calls of verbs."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from support.files import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

README = ROOT / "README.md"
PAGES = (README, *sorted((ROOT / "docs").rglob("*.md")))
#: In what is shown: lines, or the rest of a line, that are left out.
LEFT_OUT = "..."
_INDENT = "    "
_COMMENT = re.compile(r"\s#")
_FENCE = re.compile(r'```(\w*)(?: title="(.+)")?')
_CALL = re.compile(r"\bconvcost\.([a-z_]+)\(")


@dataclass(frozen=True)
class Block:
    """A block of code.

    Attributes:
        page: the file.
        line: of its first line, from 1.
        language: of a fenced one; empty where it says none.
        title: of a file that a reader is to write; else empty.
        lines: without their indentation.
    """

    page: Path
    line: int
    language: str
    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Command:
    """A command line of a block, and what the block shows of its output.

    Attributes:
        place: page and line.
        words: after ``convcost``.
        output: nothing where it is not shown.
    """

    place: str
    words: tuple[str, ...]
    output: str

    def __str__(self) -> str:
        return f"{self.place} {shlex.join(self.words)[:60]}"


def name_of(page: Path) -> str:
    """The page as it is told in a message."""
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path) -> Iterator[Block]:
    """The blocks of a page: between fences, or indented behind an empty line or a comment."""
    lines = page.read_text(encoding="utf-8").splitlines()
    at = 0
    while at < len(lines):
        line, before = lines[at], lines[at - 1] if at else ""
        start = at + 1
        if fence := _FENCE.fullmatch(line):
            end = lines.index("```", start)
            yield Block(page, start + 1, fence[1], fence[2] or "", tuple(lines[start:end]))
            at = end + 1
        elif line.startswith(_INDENT) and (not before or before.startswith("<!--")):
            while at < len(lines) and (not lines[at] or lines[at].startswith(_INDENT)):
                at += 1
            found = "\n".join(lines[start - 1 : at]).rstrip().split("\n")
            yield Block(page, start, "", "", tuple(each.removeprefix(_INDENT) for each in found))
        else:
            at += 1


def commands(block: Block) -> Iterator[Command]:
    """The command lines of a block, with or without a prompt.

    A line that ends in a backslash goes on in the next one; so does one with a prompt whose next
    line is indented.
    """
    lines = [*block.lines, ""]
    for at, line in enumerate(lines):
        prompt = line.startswith("$ ")
        text = line.removeprefix("$ ")
        if not text.startswith("convcost "):
            continue
        end = at + 1
        while text.endswith("\\") or (prompt and lines[end].startswith("  ")):
            text = f"{text.removesuffix(chr(92))} {lines[end].strip()}"
            end += 1
        shown = []
        if prompt:
            for each in lines[end:]:
                if each.startswith("$ "):
                    break
                shown.append(each)
        output = "\n".join(shown).strip("\n")
        place = f"{name_of(block.page)}:{block.line + at}"
        for number, part in enumerate(_parts(shlex.split(_COMMENT.split(text)[0]))):
            yield Command(place, tuple(part[1:]), "" if number else output)


def _parts(words: list[str]) -> list[list[str]]:
    """The commands of a line, between semicolons."""
    found: list[list[str]] = [[]]
    for word in words:
        found[-1].append(word.removesuffix(";"))
        if word.endswith(";"):
            found.append([])
    return [part for part in found if part and part[0] == "convcost"]


def pattern(output: str) -> re.Pattern[str]:
    """What a command prints, where this is what is shown of it.

    Lines may be broken where they are shown. ``...`` stands for lines, or for the rest of a line,
    that are left out.
    """
    parts = []
    for number, line in enumerate(output.splitlines()):
        if line.strip() == LEFT_OUT:
            parts.append("(?:\n.*)*" if number else "(?:.*\n)*.*")
            continue
        text = line.lstrip()
        indent = line[: len(line) - len(text)]
        rest = text.removesuffix(LEFT_OUT)
        before = (f"(?:\n{indent}| )" if text else "\n") if number else indent
        parts.append(before + re.escape(rest) + (".*" if rest != text else ""))
    return re.compile("".join(parts))


def calls(text: str) -> Iterator[tuple[str, str]]:
    """Calls of verbs in a text: the verb, and the expression up to its closing bracket."""
    for found in _CALL.finditer(text):
        depth = 0
        for at in range(found.end() - 1, len(text)):
            depth += {"(": 1, ")": -1}.get(text[at], 0)
            if not depth:
                yield found[1], text[found.start() : at + 1]
                break
