"""Other tools' counts beside ours: what they say, layer by layer, and why it differs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from convcost.report.document import Document, Lines, Report, Section, Table
from convcost.report.figures import (
    NOT_KNOWN,
    bounded,
    exact,
    number_column,
    plural,
    prose_column,
    signed,
    text_column,
)
from convcost.report.views.remarks import remarks
from convcost.units import format_ratio

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcost.count import Count
    from convcost.count.conventions.difference import Cause, LayerDifference, OtherCount
    from convcost.report.document import Block, Row

_FAULT = "known fault"

_PLAIN = (
    "no PyTorch module was read: each layer is charged as if it were written with the tool's own "
    "framework in the plainest way, 'same' padding at stride 1 as padding='same'."
)

_FORWARD = "the tools' figures are of the forward pass in training mode, without the backward pass."

_CAUSES = (
    number_column("difference", "difference", signed),
    text_column("layers", "layers"),
    text_column("fault", ""),
    prose_column("because", "because"),
)

_RECORDS = tuple(
    text_column(key, key)
    for key in (
        *("network", "tool", "version", "unit", "batch", "layer", "op"),
        *("ours", "theirs", "difference", "because", "fault"),
    )
)


def report(
    counts: Sequence[Count],
    others: Sequence[Sequence[OtherCount]],
    *,
    explain: bool = False,
    verbose: bool = False,
    next_: str = "",
) -> Report:
    """Counts of other tools as a report.

    Args:
        counts: ours, one per network.
        others: per network those of the tools.
        explain: show why they differ instead of every layer.
        verbose: show every note.
        next_: the command to propose.
    """
    every = [other for found in others for other in found]
    tools = {other.convention.name: other.convention for other in every}
    footnotes = [f"{tool.name} counts {tool.counts}." for tool in tools.values()]
    footnotes += [_PLAIN] if any(other.plain for other in every) else []
    footnotes += [_FORWARD] if any(other.workload.training for other in every) else []
    sections = (
        Section(
            counted.source if len(counts) > 1 else "",
            (
                *(_explained(found) if explain else (_side_by_side(found),)),
                Lines("totals", tuple(map(_total, found))),
                *remarks(counted.notes, counted.unknown, verbose=verbose),
            ),
        )
        for counted, found in zip(counts, others, strict=True)
    )
    return Report(
        Document(
            answers=tuple(answer(other, explain=explain) for other in every),
            sections=tuple(sections),
            records=Table(
                columns=_RECORDS,
                rows=tuple(_record(other, x) for other in every for x in other.layers),
            ),
            footnotes=tuple(footnotes),
            next=next_,
        ),
        {
            "schema": "convcost/count/1",
            "networks": [
                {**counted.to_dict(), "conventions": [other.to_dict() for other in found]}
                for counted, found in zip(counts, others, strict=True)
            ],
        },
    )


def report_one(other: OtherCount) -> Report:
    """One tool's count by itself, layer by layer beside ours."""
    return Report(
        Document(
            answers=(answer(other),),
            sections=(Section("", (_side_by_side([other]), Lines("totals", (_total(other),)))),),
            records=Table(columns=_RECORDS, rows=tuple(_record(other, x) for x in other.layers)),
        ),
        {
            "schema": "convcost/count/1",
            "networks": [{"source": other.source, "conventions": [other.to_dict()]}],
        },
    )


def answer(other: OtherCount, *, explain: bool = False) -> str:
    """The first line.

    >>> from convcost.count.conventions.difference import count_as
    >>> from convcost.zoo import load
    >>> answer(count_as(load("alexnet"), "fvcore"))
    "alexnet: fvcore says 714,188,480 'flops' (it means MACs), and so does convcost"
    """
    tool = other.convention
    means = f" (it means {_unit(other)})" if _misnamed(other) else ""
    said = f"{_at_least(other, 'theirs')}{exact(other.operations)} {_quoted(other)}{means}"
    text = f"{other.source}: {tool.name} says {said}"
    causes = other.causes
    if not causes:
        return f"{text}, and so does convcost"
    text = f"{text}, convcost counts {_at_least(other, 'ours')}{exact(other.ours)} {_unit(other)}"
    if not explain:
        return text
    more = f"; {plural(len(causes) - 1, 'more cause')} below" if causes[1:] else ""
    return f"{text}: {_clause(causes[0])}{more}"


def _unit(other: OtherCount) -> str:
    return "MACs" if other.convention.unit == "MAC" else "FLOP"


def _misnamed(other: OtherCount) -> bool:
    """Whether the tool calls its unit by another name than ours."""
    tool = other.convention
    return tool.says.removesuffix("s").upper() != tool.unit


