"""Names that tell whose an operation of TensorFlow is.

TensorFlow names operations by the scope that they are made in, keeps the scope through its
optimisations, and puts the gradient of an operation into a scope of the same name. Keras opens
scopes with the names of layers, which TensorFlow makes unique by numbers: those of a layer that is
called twice cannot be told from another layer's. So every call of a layer opens one more, whose
name is exact.
"""

from __future__ import annotations

import re
from collections import defaultdict
from itertools import cycle
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from convcost.network.network import Network
    from convcost.runtime.runners.runner import RunPhase

_PREFIX = "convcost_"
_LOSS, _UPDATE = "loss", "update"
#: TensorFlow takes a name that ends so as it is.
_EXACT = "/"
_SCOPE = re.compile(rf"(?:^|/){_PREFIX}({_LOSS}|{_UPDATE}|\d+)(?=/|$)")
_GRADIENTS = re.compile(r"(?:^|/)gradient_tape/")


def owner(path: str, layers: tuple[str, ...]) -> tuple[str, RunPhase] | None:
    """The layer and the phase of an operation; the loss and the update have no layer.

    Args:
        path: its name in a graph of TensorFlow.
        layers: the network's.

    Returns:
        None for what was made outside of all scopes.

    >>> layers = ("image", "conv", "bn")
    >>> owner("convcost_1/convolution", layers)
    ('conv', 'forward')
    >>> owner("gradient_tape/convcost_2/batchnorm/mul_1/Mul", layers)
    ('bn', 'backward')
    >>> owner("convcost_update/adam/Mul_3", layers), owner("AddN", layers)
    (('', 'update'), None)
    """
    found = _SCOPE.search(path)
    if found is None:
        return None
    if found[1] == _UPDATE:
        return "", "update"
    if found[1] == _LOSS:
        return "", "loss"
    return layers[int(found[1])], "backward" if _GRADIENTS.search(path) else "forward"


def mark(model: Any, network: Network, owners: Mapping[str, str]) -> None:
    """Have every call of a layer, and the loss, open a scope.

    A layer of Keras that the network calls several times belongs to each of these calls in turn.

    Args:
        model: a Keras model, before TensorFlow has traced it.
        network: that it was written from.
        owners: names in the model -> names in the network.
    """
    # of one length: TensorFlow orders the inputs of a sum by their names
    digits = len(str(len(network.layers)))
    place = {layer.name: f"{number:0{digits}}" for number, layer in enumerate(network.layers)}
    calls: dict[str, list[str]] = defaultdict(list)
    for layer in network.layers:
        first = network.layer(layer.shared_with or layer.name)
        if (first.op, first.parameters) == (layer.op, layer.parameters):
            calls[first.name].append(layer.name)
    for operation in model.operations:
        name = owners.get(operation.name)
        if name in place:
            # not so what Keras has besides for one of the calls, such as a change of the layout
            several = len(operation._inbound_nodes) == len(calls[name])  # noqa: SLF001 - no other
            names = calls[name] if several else [name]
            operation.call = _scoped(operation.call, [place[each] for each in names])
    model.compute_loss = _scoped(model.compute_loss, [_LOSS])


def mark_update(optimizer: Any) -> None:
    """Have the optimizer open a scope."""
    optimizer.apply = _scoped(optimizer.apply, [_UPDATE])


def _scoped(call: Callable[..., Any], names: list[str]) -> Callable[..., Any]:
    """Each call in the next of these scopes."""
    turns = cycle(names)

    def inside(*args: Any, **options: Any) -> Any:
        import tensorflow as tf

        with tf.name_scope(f"{_PREFIX}{next(turns)}{_EXACT}"):
            return call(*args, **options)

    return inside
