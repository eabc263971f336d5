"""A network as a workload wants it: its dtype, its frozen layers, its loss."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from convcost.errors import NetworkError, unknown_name
from convcost.network.dataclass import replace
from convcost.network.network import Layer, Ref

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from convcost.count.workload import Workload
    from convcost.network.network import Network


def prepared(network: Network, workload: Workload) -> Network:
    """The network that is counted.

    Raises:
        UsageError: a pattern of frozen layers fits none.
        NetworkError: there is no result that a loss could be computed of.
    """
    if workload.dtype is not None:
        network = network.with_dtype(workload.dtype)
    if workload.freeze:
        network = frozen(network, workload.freeze)
    return network if workload.loss is None else with_loss(network, workload.loss)


def frozen(network: Network, patterns: Iterable[str]) -> Network:
    """The network with the parameters of layers frozen whose names fit a pattern.

    A parameter that layers share is frozen where one of them is.

    Raises:
        UsageError: a pattern fits no layer that has parameters.
    """
    from fnmatch import fnmatchcase

    layers = [layer for layer in network.layers if layer.parameters]
    table = dict(network.table)
    for pattern in patterns:
        chosen = [layer for layer in layers if fnmatchcase(layer.name, pattern)]
        if not chosen:
            names = [layer.name for layer in layers]
            raise unknown_name("layer to freeze", pattern, names)
        for layer in chosen:
            table.update((x, replace(table[x], trainable=False)) for x in layer.parameters)
    return replace(network, table=table)


def with_loss(network: Network, function: str) -> Network:
    """The network with a last layer that computes a loss of its results.

    Raises:
        NetworkError: none of its results is a floating-point number.
    """
    from convcost.ops.loss import Loss

    refs = tuple(ref for ref in network.outputs if network.tensor(ref).floating)
    if not refs:
        raise NetworkError(
            f"'{network.name}' has no result that a loss could be computed of: "
            + ("it returns whole numbers" if network.outputs else "its results are not known"),
            hint="leave out --loss (loss=), or ask about inference",
        )
    loss = Loss(function=function, probabilities=_are_probabilities(network, refs, function))
    outputs = loss.outputs(*(network.tensor(ref) for ref in refs))
    layer = Layer(_free_name(network), loss, refs, outputs)
    return replace(network, layers=(*network.layers, layer), outputs=(Ref(layer.name),))


def _are_probabilities(network: Network, refs: Sequence[Ref], function: str) -> bool:
    """Whether a result has gone through the activation that the loss would otherwise contain."""
    from convcost.ops.activation import Activation
    from convcost.ops.loss import RULES

    rule = RULES.get((function, True))
    if rule is None:
        return False
    ops = (network.layer(ref.layer).op for ref in refs)
    ends = {
        op.function if isinstance(op, Activation) else getattr(op, "activation", None) for op in ops
    }
    return rule.ends_in in ends


def _free_name(network: Network) -> str:
    taken = {layer.name for layer in network.layers}
    names = (f"loss_{number}" if number > 1 else "loss" for number in count(1))
    return next(name for name in names if name not in taken)
