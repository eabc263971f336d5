"""Axis names of a Keras tensor by its rank and data format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.network.tensor import Axis, Tensor
from convcost.ops.window import AXES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcost.network.dims import Dim


def axis_names(rank: int, *, channels_first: bool = False) -> tuple[str | None, ...]:
    """Names for a tensor of so many axes, the batch included.

    >>> axis_names(4), axis_names(4, channels_first=True)
    (('batch', 'height', 'width', 'channel'), ('batch', 'channel', 'height', 'width'))
    >>> axis_names(2), axis_names(3)
    (('batch', 'feature'), ('batch', 'time', 'channel'))
    """
    if rank <= 2:
        return ("batch", "feature")[:rank]
    spatial = AXES.get(rank - 2)
    if spatial is None:
        return ("batch", *(None,) * (rank - 1))
    return ("batch", "channel", *spatial) if channels_first else ("batch", *spatial, "channel")


def named(sizes: Sequence[Dim], *, channels_first: bool = False) -> Tensor:
    """A tensor of these sizes, the batch first, with Keras's axis names."""
    names = axis_names(len(sizes), channels_first=channels_first)
    return Tensor(tuple(Axis(name, size) for name, size in zip(names, sizes, strict=True)))
