"""How far the weights of an approximate rewrite are from those they stand for, layer by layer."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any

from convcost.ops.conv import Conv
from convcost.ops.dense import Dense
from convcost.write.values import Values

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from convcost.network.network import Layer, Network

_KERNEL = "kernel"
#: Numbers that are multiplied out at a time.
_BLOCK = 2**23


@dataclass(frozen=True, slots=True)
class WeightError:
    """The kernel of a layer of the original, and what stands for it.

    Attributes:
        layer: its name.
        layers: those of the rewritten network whose product stands for it, in order.
        error: the norm of the difference over the norm of the original (Frobenius); where channels
            were dropped, of the weights that were dropped with them.
        dropped: whether channels were.
    """

    layer: str
    layers: tuple[str, ...]
    error: float
    dropped: bool

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {**asdict(self), "layers": list(self.layers)}


def weight_errors(before: Network, after: Network) -> tuple[WeightError, ...]:
    """Of every convolution and dense layer whose kernel was replaced by kernels with values.

    A chain of linear ones with nothing in between stands for their product. Left out is what has no
    such product: an activation between them, groups, two kernels along the same axis, no values.
    """
    return tuple(_errors(before, after))


def _errors(before: Network, after: Network) -> Iterator[WeightError]:
    old, new = Values(before), Values(after)
    there = {layer.name for layer in after.layers}
    known = {layer.name for layer in before.layers}
    for layer in before.layers:
        if layer.name not in there or not _linear(layer) or not _valued(before, layer):
            continue
        chain = _chain(after, layer.name, known)
        if not chain or not all(_valued(after, each) for each in chain):
            continue
        if len(chain) == 1 and _handles(before, layer) == _handles(after, chain[0]):
            continue
        kernels = [new.of(each)[_KERNEL] for each in chain]
        if not _multiply(kernels):
            continue
        found = _relative(old.of(layer)[_KERNEL], kernels)
        if found is not None:
            error, dropped = found
            yield WeightError(layer.name, tuple(each.name for each in chain), error, dropped)


def _linear(layer: Layer) -> bool:
    op = layer.op
    return isinstance(op, Dense) or (isinstance(op, Conv) and op.groups == 1)


def _valued(network: Network, layer: Layer) -> bool:
    return all(network.table[id_].values is not None for id_ in layer.parameters)


def _handles(network: Network, layer: Layer) -> list[Any]:
    """What gives its kernel: the same object where it was not touched."""
    parameters = [network.table[id_] for id_ in layer.parameters]
    return [(parameter.shape, parameter.values) for parameter in parameters]


def _chain(network: Network, last: str, known: set[str]) -> list[Layer]:
    """The layer and the new ones before it; none where they are not a chain of linear layers."""
    chain = [network.layer(last)]
    if not _linear(chain[0]):
        return []
    while (name := chain[0].inputs[0].layer) not in known:
        layer = network.layer(name)
        activation = getattr(layer.op, "activation", None)
        if (
            not _linear(layer)
            or activation != "linear"
            or network.consumers[name] != (chain[0].name,)
        ):
            return []
        chain.insert(0, layer)
    return chain


def _multiply(kernels: Sequence[Any]) -> bool:
    """Whether the product of the kernels is one kernel: along each axis only one has taps."""
    if len({kernel.ndim for kernel in kernels}) != 1:
        return False
    taps = zip(*(kernel.shape[:-2] for kernel in kernels), strict=True)
    return all(sum(size > 1 for size in sizes) <= 1 for sizes in taps)


def _relative(old: Any, kernels: Sequence[Any]) -> tuple[float, bool] | None:
    """The error, and whether channels were dropped; None where sizes have nothing in common."""
    import numpy as np

    taps = tuple(max(sizes) for sizes in zip(*(k.shape[:-2] for k in kernels), strict=True))
    channels, filters = kernels[0].shape[-2], kernels[-1].shape[-1]
    whole = _squares(old)
    if not whole:
        return None
    if (*taps, channels, filters) == old.shape:
        rows = max(1, _BLOCK // max(math.prod(taps) * filters, 1))
        apart = 0.0
        for low in range(0, channels, rows):
            part = slice(low, low + rows)
            first = kernels[0][..., part, :].astype("float64")
            # one of two taps is 1: the product over channels is spread over the other's taps
            made = reduce(np.matmul, (kernel.astype("float64") for kernel in kernels[1:]), first)
            apart += _squares(old[..., part, :].astype("float64") - made)
        return math.sqrt(apart / whole), False
    fewer = channels <= old.shape[-2] and filters <= old.shape[-1]
    if len(kernels) == 1 and taps == old.shape[:-2] and fewer:
        return math.sqrt(max(0.0, 1 - _squares(kernels[0]) / whole)), True
    return None


def _squares(array: Any) -> float:
    import numpy as np

    flat = array.astype("float64", copy=False).reshape(-1)
    return float(np.dot(flat, flat))
