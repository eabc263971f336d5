"""Memory: what is stored, what is alive when, the peak, and the largest batch that fits."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from convcost.report.document import Document, Lines, Report, Section, Table
from convcost.report.figures import exact, number_column, plural, rounded, text_column
from convcost.report.views.charts.memory import over_time
from convcost.report.views.remarks import lost, remarks
from convcost.units import format_bytes, format_percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcost.network.network import Note
    from convcost.report.document import Block, Row
    from convcost.runtime.memory import Memory, Step

#: Of all figures.
CONVENTIONS = (
    "peak = parameters + optimizer's states + tensors, kept values and gradients alive together.",
    (
        "inputs and results are held by the caller all the time; not contained: the framework, its "
        "caches, the optimizer's temporary values."
    ),
)

_THROUGH = {
    "forward": "forward through",
    "recompute": "forward again through",
    "backward": "backward through",
    "update": "the update",
}

_COLUMNS = (
    text_column("layer", "layer"),
    text_column("op", "op", rank=3),
    number_column("output_bytes", "results", format_bytes, rank=2),
    number_column("saved_bytes", "kept", format_bytes, rank=1),
    number_column("forward_bytes", "alive forward", format_bytes),
    number_column("backward_bytes", "alive backward", format_bytes),
)
_TRAINING_ALONE = frozenset({"saved_bytes", "backward_bytes"})

_RECORDS = tuple(
    text_column(key, key)
    for key in ("network", "layer", "op", "output_bytes", "saved_bytes", "forward_bytes",
                "backward_bytes", "exact")
)  # fmt: skip

#: Eight heights of a bar.
_HEIGHTS = "▁▂▃▄▅▆▇█"
_WIDTH = 60


def report(
    memories: Sequence[Memory],
    *,
    notes: Sequence[Sequence[Note]],
    verbose: bool = False,
    next_: str = "",
) -> Report:
    """Memories as a report.

    Args:
        memories: one per network.
        notes: the networks' own, in the same order.
        verbose: show every note.
        next_: the command to propose.
    """
    headings = len(memories) > 1
    return Report(
        Document(
            answers=tuple(answer(memory) for memory in memories),
            sections=tuple(
                Section(
                    memory.source if headings else "",
                    (*blocks(memory), *remarks(of_network, memory.unknown, verbose=verbose)),
                )
                for memory, of_network in zip(memories, notes, strict=True)
            ),
            records=Table(
                columns=_RECORDS,
                rows=tuple(_record(memory, row) for memory in memories for row in _rows(memory)),
            ),
            footnotes=CONVENTIONS,
            next=next_,
        ),
        {
            "schema": "convcost/memory/1",
            "networks": [memory.to_dict() for memory in memories],
        },
    )


def answer(memory: Memory) -> str:
    """The first line.

    >>> from convcost.runtime.memory import memory
    >>> from convcost.zoo import load
    >>> answer(memory(load("vgg16")))
    'vgg16: 580 MB at most at inference, batch of 1, forward through features.1 (torch)'
    """
    training = memory.workload.training
    bound = "at least " if memory.unknown else ""
    what = "a training step" if training else "inference"
    batch = exact(memory.workload.batch)
    peak = format_bytes(memory.peak)
    peak = f"at least {peak}" if memory.unknown else f"{peak} at most"
    where = f"{_where(memory.peak_step)} ({memory.runtime})"
    if memory.limit is None:
        of = f"in {what}" if training else f"at {what}"
        return f"{memory.source}: {peak} {of}, batch of {batch}, {where}"
    limit = format_bytes(memory.limit)
    if not memory.fits:
        needed = f"{bound}{format_bytes(memory.needed)}"
        return f"{memory.source}: not one sample fits into {limit}: {what} needs {needed}, {where}"
    takes = f"{peak}, {format_bytes(memory.needed)} with workspace"
    return f"{memory.source}: a batch of {batch} fits into {limit}: {what} takes {takes}, {where}"


def sparkline(values: Sequence[int], width: int = _WIDTH) -> str:
    """Values as bars, several in one as their largest where there is no room for all.

    >>> sparkline([1, 8, 4]), sparkline(list(range(100)), 4)
    ('▁█▄', '▂▄▆█')
    """
    columns = min(len(values), width)
    bounds = [len(values) * column // columns for column in range(columns + 1)]
    tops = [max(values[a:b]) for a, b in pairwise(bounds)]
    most = max([*tops, 1])
    return "".join(_HEIGHTS[max(0, -(-len(_HEIGHTS) * top // most) - 1)] for top in tops)


def _where(step: Step) -> str:
    through = _THROUGH[step.phase]
    return through if step.layer is None else f"{through} {step.layer}"


def blocks(memory: Memory) -> tuple[Block, ...]:
    """Layer by layer, the totals, the course of a pass."""
    table = Table(columns=_COLUMNS, rows=_rows(memory))
    if not memory.workload.training:
        table = table.without(_TRAINING_ALONE)
    return (
        table,
        Lines("memory", _totals(memory)),
        *([Lines("checkpointing", _checkpoint(memory))] if memory.checkpoint else []),
        over_time(memory, Lines("alive over time", _over_time(memory))),
    )


def _rows(memory: Memory) -> tuple[Row, ...]:
    alive = {(step.phase, step.layer): step.bytes for step in memory.steps}
    return tuple(
        (
            *(layer.name, layer.op, layer.outputs, layer.saved),
            alive.get(("forward", layer.name)),
            alive.get(("backward", layer.name)),
        )
        for layer in memory.layers
    )


def _record(memory: Memory, row: Row) -> Row:
    by_name = {layer.name: layer.exact for layer in memory.layers}
    return (memory.source, *row, by_name[row[0]])


def _totals(memory: Memory) -> tuple[str, ...]:
    step = memory.peak_step
    bound = "at least " if memory.unknown else ""
    lines = [
        f"peak: {bound}{exact(memory.peak)} bytes = {_parts(memory)} + {exact(step.bytes)} alive",
    ]
    if memory.workload.training:
        stored = "at least " if lost(memory.unknown) else ""
        lines += [
            f"kept for the backward pass: {_kept(memory)}",
            f"gradients of the parameters: {stored}{exact(memory.gradients)} bytes",
            _assumed(memory),
        ]
    if memory.workspace:
        what = "copies to another layout, or one sample unfolded"
        lines.append(f"with the convolutions' workspace: {_within(memory)} ({what})")
    return tuple(lines)


def _within(memory: Memory) -> str:
    needed = f"{exact(memory.needed)} bytes"
    return f"at least {needed}" if memory.unknown else f"{needed} at most"


def _kept(memory: Memory) -> str:
    kept = f"{exact(memory.saved)} bytes"
    if memory.exact:
        return f"at least {kept}" if memory.unknown else kept
    if memory.unknown:
        return f"{kept}: {_estimates(memory)}, and what is not counted is missing"
    return f"{kept} at most: {_estimates(memory)}"


def _parts(memory: Memory) -> str:
    parts = [f"{exact(memory.parameters)} parameters and statistics"]
    if memory.master:
        parts.append(f"{exact(memory.master)} single-precision copies")
    if memory.state:
        parts.append(f"{exact(memory.state)} states of {memory.workload.optimizer}")
    return " + ".join(parts)


def _estimates(memory: Memory) -> str:
    doubtful = [layer.name for layer in memory.layers if not layer.exact]
    if len(doubtful) > 3:
        return f"an upper estimate for {plural(len(doubtful), 'layer')}"
    return f"an upper estimate for {', '.join(doubtful)}"


def _assumed(memory: Memory) -> str:
    workload = memory.workload
    optimizer = f"optimizer {workload.optimizer}" if workload.optimizer else "no optimizer's states"
    return f"loss: {workload.loss or 'none'}; {optimizer}"


def _checkpoint(memory: Memory) -> tuple[str, ...]:
    cut = memory.checkpoint
    assert cut is not None  # noqa: S101 - for types
    if not cut.after:
        return ("no place to cut: the network stays whole",)
    peak = memory.stored + cut.peak_without
    lines = [
        f"{plural(len(cut.segments), 'segment')}, ending behind {', '.join(cut.after)}",
        f"kept: {exact(memory.saved)} bytes instead of {exact(cut.saved_without)}",
        f"peak: {exact(memory.peak)} bytes instead of {exact(peak)}",
    ]
    if cut.recomputed is None:
        return (*lines, "computed again: not known, a layer's cost is not")
    return (*lines, f"computed again: {rounded(cut.recomputed.macs, 'MAC')} of the forward pass")


def _over_time(memory: Memory) -> tuple[str, ...]:
    alive = [memory.stored + step.bytes for step in memory.steps]
    forward = sum(step.phase == "forward" for step in memory.steps)
    highest = f"highest bar: {format_bytes(memory.peak)}"
    if not memory.workload.training:
        return (sparkline(alive), highest)
    share = format_percent(forward / len(alive))
    return (sparkline(alive), f"{highest}; the first {share} are the forward pass")
