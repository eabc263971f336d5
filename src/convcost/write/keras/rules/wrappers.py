"""Layers around other layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.errors import NetworkError
from convcost.network.tensor import Tensor
from convcost.ops.chain import Chain
from convcost.ops.time_distributed import TimeDistributed
from convcost.ops.wrap import renamed
from convcost.write.keras.graph import Graph, Value
from convcost.write.keras.site import Site
from convcost.write.layout import plain_order

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.network.op import Op
    from convcost.write.keras.site import Rule


def _time_distributed(site: Site) -> None:
    """A wrapper around each layer: of several ones after another each has its own."""
    op: Any = site.op
    if site.shared:
        raise NetworkError("a layer for every step that is called several times")
    tensor = site.tensors[0]
    step = renamed(Tensor((tensor.axes[0], *tensor.axes[2:]), tensor.dtype), op.inner)
    chain = op.op.ops if isinstance(op.op, Chain) else (op.op,)
    node = site.plain()
    for place, each in enumerate(chain):
        prefix = f"{place}/" if isinstance(op.op, Chain) else ""
        layer = _layer(site, each, prefix, step)
        (step,) = each.outputs(step)
        part = "" if place == len(chain) - 1 else f"step{place}"
        node = site.layer("TimeDistributed", node, part=part, layer=layer)
    site.give(node)


def _layer(site: Site, op: Op, prefix: str, tensor: Tensor) -> Any:
    """The only layer of a model of the op alone, with the weights that the site has for it.

    Raises:
        NetworkError: it has no rule, or needs more than one layer.
    """
    import keras

    from convcost.write.keras.rules import rules

    rule = rules().get(op.kind)
    if rule is None:
        raise NetworkError(f"'{op.kind}' for every step has no counterpart that is written here")
    graph, name = Graph([site.own]), site.own
    sizes = tuple(size if isinstance(size, int) else None for size in tensor.shape)
    value = Value(keras.Input(batch_shape=sizes, dtype=tensor.dtype), plain_order(tensor))
    names = [weight.name for weight in op.weights(tensor)]
    inside = Site(
        graph=graph, op=op, own=name, name=name, framework=site.framework, exact=site.exact,
        shared=False, tensors=(tensor,), results=op.outputs(tensor), values=(value,),
        weights={each: site.weights[f"{prefix}{each}"] for each in names},
        parameters={each: site.parameters[f"{prefix}{each}"] for each in names}, made={},
    )  # fmt: skip
    rule(inside)
    graph.inputs.append(value.node)
    result = graph.turned(inside.made[0], plain_order(inside.results[0]), name)
    layers = graph.finished("step", [result]).layers
    if len(layers) != 2:
        raise NetworkError(f"'{op.kind}' for every step would be several layers of Keras")
    return layers[1]


RULES: Mapping[str, Rule] = {TimeDistributed.kind: _time_distributed}
