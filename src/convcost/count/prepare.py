"""A network as a workload wants it: its dtype, its frozen layers, its loss."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from convcost.errors import NetworkError, unknown_name
from convcost.network.builder import BATCH
from convcost.network.dataclass import replace
from convcost.network.network import Layer, Ref

if TYPE_CHECKING:
    from collections.abc import Iterable

    from convcost.count.workload import Workload
    from convcost.network.network import Network


def prepared(network: Network, workload: Workload) -> Network:
    """The network that is counted.

    Raises:
        UsageError: a pattern of frozen layers fits none.
        NetworkError: there is no result that a loss could be computed of.
    """
    network = without_loss(network, workload)
    return network if workload.loss is None else with_loss(network, workload.loss)


def without_loss(network: Network, workload: Workload) -> Network:
    """The same but for the loss, as runtimes are given it: they compute that themselves.

    Raises:
        UsageError: a pattern of frozen layers fits none.
    """
    if workload.dtype is not None:
        network = network.with_dtype(workload.dtype)
    return frozen(network, workload.freeze) if workload.freeze else network


def at_batch(network: Network, batch: int) -> Network:
    """The network with its batch in numbers; the network itself where no size is open.

    Raises:
        NetworkError: a size would be smaller than one, or an op's condition does not hold.
    """
    return network.bind({str(BATCH): batch}) if network.symbols else network


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
    from convcost.ops.loss import Loss, ends_in_probabilities

    refs = tuple(ref for ref in network.outputs if network.tensor(ref).floating)
    if not refs:
        raise NetworkError(
            f"'{network.name}' has no result that a loss could be computed of: "
            + ("it returns whole numbers" if network.outputs else "its results are not known"),
            hint="leave out --loss (loss=), or ask about inference",
        )
    ends = [ends_in_probabilities(network.layer(ref.layer).op, function) for ref in refs]
    loss = Loss(function=function, probabilities=any(ends))
    outputs = loss.outputs(*(network.tensor(ref) for ref in refs))
    layer = Layer(_free_name(network), loss, refs, outputs)
    return replace(network, layers=(*network.layers, layer), outputs=(Ref(layer.name),))


def _free_name(network: Network) -> str:
    taken = {layer.name for layer in network.layers}
    names = (f"loss_{number}" if number > 1 else "loss" for number in count(1))
    return next(name for name in names if name not in taken)
