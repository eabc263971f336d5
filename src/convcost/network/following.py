"""What a layer gives when what it takes has changed its size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.errors import NetworkError
from convcost.network.dataclass import fields
from convcost.network.tensor import Axis, Tensor

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from convcost.network.network import Layer


def following(layer: Layer, before: Sequence[Tensor], now: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """What a layer gives for inputs of other sizes; axes and dtypes are called as before.

    Raises:
        NetworkError: the source says what it gives, not how that follows from what it takes.
    """
    shapes = ([tensor.shape for tensor in tensors] for tensors in (before, now))
    if any(_holds_tensors(getattr(layer.op, each.name)) for each in fields(layer.op)):  # type: ignore[arg-type]
        if len({str(each) for each in shapes}) == 1:
            return layer.outputs
        raise NetworkError(
            f"its input has another size now, and what '{layer.op.kind}' makes of it is not known"
        )
    return as_before(layer.op.outputs(*now), layer.outputs)


def _holds_tensors(value: Any) -> bool:
    """Whether an attribute states tensors outright."""
    if isinstance(value, tuple):
        return any(map(_holds_tensors, value))
    return isinstance(value, Tensor)


def as_before(new: Iterable[Tensor], old: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """Tensors with the dtypes and names of axes that a reader gave those in their place."""
    found = list(new)
    alike = len(found) == len(old) and all(
        len(a.axes) == len(b.axes) for a, b in zip(found, old, strict=False)
    )
    if not alike:
        return tuple(found)
    return tuple(
        Tensor(
            tuple(Axis(b.name, a.size) for a, b in zip(made.axes, was.axes, strict=True)), was.dtype
        )
        for made, was in zip(found, old, strict=True)
    )
