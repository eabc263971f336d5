"""Normalisation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.errors import NetworkError
from convcost.network.dims import number
from convcost.ops.layer_norm import GroupNorm, LayerNorm, RMSNorm, UnitNorm
from convcost.ops.local_response_norm import LocalResponseNorm
from convcost.ops.norm import BatchNorm
from convcost.ops.scale import Scale
from convcost.write.layout import behind, last_places

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.write.keras.graph import Numbers
    from convcost.write.keras.site import Rule, Site

#: What Keras's UnitNormalization has.
_UNIT_EPSILON = 1e-12


def _affine(site: Site) -> dict[str, Numbers]:
    """Gamma and beta, as far as they are used."""
    return {name: site.numbers(name) for name in ("gamma", "beta") if name in site.weights}


def _place(site: Site, axis: str) -> int:
    """Where an axis lies in the value; the last one as -1, as Keras has it by default."""
    order = site.values[0].order
    place = order.index(site.tensors[0].names.index(axis))
    return -1 if place == len(order) - 1 else place


def _batch_norm(site: Site) -> None:
    op: Any = site.op
    numbers = _affine(site)
    numbers |= {name: site.numbers(name) for name in ("moving_mean", "moving_variance")}
    node = site.turned(0, site.values[0].order)
    made = site.layer("BatchNormalization", node, numbers=numbers, axis=_place(site, op.axis),
                      epsilon=op.epsilon, scale=op.scale, center=op.center)  # fmt: skip
    site.like_input(made)


def _along(site: Site) -> tuple[tuple[int, ...], int | list[int], dict[str, Numbers]]:
    """An order in which the normalised axes are the last ones, these, and gamma and beta.

    Keras on PyTorch cannot normalise along others.
    """
    op: Any = site.op
    order = site.values[0].order
    places = last_places(site.tensors[0], op.axes)
    if set(order[-len(places) :]) != set(places):
        order = behind(order, places)
    turn = [places.index(place) for place in order[-len(places) :]]
    numbers: dict[str, Numbers] = {
        name: site.numbers(name, site.weights[name].transpose(turn))
        for name in ("gamma", "beta")
        if name in site.weights
    }
    axes = list(range(len(order) - len(places), len(order)))
    return order, -1 if len(axes) == 1 else axes, numbers


def _layer_norm(site: Site) -> None:
    op: Any = site.op
    order, axis, numbers = _along(site)
    made = site.layer("LayerNormalization", site.turned(0, order), numbers=numbers, axis=axis,
                      epsilon=op.epsilon, scale=op.scale, center=op.center)  # fmt: skip
    site.give(made, order)


def _rms_norm(site: Site) -> None:
    """A function where it has no gamma."""
    import keras

    op: Any = site.op
    order, axis, numbers = _along(site)
    node = site.turned(0, order)
    if op.scale:
        scale = {"scale": numbers["gamma"]}
        made = site.layer("RMSNormalization", node, numbers=scale, axis=axis, epsilon=op.epsilon)
    else:
        made = site.function(keras.ops.rms_normalization, node, axis=axis, epsilon=op.epsilon)
    site.give(made, order)


def _group_norm(site: Site) -> None:
    op: Any = site.op
    node = site.turned(0, site.values[0].order)
    made = site.layer("GroupNormalization", node, numbers=_affine(site),
                      groups=number(op.groups, "groups"), axis=_place(site, op.axis),
                      epsilon=op.epsilon, scale=op.scale, center=op.center)  # fmt: skip
    site.like_input(made)


def _unit_norm(site: Site) -> None:
    op: Any = site.op
    if op.epsilon != _UNIT_EPSILON:
        raise NetworkError(f"a smallest length of {op.epsilon}; Keras has {_UNIT_EPSILON}")
    order, axis, _ = _along(site)
    site.give(site.layer("UnitNormalization", site.turned(0, order), axis=axis), order)


def _local_response_norm(site: Site) -> None:
    """``x / (bias + alpha / size * sum of the squares of neighbours) ** beta``, step by step."""
    import keras

    op: Any = site.op
    ops, size = keras.ops, number(op.size, "neighbours")
    if op.axis != "channel":
        raise NetworkError(f"local response normalisation along {op.axis}")
    x = site.channels_last()
    channels = x.shape[-1]
    before = (size - 1) // 2
    around = [(0, 0)] * (len(x.shape) - 1) + [(before, size - 1 - before)]
    squares = site.function(ops.square, x, part="square")
    squares = site.function(ops.pad, squares, around, part="pad")
    total = None
    for first in range(size):
        shifted = site.function(_channels(first, channels), squares, part="neighbour")
        total = (
            shifted if total is None else site.layer("Add", [total, shifted], part=f"sum{first}")
        )
    scaled = site.layer("Rescaling", total, part="scale", scale=op.alpha / size, offset=op.bias)
    divisor = site.function(ops.power, scaled, op.beta, part="power")
    site.give_channels_last(site.function(ops.divide, x, divisor))


def _channels(first: int, count: int) -> Any:
    return lambda x: x[..., first : first + count]


def _scale(site: Site) -> None:
    """By the layer that Keras has with its ConvNeXt, which files refer to by that module.

    Raises:
        NetworkError: this version of Keras has it no more, or the factors differ along two axes.
    """
    op: Any = site.op
    places = last_places(site.tensors[0], op.axes)
    if len(places) != 1:
        raise NetworkError("factors that differ along several axes, which Keras has no layer for")
    try:
        from keras.src.applications.convnext import LayerScale
    except ImportError:
        raise NetworkError("this version of Keras has no layer of learned factors") from None
    order = behind(site.values[0].order, places)
    made = site.layer(
        LayerScale, site.turned(0, order), numbers={"gamma": site.numbers("gamma")},
        init_values=1.0, projection_dim=site.weights["gamma"].size,
    )  # fmt: skip
    site.give(made, order)


RULES: Mapping[str, Rule] = {
    BatchNorm.kind: _batch_norm,
    LayerNorm.kind: _layer_norm,
    GroupNorm.kind: _group_norm,
    RMSNorm.kind: _rms_norm,
    UnitNorm.kind: _unit_norm,
    LocalResponseNorm.kind: _local_response_norm,
    Scale.kind: _scale,
}
