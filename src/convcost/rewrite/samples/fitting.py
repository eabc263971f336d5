"""Whether an array holds samples that an input of a network takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.errors import SourceError, UsageError

if TYPE_CHECKING:
    from convcost.network.network import Layer
    from convcost.network.tensor import Tensor
    from convcost.rewrite.samples.npz import Arrays

#: Bytes that are looked through at a time.
_BLOCK = 2**24


def fits(shape: tuple[int, ...], tensor: Tensor) -> bool:
    """Whether samples of an array are those of an input, but for axes of size one."""
    wanted = [size for size in tensor.shape[1:] if size != 1]
    return [size for size in shape[1:] if size != 1] == wanted


def fitted(arrays: Arrays, name: str, layer: Layer) -> Any:
    """An array in the shape that an input takes, its numbers looked through.

    Raises:
        SourceError: it has another shape, or holds what the input does not take.
        UsageError: the input has an open size.
    """
    tensor = layer.outputs[0]
    if not all(isinstance(size, int) for size in tensor.shape[1:]):
        raise UsageError(
            f"the input '{layer.name}' is {tensor}, which has an open size",
            hint="set it with --dim",
        )
    shape = arrays.shape(name)
    if not fits(shape, tensor):
        raise SourceError(
            f"{arrays.path}: its array '{name}' is {shape}; "
            f"the input '{layer.name}' takes {tensor}",
            hint=_turned(shape[1:], tensor.shape[1:], name),
        )
    array = arrays.read(name).reshape(shape[0], *tensor.shape[1:])
    if array.dtype.kind == "f":
        if not tensor.floating:
            raise SourceError(
                f"{arrays.path}: its array '{name}' holds {array.dtype}; the input "
                f"'{layer.name}' takes {tensor.dtype}"
            )
        _check_finite(arrays, name, array)
    return array


def _turned(shape: tuple[int, ...], wanted: tuple[Any, ...], name: str) -> str | None:
    """What to type where the axes are only in another order."""
    from itertools import permutations

    if len(shape) != len(wanted) or len(shape) > 4:
        return None
    for order in permutations(range(len(shape))):
        if tuple(shape[place] for place in order) == wanted:
            axes = ", ".join(str(place + 1) for place in order)
            return f"turn its axes: {name}.transpose(0, {axes})"
    return None


def _check_finite(arrays: Arrays, name: str, array: Any) -> None:
    import numpy as np

    rows = max(1, _BLOCK // max(array[:1].nbytes, 1))
    for first in range(0, len(array), rows):
        finite = np.isfinite(array[first : first + rows])
        if not finite.all():
            bad = first + int(np.argmin(finite.reshape(len(finite), -1).all(1)))
            raise SourceError(
                f"{arrays.path}: its array '{name}' holds what is no finite number, first in "
                f"sample {bad}"
            )
