"""The sources of a question as networks, and what was read beside where it stands."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from convcost.errors import UsageError
from convcost.network.dataclass import dataclass
from convcost.read import read_source, with_choices, with_sizes
from convcost.read.keras.summary.clean import split_lines
from convcost.read.several import open_sizes, told_apart
from convcost.serve.answer import Alternative, Line, OpenSize, Reading, Remark
from convcost.serve.limits import MAX_LINES, MAX_NAME, MAX_NETWORKS, MAX_TEXT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from convcost.network.network import Network, Note
    from convcost.serve.question import File, Question

_FOLDERS = re.compile(r"^.*[/\\]", re.DOTALL)
_UNSAFE = re.compile(r"[^\w.() +-]")
#: Characters of a file's name on the disk: four bytes each are less than any system's limit.
_STEM, _SUFFIX = 40, 12
#: How files begin that hold layers as JSON: their lines are nobody's text.
_BRACE = b"{"


@dataclass(frozen=True, slots=True)
class _Source:
    """What was read of one source.

    Attributes:
        label: for people.
        stem: what its networks are called where their own names are not enough.
        networks: of it.
        text: where it is one.
    """

    label: str
    stem: str
    networks: tuple[Network, ...]
    text: str | None = None


def shown_name(name: str) -> str:
    r"""A file's name as people see it: no folders, nothing that a terminal or a page obeys.

    >>> shown_name("C:\\nets\\a.h5"), shown_name("../../etc/passwd"), shown_name("..")
    ('a.h5', 'passwd', 'file')
    """
    name = _FOLDERS.sub("", name)
    name = "".join(char for char in name if char.isprintable())[-MAX_NAME:].strip()
    return name if name.strip(". ") else "file"


def placed_names(files: Sequence[File]) -> tuple[str, ...]:
    """What files are called in the folder that a worker reads them from, each by its own name.

    >>> from convcost.serve.question import File
    >>> placed_names([File(name="a b?.h5", digest="0" * 64), File(name="A B?.h5", digest="1" * 64)])
    ('a b_.h5', 'A B_ (2).h5')
    """
    taken: set[str] = set()
    found = []
    for file in files:
        path = PurePosixPath(_UNSAFE.sub("_", shown_name(file.name)).lstrip(".- ") or "file")
        stem, suffix = path.stem[:_STEM], path.suffix[:_SUFFIX]
        name, number = f"{stem}{suffix}", 1
        while name.lower() in taken:
            number += 1
            name = f"{stem} ({number}){suffix}"
        taken.add(name.lower())
        found.append(name)
    return tuple(found)


def read(question: Question, folder: Path) -> tuple[tuple[Network, ...], tuple[Reading, ...]]:
    """The networks of all sources in order, and what is to be shown of how each was read.

    Args:
        question: whose sources are read.
        folder: with its files by their `placed_names`; it is the working directory.

    Raises:
        ConvcostError: a source cannot be read.
        UsageError: there are too many networks, or none; shapes are given and there is no file.
    """
    if not question.asks_something:
        raise UsageError(
            "there is nothing to answer", hint="paste a model.summary(), or choose a file"
        )
    if question.inputs and not question.files:
        raise UsageError(
            "shapes of inputs are for model files, and there is none",
            hint="give the sizes that a text leaves open by their names",
        )
    sources = tuple(_sources(question, folder))
    number = sum(len(source.networks) for source in sources)
    if number > MAX_NETWORKS:
        raise UsageError(
            f"{number} networks at once; at most {MAX_NETWORKS}", hint="ask about fewer of them"
        )
    named = told_apart([(source.stem, source.networks) for source in sources])
    origins = [source for source in sources for _ in source.networks]
    networks = with_sizes(with_choices(named, question.choices), question.dims)
    readings = map(_reading, networks, origins)
    return networks, tuple(readings)


def _sources(question: Question, folder: Path) -> Iterator[_Source]:
    several = len(question.texts) > 1
    for number, text in enumerate(question.texts, start=1):
        label = f"text {number}" if several else "the text"
        # with a line break it is a text, whatever is in it: never a path, never a function
        found = read_source(f"{text}\n")
        yield _Source(label, f"text {number}" if several else "text", found, text)
    shapes = tuple((1, *shape) for shape in question.inputs) or None
    for file, placed in zip(question.files, placed_names(question.files), strict=True):
        path = folder / placed
        found = read_source(path.relative_to(folder), inputs=shapes)
        yield _Source(file.name, path.stem, found, _text_of(path))
    for name in question.zoo:
        yield _Source(f"zoo:{name}", name, read_source(f"zoo:{name}"))


def _text_of(path: Path) -> str | None:
    """A file that is a text, as far as its lines are to be shown."""
    with path.open("rb") as file:
        data = file.read(MAX_TEXT + 1)
    if len(data) > MAX_TEXT or b"\0" in data or data.lstrip().startswith(_BRACE):
        return None
    return data.decode("utf-8-sig", errors="replace")


def _reading(network: Network, source: _Source) -> Reading:
    lines = () if source.text is None else tuple(_lines(network, source.text))
    shown = {line.number for line in lines}
    return Reading(
        name=network.name,
        source=source.label,
        framework=network.framework,
        lines=lines,
        remarks=tuple(_remark(note) for note in network.notes if note.line not in shown),
        open=tuple(OpenSize(name=x.name, what=x.what, usual=x.usual) for x in open_sizes(network)),
    )


def _lines(network: Network, text: str) -> Iterator[Line]:
    """From the first line that it was read from to the last."""
    layers: dict[int, list[str]] = {}
    for layer in network.layers:
        if layer.line is not None:
            layers.setdefault(layer.line, []).append(layer.name)
    notes: dict[int, list[Note]] = {}
    for note in network.notes:
        if note.line is not None:
            notes.setdefault(note.line, []).append(note)
    mentioned = layers.keys() | notes.keys()
    if not mentioned:
        return
    first, last = min(mentioned), max(mentioned)
    pasted = split_lines(text)[first - 1 : min(last, first - 1 + MAX_LINES)]
    for number, line in enumerate(pasted, start=first):
        yield Line(
            number=number,
            text=line,
            layers=tuple(layers.get(number, ())),
            remarks=tuple(map(_remark, notes.get(number, ()))),
        )


def _remark(note: Note) -> Remark:
    return Remark(
        kind=note.kind,
        text=note.text,
        layer=note.layer,
        alternatives=tuple(
            Alternative(
                number=place if number is None else number,
                text=other.text,
                choosable=number is not None,
            )
            for place, (number, other) in enumerate(note.numbered, start=1)
        ),
    )
