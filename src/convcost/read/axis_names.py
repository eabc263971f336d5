"""Axis names of a tensor by how many axes it has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.network.tensor import Axis, Tensor
from convcost.ops.window import AXES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcost.network.dims import Dim


def axis_names(rank: int, *, channels_first: bool = False) -> tuple[str | None, ...]:
    """Names for a tensor of so many axes, the batch included.

    Channels are the last axis, as in Keras, or the second one.

    >>> axis_names(4), axis_names(4, channels_first=True)
    (('batch', 'height', 'width', 'channel'), ('batch', 'channel', 'height', 'width'))
    >>> axis_names(2), axis_names(3)
    (('batch', 'feature'), ('batch', 'time', 'channel'))
    >>> axis_names(6), axis_names(6, channels_first=True)[:3]
    (('batch', None, None, None, None, None), ('batch', 'channel', None))
    """
    if rank <= 2:
        return ("batch", "feature")[:rank]
    spatial = AXES.get(rank - 2)
    if channels_first:
        return ("batch", "channel", *(spatial or (None,) * (rank - 2)))
    return ("batch", *(None,) * (rank - 1)) if spatial is None else ("batch", *spatial, "channel")


def named(sizes: Sequence[Dim], *, channels_first: bool = False) -> Tensor:
    """A tensor of these sizes, the batch first, with Keras's axis names."""
    names = axis_names(len(sizes), channels_first=channels_first)
    return Tensor(tuple(Axis(name, size) for name, size in zip(names, sizes, strict=True)))


def image_names(rank: int, spatial: int) -> tuple[str, ...]:
    """Axis names of what a window of so many axes slides over; the batch may be missing."""
    return ("batch", "channel", *AXES[spatial])[spatial + 2 - rank :]
