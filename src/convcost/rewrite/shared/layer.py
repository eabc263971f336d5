"""One layer as a place for a rewrite: what stands against it, its numbers, what it computes."""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Any

from convcost.network.dims import number
from convcost.network.op import Call
from convcost.network.surgery import New
from convcost.network.tensor import Axis, Tensor
from convcost.write.values import Values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from convcost.network.network import Layer, Network
    from convcost.network.op import Op
    from convcost.ops.window import Window


def unfit(network: Network, layer: Layer) -> str | None:
    """Why a layer's parameters cannot be replaced, whatever the rewrite; None where they can."""
    own = set(layer.parameters)
    for other in network.layers:
        if other is not layer and own & set(other.parameters):
            return f"its weights are those of '{other.name}' too"
    if layer.unkept is not None:
        return f"{layer.unkept}: the network does not keep this"
    kinds = {network.table[id_].dtype for id_ in layer.parameters}
    whole = sorted(kind for kind in kinds if "float" not in kind)
    if whole:
        return f"its weights are {whole[0]}, no floating-point numbers"
    tensors = (*(network.tensor(ref) for ref in layer.inputs), *layer.outputs)
    axes = (axis for tensor in tensors for axis in tensor.axes if axis.name != "batch")
    open_ = [axis for axis in axes if not isinstance(axis.size, int)]
    if open_:
        return f"a size is open: {open_[0].name or 'an axis'} = {open_[0].size}"
    return None


def numbers(network: Network, layer: Layer) -> Callable[[], Mapping[str, Any]] | None:
    """What loads the numbers of a layer's parameters, once; None where the source lacks some."""
    if any(network.table[id_].values is None for id_ in layer.parameters):
        return None
    return cache(lambda: Values(network).of(layer))


def is_trainable(network: Network, layer: Layer) -> bool:
    """Whether what takes the place of a layer is to be trained: not where the layer is frozen."""
    learned = [network.table[id_] for id_ in layer.parameters if network.table[id_].learned]
    return not learned or any(parameter.trainable for parameter in learned)


def anew(network: Network, layer: Layer, op: Op | None = None) -> New:
    """A layer that is to be trained anew: without numbers, in the sizes that it has then.

    Args:
        network: whose layer it is.
        layer: that is replaced.
        op: what it does then; None: what it did.
    """
    trainable = is_trainable(network, layer)
    return New(name=layer.name, op=op or layer.op, inputs=layer.inputs, trainable=trainable)


def macs(tensor: Tensor, ops: Iterable[Op]) -> int:
    """MACs of ops that follow each other; an open batch is one sample.

    >>> from convcost.ops.dense import Dense
    >>> macs(Tensor.of(batch=1, feature=100), [Dense(units=10), Dense(units=20)])
    1200
    """
    axes = (a if isinstance(a.size, int) else Axis(a.name, 1) for a in tensor.axes)
    tensor = Tensor(tuple(axes), tensor.dtype)
    total = 0
    for op in ops:
        call = Call((tensor,), op.outputs(tensor))
        total += sum(number(equation.macs, "MACs") for equation in op.equations(call))
        tensor = call.outputs[0]
    return total


def taps(windows: Sequence[Window]) -> int:
    """Values of one channel that a kernel multiplies."""
    return math.prod(window.kernel for window in windows)  # type: ignore[misc]


def side(windows: Sequence[Window]) -> str:
    """A kernel's sides, for a text and a name.

    >>> from convcost.ops.window import window
    >>> side(window((3, 1)))
    '3x1'
    """
    return "x".join(str(window.kernel) for window in windows)


def blocks(below: int) -> tuple[int, ...]:
    """Widths below a number to choose from, the largest first: at most eight, evenly spread.

    Multiples of 8, from 128 on of 16: vector units work on so many channels at once, and a width
    that leaves a block part empty costs about as much as the full one.

    >>> blocks(64), blocks(512), blocks(8)
    ((56, 48, 40, 32, 24, 16, 8), (496, 432, 368, 304, 240, 176, 112, 48), ())
    """
    block = 16 if below >= 128 else 8
    most = (below - 1) // block
    step = max(1, math.ceil(most / 8))
    return tuple(times * block for times in range(most, 0, -step))
