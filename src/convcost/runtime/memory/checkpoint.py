"""Activation checkpointing: keep few tensors, compute the others again in the backward pass.

Chen et al., "Training Deep Nets with Sublinear Memory Cost" (2016, arXiv:1604.06174): cut a chain
of n layers into about sqrt(n) segments, keep only what enters each, and repeat the forward pass of
one segment at a time. As in `torch.utils.checkpoint.checkpoint_sequential` the last one is not
repeated.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from math import isqrt
from typing import TYPE_CHECKING, Any

from convcost.errors import unknown_name
from convcost.network.cost import Cost, total
from convcost.network.dims import number, summed
from convcost.runtime.memory.timeline import Segment, timeline

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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

    def to_dict(self, stored: int) -> dict[str, Any]:
        """Plain values.

        Args:
            stored: what is there all the time, and part of every peak.
        """
        recomputed = self.recomputed
        return {
            "after": list(self.after),
            "segments": len(self.segments),
            "kept_bytes": self.kept_bytes,
            "saved_bytes_without": self.saved_without,
            "peak_bytes_without": stored + self.peak_without,
            "recomputed_macs": None if recomputed is None else recomputed.macs,
            "recomputed_flops": None if recomputed is None else recomputed.flops,
        }


def checkpointing(graph: Graph, after: Sequence[str] | None) -> Checkpointing:
    """Cut a network into segments.

    Args:
        graph: with a backward pass.
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
        _recomputed(graph, segments),
    )


def _even_cuts(graph: Graph) -> list[int]:
    """About sqrt(n) - 1 of the n - 1 places where a cut costs nothing, evenly spread."""
    free = _free_cuts(graph)
    segments = isqrt(len(free) + 1)
    places = (len(free) * part // segments for part in range(1, segments))
    return [free[place] for place in places]


def _free_cuts(graph: Graph) -> list[int]:
    """Where all that goes across is kept anyway, and something before is computed again."""
    layers = graph.network.layers
    all_, unkept = [0] * (len(layers) + 1), [0] * (len(layers) + 1)
    for block in graph.blocks:
        if layers[block.producer].inputs:
            for counts in (all_, *(() if block.savers else (unkept,))):
                counts[block.producer] += 1
                counts[block.last_use] -= 1
    begin = next((p for p, layer in enumerate(layers) if layer.name in graph.calls), len(layers))
    across = zip(accumulate(all_), accumulate(unkept), strict=True)
    free = [blocks > 0 and not lost for blocks, lost in across]
    return [cut for cut in range(begin, len(layers) - 1) if free[cut]]


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
    entering: set[int] = set()
    for segment in segments:
        kept = entering | {
            place
            for place, block in enumerate(graph.blocks)
            if any(p in segment for p in block.savers)
        }
        own = (
            saved.own
            for layer in graph.network.layers[segment.first : segment.last + 1]
            if (saved := graph.saved.get(layer.name)) is not None
        )
        alive = summed([*(graph.blocks[place].bytes for place in kept), *own])
        most = max(most, number(alive, "the memory"))
        entering.update(_across(graph, segment.last), _inputs(graph, segment))
    return most


def _recomputed(graph: Graph, segments: Sequence[Segment]) -> Cost | None:
    layers = graph.network.layers
    costs = [
        layer.op.cost("forward", graph.calls[layer.name])
        for segment in segments
        if segment.recomputed
        for layer in layers[segment.first : segment.last + 1]
        if layer.name in graph.calls
    ]
    known = [cost for cost in costs if cost is not None]
    return total(known) if len(known) == len(costs) else None
