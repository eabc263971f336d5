"""Networks with numbers: the source's, random ones, or those that another process wrote."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any

from convcost.errors import NetworkError
from convcost.network.dataclass import replace
from convcost.network.dims import number
from convcost.network.equation import Learned
from convcost.ops.constant import Constant
from convcost.write.values import Values, around_one, constant_numbers

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from convcost.network.network import Layer, Network


def without_values(network: Network) -> tuple[str, ...]:
    """Names of the layers whose parameters have no numbers.

    >>> from convcost.zoo import load
    >>> without_values(load("seed000"))[:2]
    ('conv2d_1', 'batch_normalization_1')
    """
    table = network.table
    constants = {layer.name for layer in _constants(network).values()}
    return tuple(
        layer.name
        for layer in network.layers
        if any(table[id_].values is None for id_ in layer.parameters)
        or (layer.name in constants and layer.op.values is None)  # type: ignore[attr-defined]
    )


def require_values(network: Network, what: str) -> None:
    """Refuse a network that lacks numbers.

    Args:
        network: to look at.
        what: would be made of them, for the message.

    Raises:
        NetworkError: it lacks some.
    """
    found = without_values(network)
    if found:
        raise NetworkError(
            f"{what} needs the values of parameters; '{network.name}' has none for "
            f"'{found[0]}'" + (f" and {len(found) - 1} more layers" if found[1:] else ""),
            hint="read the model itself (.keras, .onnx, a module), not its summary",
        )


def filled(network: Network, seed: int = 0) -> Network:
    """The network with random numbers where it has none; those it has stay.

    Raises:
        NetworkError: a size is open.
    """
    values = Values(network, seed)
    return with_arrays(
        network,
        {
            id_: array
            for layer in network.layers
            for id_, array in zip(layer.parameters, values.of(layer).values(), strict=True)
            if network.table[id_].values is None
        },
    )


def fresh(network: Network, seed: int) -> Network:
    """The network as it is before any training: all numbers drawn anew.

    Kernels of one product: normal with variance 2 / (products summed into one value), after He et
    al., "Delving Deep into Rectifiers" (2015), the depthwise ones included. Their biases, and shift
    and mean of normalisations: 0; scale and variance: 1. What else there is (recurrent kernels,
    tables) as `convcost.write.values` makes it. Layers of equal names and sizes get equal numbers
    in every network.

    Raises:
        NetworkError: a size is open.
    """
    blank = replace(
        network, table={id_: replace(p, values=None) for id_, p in network.table.items()}
    )
    values = Values(blank, seed)
    arrays: dict[str, Any] = {}
    for layer in network.layers:
        drawn = values.of(layer)
        for id_, (name, array) in zip(layer.parameters, drawn.items(), strict=True):
            begun = array * _factor(network, layer, name, array) + around_one(name)
            arrays.setdefault(id_, begun.astype(array.dtype))
    return with_arrays(network, arrays)


def _factor(network: Network, layer: Layer, name: str, array: Any) -> float:
    """What makes of a random array what a framework begins with; 0 for what has no spread."""
    if array.ndim < 2 or around_one(name):
        return 0.0
    weights = layer.op.weights(*network.call(layer).inputs)
    places = [place for place, weight in enumerate(weights) if weight.name == name]
    sums = [
        number(equation.reduction, "products summed")
        for equation in layer.op.equations(network.call(layer))
        if Learned(places[0]) in equation.operands
    ]
    if len(sums) != 1:
        return 1.0
    fan_in = math.prod(array.shape) // array.shape[-1]  # what `Values` has drawn it for
    return math.sqrt(max(fan_in, 1) / sums[0])


def with_arrays(network: Network, arrays: Mapping[str, Any]) -> Network:
    """The network with numbers of some parameters and plain constants, by their ids."""
    table, constants = dict(network.table), _constants(network)
    changed: dict[str, Layer] = {}
    for id_, array in arrays.items():
        values = partial(_same, array)
        if id_ in constants:
            layer = constants[id_]
            changed[layer.name] = replace(layer, op=replace(layer.op, values=values))  # type: ignore[type-var]
        else:
            # a handle gives what the parameter's own dtype holds
            table[id_] = replace(table[id_], values=values)
    layers = tuple(changed.get(layer.name, layer) for layer in network.layers)
    return replace(network, layers=layers, table=table)


def _constants(network: Network) -> dict[str, Layer]:
    """The layers that hold plain constants, by ids that no parameter has."""
    return {
        f"{layer.name}//constant": layer
        for layer in network.layers
        if isinstance(layer.op, Constant) and not layer.op.parameter
    }


def _same(array: Any) -> Any:
    return array


def save_values(network: Network, path: Path) -> list[str]:
    """Write the numbers of the parameters and constants that layers use; their ids, in order.

    Raises:
        NetworkError: numbers are missing, or have another shape.
    """
    import numpy as np

    require_values(network, "running it in a process of its own")
    values = Values(network)
    arrays: dict[str, Any] = {}
    for layer in network.layers:
        for id_, array in zip(layer.parameters, values.of(layer).values(), strict=True):
            arrays.setdefault(id_, array)
    for id_, layer in _constants(network).items():
        arrays[id_] = constant_numbers(layer.op, exact=True)  # type: ignore[arg-type]
    np.savez(path, **{f"p{place}": array for place, array in enumerate(arrays.values())})
    return list(arrays)


def with_saved(network: Network, path: Path, ids: list[str]) -> Network:
    """The network with the numbers that `save_values` wrote."""
    import numpy as np

    with np.load(path, allow_pickle=False) as stored:
        return with_arrays(network, {id_: stored[f"p{place}"] for place, id_ in enumerate(ids)})
