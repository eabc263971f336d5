"""What is alive at each step of a pass over one batch."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from convcost.network.dims import Dim, number, summed
from convcost.network.network import Ref
from convcost.ops.merge import Merge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcost.runtime.memory.blocks import Block, Graph

StepPhase: TypeAlias = Literal["forward", "recompute", "backward", "update"]


@dataclass(frozen=True, slots=True)
class Step:
    """One layer's part of a phase.

    Attributes:
        phase: of the training step; inference has only ``forward``.
        layer: None for the update.
        bytes: alive meanwhile: tensors, what is kept, gradients. Parameters, statistics and the
            optimizer's states are alive all the time and not contained.
        workspace: an upper estimate of what the layer takes besides.
    """

    phase: StepPhase
    layer: str | None
    bytes: int
    workspace: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "phase": self.phase,
            "layer": self.layer,
            "bytes": self.bytes,
            "workspace_bytes": self.workspace,
        }


@dataclass(frozen=True, slots=True)
class Segment:
    """Layers whose forward pass is done again before their backward pass.

    Attributes:
        first: position of the first layer.
        last: position of the last layer.
        recomputed: False for the last segment, of which everything is kept.
    """

    first: int
    last: int
    recomputed: bool

    def __contains__(self, position: int) -> bool:
        return self.first <= position <= self.last


@dataclass(slots=True)
class _Clock:
    """When each layer runs: forward, again, backward."""

    steps: list[tuple[StepPhase, int | None]] = field(default_factory=list)
    again: dict[int, int] = field(default_factory=dict)
    backward: dict[int, int] = field(default_factory=dict)

    def tick(self, phase: StepPhase, position: int | None = None) -> int:
        self.steps.append((phase, position))
        return len(self.steps) - 1

    @property
    def end(self) -> int:
        return len(self.steps) - 1


def timeline(graph: Graph, segments: Sequence[Segment] | None = None) -> tuple[Step, ...]:
    """The steps of inference, or of training where the graph has a backward pass.

    Args:
        graph: what shares memory and what is kept.
        segments: of activation checkpointing, in order; None: everything is kept.
    """
    names = [layer.name for layer in graph.network.layers]
    clock, found = _alive(graph, segments)
    return tuple(
        Step(phase, None if position is None else names[position], number(bytes_, "the memory"))
        for (phase, position), bytes_ in zip(clock.steps, found, strict=True)
    )


def alive(graph: Graph) -> list[Dim]:
    """The bytes of each step, in which symbols may stand."""
    return _alive(graph, None)[1]


def _alive(graph: Graph, segments: Sequence[Segment] | None) -> tuple[_Clock, list[Dim]]:
    clock = _Clock()
    names = [layer.name for layer in graph.network.layers]
    for position in range(len(names)):
        clock.tick("forward", position)
    whole = [Segment(0, len(names) - 1, recomputed=False)]
    parts = list(segments or whole)
    spans = _Spans()
    if graph.calls:
        for part in reversed(parts):
            _tick_backward(clock, graph, part)
        clock.tick("update")
        _add_gradients(spans, graph, clock)
        _add_own(spans, graph, clock)
    for position, name in enumerate(names):
        spans.add(graph.scratch.get(name, 0), position, position)
        if graph.calls:
            back = clock.backward.get(position, clock.end)
            spans.add(graph.scratch_backward.get(name, 0), back, back)
    for block in graph.blocks:
        _add_block(spans, graph, clock, block, parts)
    return clock, spans.alive(len(clock.steps))


def _tick_backward(clock: _Clock, graph: Graph, part: Segment) -> None:
    layers = graph.network.layers
    positions = [p for p in range(part.first, part.last + 1) if layers[p].name in graph.calls]
    if part.recomputed:
        for position in positions:
            clock.again[position] = clock.tick("recompute", position)
    for position in reversed(positions):
        clock.backward[position] = clock.tick("backward", position)


class _Spans:
    """Memory over time as the changes at its steps."""

    def __init__(self) -> None:
        self._changes: defaultdict[int, list[Dim]] = defaultdict(list)

    def add(self, bytes_: Dim, start: int, end: int) -> None:
        """Alive from one step to another, both included."""
        if end >= start:
            self._changes[start].append(bytes_)
            self._changes[end + 1].append(-bytes_)

    def alive(self, steps: int) -> list[Dim]:
        return list(accumulate(summed(self._changes[step]) for step in range(steps)))


def _add_block(
    spans: _Spans, graph: Graph, clock: _Clock, block: Block, parts: Sequence[Segment]
) -> None:
    """In the forward pass until its last use, and as long as a segment keeps it."""
    if block.held:
        start = 0 if not graph.network.layers[block.producer].inputs else block.producer
        spans.add(block.bytes, start, clock.end)
    else:
        end = block.last_use
        if block.overwritten_by is not None:
            end = block.overwritten_by - 1
        ends = [end, *_kept_until(clock, block, parts)]
        spans.add(block.bytes, block.producer, max(ends))
    for part in parts:
        if part.recomputed and block.producer in part and block.producer in clock.again:
            _add_again(spans, clock, block, part)


def _kept_until(clock: _Clock, block: Block, parts: Sequence[Segment]) -> list[int]:
    """The last step of each segment that needs the block as it was made in the forward pass."""
    found = []
    for part in parts:
        if not part.recomputed:
            kept = [p for p in block.savers if p in part]
            found += [clock.backward[min(kept)]] if kept else []
        elif block.producer < part.first and any(p in part for p in block.readers):
            steps = [clock.backward[p] for p in range(part.first, part.last + 1)
                     if p in clock.backward]  # fmt: skip
            found += steps[:1]
    return found


def _add_again(spans: _Spans, clock: _Clock, block: Block, part: Segment) -> None:
    """The copy that the second forward pass of a segment makes."""
    uses = [clock.again[p] for p in block.readers if p in part and p in clock.again]
    kept = [clock.backward[p] for p in block.savers if p in part]
    if block.held or not (uses or kept):
        return
    end = max([*uses, *kept])
    if block.overwritten_by is not None and not kept:
        end -= 1
    spans.add(block.bytes, clock.again[block.producer], end)


def _add_own(spans: _Spans, graph: Graph, clock: _Clock) -> None:
    """Masks, indices and statistics, from the pass that makes them to the backward pass."""
    for position, layer in enumerate(graph.network.layers):
        saved = graph.saved.get(layer.name)
        if saved is not None:
            spans.add(saved.own, clock.again.get(position, position), clock.backward[position])


def _add_gradients(spans: _Spans, graph: Graph, clock: _Clock) -> None:
    """Of tensors until their maker's backward pass has used them, of parameters until the end."""
    starts: dict[int, int] = {}
    ends: dict[int, int] = {}
    same = _passed_on(graph)
    stored: dict[str, tuple[Dim, int]] = {}
    arriving = {graph.of[ref]: len(graph.network.layers) for ref in graph.network.outputs}
    for position, layer in reversed(list(enumerate(graph.network.layers))):
        call = graph.calls.get(layer.name)
        if call is None:
            continue
        now = clock.backward[position]
        for place, ref in enumerate(layer.inputs):
            if call.wants(place):
                arriving.setdefault(graph.of[ref], now)
        for parameter in call.trained:
            stored.setdefault(parameter.id, (parameter.bytes, now))
    for place, start in arriving.items():
        group, made = same.get(place, place), graph.blocks[place].producer
        end = clock.backward.get(made, clock.end)
        starts[group] = min(start, starts.get(group, start))
        ends[group] = max(end, ends.get(group, end))
    for group, start in starts.items():
        spans.add(graph.blocks[group].bytes, start, ends[group])
    for bytes_, start in stored.values():
        spans.add(bytes_, start, clock.end)


def _passed_on(graph: Graph) -> dict[int, int]:
    """Block -> the block whose gradient is the same memory: a sum passes its own on."""
    found: dict[int, int] = {}
    for layer in reversed(graph.network.layers):
        call = graph.calls.get(layer.name)
        if call is None or not (isinstance(layer.op, Merge) and layer.op.function == "add"):
            continue
        result = graph.of[Ref(layer.name)]
        for place, ref in enumerate(layer.inputs):
            block = graph.block(ref)
            alone = len(block.readers) == 1 and block.bytes == graph.blocks[result].bytes
            if alone and call.wants(place):
                found[graph.of[ref]] = found.get(result, result)
    return found
