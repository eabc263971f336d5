"""Layers that are arguments of other layers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from convcost.errors import NetworkError
from convcost.ops.chain import Chain
from convcost.read.keras.config import LayerConfig, NotLiteral
from convcost.read.limits import MAX_LAYER_DEPTH

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcost.network.op import Op
    from convcost.read.keras.config import ModelConfig
    from convcost.read.keras.layers.site import Site


def inner_layers(value: object, what: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Class and configuration of each layer in an argument; a model's in its order.

    Raises:
        NetworkError: there is something else, or a model whose layers are no chain.
    """
    for depth_value in value if isinstance(value, (tuple, list)) else (value,):
        yield from _layers(depth_value, what, 0)


def inner_op(site: Site, argument: str, changes: Mapping[str, Any] | None = None) -> Op:
    """The op of a layer given as an argument, at a site that has what it is called on.

    Args:
        site: of the outer layer, with the inner one's inputs.
        argument: which.
        changes: arguments of the inner layer that the outer one sets.

    Raises:
        NetworkError: it is not stated, or convcost has no rule for it.
    """
    from convcost.read.keras.layers import build

    ops: list[Op] = []
    inputs = site.inputs
    for class_name, config in inner_layers(site.config.get(argument), argument):
        op = build(class_name, site.among(*inputs, config={**config, **(changes or {})}))
        if op is None:
            raise NetworkError(f"there is no rule for the inner layer {class_name}")
        ops.append(op)
        inputs = op.outputs(*inputs)
    if not ops:
        raise NetworkError(f"'{argument}' has no layers")
    return ops[0] if len(ops) == 1 else Chain(tuple(ops))


def _layers(value: object, what: str, depth: int) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if depth > MAX_LAYER_DEPTH:
        raise NetworkError(f"'{what}' is nested too deeply")
    if isinstance(value, LayerConfig):
        if value.model is None:
            yield value.class_name, value.config
            return
        for layer in _chained(value.model):
            yield from _layers(layer, what, depth + 1)
    elif isinstance(value, Mapping) and isinstance(value.get("class_name"), str):
        config = value.get("config")
        config = config if isinstance(config, Mapping) else {}
        if value["class_name"] == "Sequential":
            for layer in config.get("layers", ()):
                yield from _layers(layer, what, depth + 1)
        elif value["class_name"] != "InputLayer":
            yield value["class_name"], config
    elif value is None or isinstance(value, NotLiteral):
        raise NetworkError(f"'{what}' is not stated")
    else:
        raise NetworkError(f"'{what}' is not a layer")


def _chained(model: ModelConfig) -> Iterator[LayerConfig]:
    """The layers of a model in which each takes what the one before it gives.

    Raises:
        NetworkError: it branches.
    """
    before: str | None = None
    for layer in model.layers:
        reads = [ref[0] for call in layer.calls for ref in call.inputs]
        if len(layer.calls) != 1 or reads not in ([], [before]):
            raise NetworkError("the model inside it is not a chain of layers")
        before = layer.name
        if layer.class_name != "InputLayer":
            yield layer
