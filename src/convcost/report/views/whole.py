"""Everything about networks on one page: the verdict, the time, why, the memory, the method."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.network.dataclass import replace
from convcost.report.document import Chart, LaterData, Lines, Report, Section
from convcost.report.views import count, explain, measure, memory, predict
from convcost.report.views.charts.batches import over_batches

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from convcost.report.document import Block
    from convcost.verbs.reports import Overview

#: What an unnamed section is about, by its first chart; without one, what was found.
_HEADINGS = {"networks": "the networks", "time": "where the time goes", "roofline": "roofline"}
_FINDINGS = "findings"


def report(found: Overview, *, assumed: frozenset[str] = frozenset(), next_: str = "") -> Report:
    """All of it, in the order in which one asks.

    Args:
        found: of one or several networks.
        assumed: which of device, runtime and batch the user did not choose.
        next_: the command to propose.
    """
    explanation = found.explanation
    explained = explain.report(explanation, verbose=True, next_=next_)
    parts = [
        Section("in short", (Lines("", tuple(_facts(found))),)),
        *_headed(explained.document.sections),
        Section("memory", tuple(_memory(found))),
        Section("batches", tuple(_batches(found))),
        Section("method", tuple(_method(found, assumed))),
    ]
    return Report(
        replace(
            explained.document,
            sections=tuple(part for part in parts if part.blocks),
            footnotes=(
                *explained.document.footnotes,
                *predict.footnotes(explanation.predictions),
                *memory.CONVENTIONS,
            ),
        ),
        LaterData(found.to_dict),
        explained.trace,
    )


def _facts(found: Overview) -> Iterator[str]:
    explanation = found.explanation
    yield from map(predict.answer, explanation.predictions)
    yield from map(count.answer, explanation.counts)
    yield from map(memory.answer, found.memories)


def _headed(sections: Sequence[Section]) -> list[Section]:
    """The explanation's sections, with headings on a page that has other parts too."""
    found: list[Section] = []
    for section in sections:
        charts = [block.name for block in section.blocks if isinstance(block, Chart)]
        heading = section.heading or (_HEADINGS.get(charts[0], "") if charts else "")
        if not heading and any(isinstance(block, Lines) for block in section.blocks):
            heading = _FINDINGS
        if found and not heading:
            found[-1] = Section(found[-1].heading, (*found[-1].blocks, *section.blocks))
        elif section.blocks:
            found.append(Section(heading, section.blocks))
    return found


def _memory(found: Overview) -> Iterator[Block]:
    """The course of the pass first."""
    for each in found.memories:
        blocks = memory.blocks(each)
        yield from (block for block in blocks if isinstance(block, Chart))
        for block in blocks:
            if not isinstance(block, Chart):
                yield replace(block, title=f"{block.title or 'layer by layer'}: {each.source}")


def _batches(found: Overview) -> Iterator[Block]:
    for each in found.over_batches:
        yield from over_batches(each)
        yield from predict.by_batch(each)


def _method(found: Overview, assumed: frozenset[str]) -> Iterator[Block]:
    explanation = found.explanation
    for prediction in explanation.predictions:
        lines = predict.circumstances(prediction, assumed)
        yield Lines(f"what is predicted of {prediction.source}", lines)
    for each in explanation.verifications:
        lines = measure.circumstances(each.measurement, frozenset())
        yield Lines(f"what was measured of {each.measurement.source}", lines)