def _quoted(other: OtherCount) -> str:
    says = other.convention.says
    return f"'{says}'" if _misnamed(other) else says


def _at_least(other: OtherCount, whose: Literal["ours", "theirs"]) -> str:
    lacks = other.missing or any(getattr(layer, whose) is None for layer in other.layers)
    return "at least " if lacks else ""


def _clause(cause: Cause) -> str:
    where = _names(cause)
    if cause.difference < 0:
        return f"{exact(-cause.difference)} of {where} are missing because {cause.because}"
    if cause.difference > 0:
        return f"{exact(cause.difference)} are added at {where}: {cause.because}"
    return f"{where}: {cause.because}"


def _names(cause: Cause) -> str:
    first, *others = cause.layers
    return first if not others else plural(len(cause.layers), "layer")


def _side_by_side(found: Sequence[OtherCount]) -> Table:
    """Every layer, a column per tool."""
    columns = (
        text_column("layer", "layer"),
        text_column("op", "op", rank=1),
        number_column("macs", "MACs", exact),
        *(
            number_column(
                other.convention.name,
                f"{other.convention.name} ({other.convention.unit})",
                exact,
                rank=rank,
            )
            for rank, other in enumerate(found, start=2)
        ),
    )
    first = found[0]
    rows = tuple(
        (
            rows[0].name,
            rows[0].op,
            NOT_KNOWN if rows[0].ours is None else rows[0].ours // first.per_mac,
            *(NOT_KNOWN if row.theirs is None else row.theirs for row in rows),
        )
        for rows in zip(*(other.layers for other in found), strict=True)
    )
    total = (
        *("total", None),
        bounded(first.our_macs, exact, whole=not _at_least(first, "ours")),
        *(bounded(x.operations, exact, whole=not _at_least(x, "theirs")) for x in found),
    )
    return Table(columns=columns, rows=rows, footer=(total,))


def _explained(found: Sequence[OtherCount]) -> tuple[Block, ...]:
    return tuple(block for other in found if other.causes for block in _blocks(other))


def _blocks(other: OtherCount) -> tuple[Block, ...]:
    """The causes, and the layers that they concern."""
    causes = other.causes
    numbers = {(cause.because, cause.fault): i for i, cause in enumerate(causes, start=1)}
    difference = other.operations - other.ours
    return (
        Table(
            title=f"why {other.convention.name} differs, in {_unit(other)}",
            columns=(text_column("cause", "cause"), *_CAUSES),
            rows=tuple((str(i), *_cause(cause)) for i, cause in enumerate(causes, start=1)),
            footer=(("total", difference, None, None, None),) if len(causes) > 1 else (),
        ),
        Table(
            title="where",
            columns=(
                text_column("layer", "layer"),
                text_column("op", "op", rank=1),
                number_column("ours", "convcost", exact),
                number_column("theirs", other.convention.name, exact),
                number_column("difference", "difference", signed),
                text_column("cause", "cause"),
            ),
            rows=tuple(
                (
                    *(layer.name, layer.op, *_both(layer), layer.difference),
                    str(numbers[layer.because, layer.fault]),
                )
                for layer in other.layers
                if layer.differs
            ),
        ),
    )


def _cause(cause: Cause) -> Row:
    return (
        cause.difference, _names(cause), _FAULT if cause.fault else None, cause.because,
    )  # fmt: skip


def _both(layer: LayerDifference) -> tuple[int | str, int | str]:
    return (
        NOT_KNOWN if layer.ours is None else layer.ours,
        NOT_KNOWN if layer.theirs is None else layer.theirs,
    )


def _total(other: OtherCount) -> str:
    tool = other.convention
    name = f"{tool.name} {tool.version}".rstrip()
    parts = [f"{name}: {_at_least(other, 'theirs')}{exact(other.operations)} {_quoted(other)}"]
    if other.ours:
        parts.append(f"{format_ratio(other.operations / other.ours)} ours")
    if other.activations is not None:
        parts.append(f"{exact(other.activations)} activations")
    if other.parameters is not None:
        ours = "" if other.parameters == other.our_parameters else f", ours {_ours(other)}"
        parts.append(f"{exact(other.parameters)} parameters{ours}")
    return "; ".join(parts)


def _ours(other: OtherCount) -> str:
    return NOT_KNOWN if other.our_parameters is None else exact(other.our_parameters)


def _record(other: OtherCount, layer: LayerDifference) -> Row:
    tool = other.convention
    return (
        *(other.source, tool.name, tool.version, tool.unit, other.workload.batch),
        *(layer.name, layer.op, layer.ours, layer.theirs, layer.difference),
        *(layer.because, layer.fault),
    )
