"""Normalisation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.errors import NetworkError
from convcost.network.dims import number
from convcost.ops.layer_norm import GroupNorm, LayerNorm, RMSNorm, UnitNorm
from convcost.ops.local_response_norm import LocalResponseNorm
from convcost.ops.norm import BatchNorm
from convcost.ops.scale import Scale
from convcost.write.layout import behind, last_places, second

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.write.onnx.site import Rule, Site


def _vector(site: Site, name: str, size: Any, default: float) -> str:
    """A weight, or as many times a number where the op has none."""
    import numpy as np

    if name in site.weights:
        return site.weight(name)
    dtype = site.tensors[0].dtype
    return site.stored(np.full(number(size, "a size"), default, dtype), name)


def _batch_norm(site: Site) -> None:
    """Over the second axis in the graph."""
    op: Any = site.op
    tensor, value = site.tensors[0], site.values[0]
    place = tensor.names.index(op.axis)
    order = second(value.order, place)
    size = tensor.axes[place].size
    made = site.node(
        "BatchNormalization", site.graph.turned(value, order),
        _vector(site, "gamma", size, 1), _vector(site, "beta", size, 0),
        site.weight("moving_mean"), site.weight("moving_variance"), epsilon=op.epsilon,
    )  # fmt: skip
    site.give(made, order)


def _layer_norm(site: Site) -> None:
    """Over the last axes of the graph's tensor."""
    import numpy as np

    op: Any = site.op
    tensor = site.tensors[0]
    places = last_places(tensor, op.axes)
    order = behind(site.values[0].order, places)
    shape = tuple(number(tensor.shape[place], "a size") for place in places)
    gamma = site.weights.get("gamma", np.ones(shape, tensor.dtype))
    inputs = [site.graph.turned(site.values[0], order), site.stored(gamma, "gamma")]
    inputs += [site.weight("beta")] if op.center else []
    made = site.node("LayerNormalization", *inputs, axis=-len(places), epsilon=op.epsilon)
    site.give(made, order)


def _group_norm(site: Site) -> None:
    op: Any = site.op
    tensor = site.tensors[0]
    place = tensor.names.index(op.axis)
    order = second(site.values[0].order, place)
    size = tensor.axes[place].size
    made = site.node(
        "GroupNormalization", site.graph.turned(site.values[0], order),
        _vector(site, "gamma", size, 1), _vector(site, "beta", size, 0),
        num_groups=number(op.groups, "groups"), epsilon=op.epsilon,
    )  # fmt: skip
    site.give(made, order)


def _rms_norm(site: Site) -> None:
    """``x / sqrt(mean(x*x) + epsilon) * gamma``, node by node."""
    op: Any = site.op
    x = site.plain()
    mean = site.node("ReduceMean", site.node("Mul", x, x), _places(site), keepdims=1)
    root = site.node("Sqrt", site.node("Add", mean, _number(site, op.epsilon)))
    made = site.node("Div", x, root)
    site.give(site.node("Mul", made, site.stored(_broadcast(site), "gamma")) if op.scale else made)


def _broadcast(site: Site) -> Any:
    """Gamma with an axis of one for every axis behind its first that it does not have."""
    op: Any = site.op
    tensor = site.tensors[0]
    places = last_places(tensor, op.axes)
    sizes = list(enumerate(tensor.shape))[places[0] :]
    shape = [size if place in places else 1 for place, size in sizes]
    return site.weights["gamma"].reshape(shape)


def _unit_norm(site: Site) -> None:
    op: Any = site.op
    x = site.plain()
    total = site.node("ReduceSum", site.node("Mul", x, x), _places(site), keepdims=1)
    floor = _number(site, op.epsilon)
    site.give(site.node("Div", x, site.node("Sqrt", site.node("Max", total, floor))))


def _places(site: Site) -> str:
    op: Any = site.op
    return site.graph.whole_numbers(last_places(site.tensors[0], op.axes))


def _local_response_norm(site: Site) -> None:
    op: Any = site.op
    if op.axis != "channel":
        raise NetworkError(f"local response normalisation along {op.axis}")
    made = site.node("LRN", site.channels_first(), size=op.size, alpha=op.alpha, beta=op.beta,
                     bias=op.bias)  # fmt: skip
    site.give_channels_first(made)


def _scale(site: Site) -> None:
    """A product with gamma, which broadcasts from behind."""
    site.give(site.node("Mul", site.plain(), site.stored(_broadcast(site), "gamma")))


def _number(site: Site, value: float) -> str:
    return site.graph.number(value, site.tensors[0].dtype)


RULES: Mapping[str, Rule] = {
    BatchNorm.kind: _batch_norm,
    LayerNorm.kind: _layer_norm,
    GroupNorm.kind: _group_norm,
    RMSNorm.kind: _rms_norm,
    UnitNorm.kind: _unit_norm,
    LocalResponseNorm.kind: _local_response_norm,
    Scale.kind: _scale,
}
