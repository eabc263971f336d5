"""What stands on the page besides the report: all samples, rewrites, a sweep."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from convcost.network.dataclass import replace
from convcost.report import Lines, Section

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from convcost.predict import Prediction
    from convcost.report import Document
    from convcost.rewrite import Rewriting
    from convcost.sweep import Sweep

    #: A part of the page, and its footnotes.
    Part: TypeAlias = tuple[Section, tuple[str, ...]]


def of_plans(plans: Sequence[Prediction]) -> Iterator[Part]:
    """The time of all samples; nothing where their number is not told."""
    from convcost.report.views.predict import answer

    if plans:
        yield Section("all samples", (Lines("", tuple(map(answer, plans))),)), ()


def of_rewrites(found: Sequence[Rewriting], without: Sequence[str]) -> Iterator[Part]:
    """What could be done to each network, and what it would save.

    Args:
        found: of each network, as far as there was time.
        without: names of the others.
    """
    from convcost.report.views.rewrite import report

    several = len(found) + len(without) > 1
    for each in found:
        yield _part(_cheaper(each.source, several=several), report(each).document)
    for name in without:
        text = (
            "this network is too large for the server to try all of it: `convcost rewrite` does, "
            "at a command line"
        )
        yield Section(_cheaper(name, several=several), (Lines("", (text,)),)), ()


def _cheaper(name: str, *, several: bool) -> str:
    return f"what would make {name if several else 'it'} cheaper"


def of_sweep(found: Sweep | None) -> Iterator[Part]:
    """Every point; nothing where nothing is varied."""
    from convcost.report.views.sweep import report

    if found is not None:
        yield _part(f"sweep of {', '.join(found.columns)}", report(found).document)


def _part(heading: str, document: Document) -> Part:
    """A document as a part of another: a section, and its footnotes."""
    blocks = tuple(block for section in document.sections for block in section.blocks)
    return Section(heading, (Lines("", document.answers), *blocks)), document.footnotes


def joined(document: Document, parts: Sequence[Part]) -> Document:
    """With further parts in front of the last one, which tells the method."""
    footnotes = (note for _, notes in parts for note in notes)
    return replace(
        document,
        sections=(
            *document.sections[:-1],
            *(section for section, _ in parts),
            *document.sections[-1:],
        ),
        footnotes=tuple(dict.fromkeys((*document.footnotes, *footnotes))),
    )
