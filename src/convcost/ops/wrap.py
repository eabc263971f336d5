"""What ops that contain other ops share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.errors import NetworkError
from convcost.network.op import Call
from convcost.network.tensor import Axis, Tensor

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from convcost.network.op import Mode, Op
    from convcost.network.parameter import Parameter


def call_of(
    op: Op,
    inputs: tuple[Tensor, ...],
    mode: Mode,
    parameters: tuple[Parameter, ...] = (),
    wanted: tuple[bool, ...] | None = None,
) -> Call:
    """What an inner op is applied to."""
    return Call(inputs, op.outputs(*inputs), parameters, mode, wanted)


def renamed(tensor: Tensor, names: Sequence[str | None] | None) -> Tensor:
    """The same axes under other names; None keeps them.

    A framework knows axes by position: what is time to one layer is depth to the next.

    Raises:
        NetworkError: the number of axes differs.

    >>> str(renamed(Tensor.of(batch=1, depth=8, feature=4), ("batch", "time", "channel")))
    '(batch=1, time=8, channel=4)'
    """
    if names is None or tensor.names == tuple(names):
        return tensor
    if len(names) != len(tensor.axes):
        raise NetworkError(f"{tensor} has {len(tensor.axes)} axes; expected {len(names)}")
    axes = (Axis(name, axis.size) for name, axis in zip(names, tensor.axes, strict=True))
    return Tensor(tuple(axes), tensor.dtype)


def last_axes(tensor: Tensor, names: Iterable[str] | None) -> tuple[Axis, ...]:
    """The named axes in the tensor's order; without names its last one.

    Raises:
        NetworkError: there is no such axis.
    """
    if names is None:
        return tensor.axes[-1:]
    names = tuple(names)
    for name in names:
        tensor.size(name)
    return tuple(axis for axis in tensor.axes if axis.name in names)
