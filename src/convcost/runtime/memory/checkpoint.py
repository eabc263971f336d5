"""Activation checkpointing: keep few tensors, compute the others again in the backward pass.

Chen et al., "Training Deep Nets with Sublinear Memory Cost" (2016, arXiv:1604.06174): cut a chain
of n layers into about sqrt(n) segments, keep only what enters each, and repeat the forward pass of
one segment at a time. As in `torch.utils.checkpoint.checkpoint_sequential` the last one is not
repeated.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt
from typing import TYPE_CHECKING

from convcost.errors import unknown_name
from convcost.network.cost import Cost, total
from convcost.network.dims import number, summed
from convcost.runtime.memory.timeline import Segment, timeline

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from convcost.network.op import Mode
    from convcost.runtime.memory.blocks import Graph


@dataclass(frozen=True, slots=True)
class Checkpointing:
    """A what-if.

    Attributes:
        segments: in order; the last one is kept as it is.
        after: the layers behind which a segment ends.
        kept_bytes: of what enters the segments and of one segment, at most at one time.
        saved_without: kept without checkpointing.
        peak_without: the peak of tensors and gradients without it.
        recomputed: the cost of the forward passes that are repeated; None where a layer's is not
            known.
    """

    segments: tuple[Segment, ...]
    after: tuple[str, ...]
    kept_bytes: int
    saved_without: int
    peak_without: int
    recomputed: Cost | None


def checkpointing(graph: Graph, mode: Mode, after: Sequence[str] | None) -> Checkpointing:
    """Cut a network into segments.

    Args:
        graph: with a backward pass.
        mode: how the forward pass behaves.
        after: layers behind which to cut; None: about sqrt(n) segments between places where nothing
            but tensors that are kept anyway goes across, so that no more is kept than before.

    Raises:
        UsageError: there is no layer of such a name.
    """
    names = [layer.name for layer in graph.network.layers]
    if after is None:
        cuts = _even_cuts(graph)
    else:
        for name in after:
            if name not in names:
                raise unknown_name("layer to checkpoint", name, names)
        cuts = sorted({names.index(name) for name in after} - {len(names) - 1})
    starts = [0, *(cut + 1 for cut in cuts)]
    ends = [*cuts, len(names) - 1]
    segments = tuple(
        Segment(first, last, recomputed=last != len(names) - 1)
        for first, last in zip(starts, ends, strict=True)
    )
    return Checkpointing(
        segments,
        tuple(names[cut] for cut in cuts),
        _kept(graph, segments),
        number(graph.saved_bytes(), "the memory"),
        max(step.bytes for step in timeline(graph)),
        _recomputed(graph, mode, segments),
    )


def _even_cuts(graph: Graph) -> list[int]:
    """About sqrt(n) - 1 of the n - 1 places where a cut costs nothing, evenly spread."""
    free = [cut for cut in range(len(graph.network.layers) - 1) if _is_free(graph, cut)]
    segments = isqrt(len(free) + 1)
    places = (len(free) * part // segments for part in range(1, segments))
    return [free[place] for place in places]


def _is_free(graph: Graph, cut: int) -> bool:
    """Whether all that goes across is kept anyway, and something before is computed again."""
    across = list(_across(graph, cut))
    before = any(graph.network.layers[p].name in graph.calls for p in range(cut + 1))
    return before and bool(across) and all(graph.blocks[place].savers for place in across)


def _across(graph: Graph, cut: int) -> Iterator[int]:
    """Blocks made before a cut and read after it; what the caller holds anyway does not count."""
    for place, block in enumerate(graph.blocks):
        made_inside = bool(graph.network.layers[block.producer].inputs)
        if made_inside and block.producer <= cut < block.last_use:
            yield place


def _inputs(graph: Graph, segment: Segment) -> Iterator[int]:
    """The network's inputs that a segment reads, where they are kept in any case."""
    for place, block in enumerate(graph.blocks):
        outside = not graph.network.layers[block.producer].inputs
        if outside and block.savers and any(p in segment for p in block.readers):
            yield place


def _kept(graph: Graph, segments: Sequence[Segment]) -> int:
    """The most that is kept at one time, over the backward passes of the segments."""
    most = 0
    for order, segment in enumerate(segments):
        kept = {
            place
            for place, block in enumerate(graph.blocks)
            if any(p in segment for p in block.savers)
        }
        for earlier in segments[:order]:
            kept.update(_across(graph, earlier.last))
            kept.update(_inputs(graph, earlier))
        own = (
            saved.own
            for position, layer in enumerate(graph.network.layers)
            if position in segment and (saved := graph.saved.get(layer.name)) is not None
        )
        alive = summed([*(graph.blocks[place].bytes for place in kept), *own])
        most = max(most, number(alive, "the memory"))
    return most


def _recomputed(graph: Graph, mode: Mode, segments: Sequence[Segment]) -> Cost | None:
    layers = graph.network.layers
    costs = [
        layers[position].op.cost("forward", graph.network.call(layers[position], mode))
        for segment in segments
        if segment.recomputed
        for position in range(segment.first, segment.last + 1)
        if layers[position].name in graph.calls
    ]
    known = [cost for cost in costs if cost is not None]
    return total(known) if len(known) == len(costs) else None
