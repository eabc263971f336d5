"""Normalisation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.errors import NetworkError
from convcost.network.dims import product
from convcost.ops.layer_norm import GroupNorm, LayerNorm, RMSNorm, UnitNorm
from convcost.ops.local_response_norm import LocalResponseNorm
from convcost.ops.merge import Merge
from convcost.ops.norm import BatchNorm
from convcost.read.axis_names import axis_names
from convcost.read.onnx.site import place_of
from convcost.read.onnx.step import Step, Weight

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.network.dims import Dim
    from convcost.read.onnx.site import Rule, Site
    from convcost.read.onnx.values import Value


def _channels(site: Site) -> tuple[Value, str]:
    tensor = site.value(0)
    if tensor.rank < 2:
        raise NetworkError(f"a tensor of {tensor.rank} axes has no channels")
    names = axis_names(tensor.rank, channels_first=True)
    return site.named(tensor, names), str(names[1])


def _per_channel(site: Site, tensor: Value, *places: int) -> list[Value]:
    values = [site.value(place) for place in places]
    for value in values:
        if product(value.sizes) != tensor.sizes[1]:
            raise NetworkError(f"{value.sizes} numbers for {tensor.sizes[1]} channels")
    return values


def _batch_norm(site: Site) -> Step:
    """In training its statistics are the batch's; the moved ones are further outputs."""
    tensor, axis = _channels(site)
    scale, shift, mean, variance = _per_channel(site, tensor, 1, 2, 3, 4)
    weights = [
        Weight("gamma", scale),
        Weight("beta", shift),
        Weight("moving_mean", mean, learned=False),
        Weight("moving_variance", variance, learned=False),
    ]
    moved = tuple(site.like(mean, place=place) for place in range(1, min(site.wanted, 5)))
    op = BatchNorm(axis=axis, epsilon=site.real("epsilon", 1e-5))
    return site.weighted(op, [tensor], weights, [site.like(tensor)], moved)


def _instance_norm(site: Site) -> Step:
    tensor, axis = _channels(site)
    scale, shift = _per_channel(site, tensor, 1, 2)
    op = GroupNorm(groups=tensor.sizes[1], axis=axis, epsilon=site.real("epsilon", 1e-5))
    weights = [Weight("gamma", scale), Weight("beta", shift)]
    return site.weighted(op, [tensor], weights, [site.like(tensor)])


def _group_norm(site: Site) -> Step:
    tensor, axis = _channels(site)
    groups = site.integer("num_groups")
    scale, shift = site.value(1), site.value(2)
    if product(scale.sizes) not in (groups, tensor.sizes[1]):
        raise NetworkError(f"{scale.sizes} factors for {tensor.sizes[1]} channels")
    op = GroupNorm(groups=groups, axis=axis, epsilon=site.real("epsilon", 1e-5))
    weights = [Weight("gamma", scale), Weight("beta", shift)]
    return site.weighted(op, [tensor], weights, [site.like(tensor)])


def _layer_norm(site: Site) -> Step:
    tensor = site.value(0)
    axes, count = _normalised(site, tensor)
    scale, shift = site.maybe(1), site.maybe(2)
    op = LayerNorm(
        axes=axes,
        scale=scale is not None,
        center=shift is not None,
        epsilon=site.real("epsilon", 1e-5),
    )
    weights = _weights(tensor, count, gamma=scale, beta=shift)
    saved = [site.new(_rows(tensor, count), "float32", place)
             for place in (1, 2) if site.wants(place)]  # fmt: skip
    return site.weighted(op, [tensor], weights, [site.like(tensor)], saved)


def _rms_norm(site: Site) -> Step:
    tensor = site.value(0)
    axes, count = _normalised(site, tensor)
    scale = site.maybe(1)
    op = RMSNorm(axes=axes, scale=scale is not None, epsilon=site.real("epsilon", 1e-5))
    saved = [site.new(_rows(tensor, count), "float32", 1)] if site.wants(1) else []
    return site.weighted(op, [tensor], _weights(tensor, count, gamma=scale),
                         [site.like(tensor)], saved)  # fmt: skip


def _weights(tensor: Value, count: int, **given: Value | None) -> list[Weight]:
    """One number per value of the normalised axes, or one for all.

    Raises:
        NetworkError: there are others.
    """
    shape = tensor.sizes[-count:]
    found = []
    for name, value in given.items():
        if value is None:
            continue
        single = product(value.sizes) == 1
        if not single and product(value.sizes) != product(shape):
            raise NetworkError(f"{value.sizes} numbers for axes of {shape}")
        same = single or value.sizes == shape
        arrange = None if same else (lambda array: array.reshape(shape))
        found.append(Weight(name, value, arrange, value.sizes if single else shape))
    return found


def _normalised(site: Site, tensor: Value) -> tuple[tuple[str, ...] | None, int]:
    """The names of the normalised axes, None for the last one alone; and how many they are."""
    first = site.position("axis", tensor.rank, -1)
    count = tensor.rank - first
    if count == 1:
        return None, 1
    return tuple(tensor.axes.at(place) for place in range(first, tensor.rank)), count


def _rows(tensor: Value, count: int) -> tuple[Dim, ...]:
    return (*tensor.sizes[: tensor.rank - count], *(1,) * count)


def _skip_layer_norm(site: Site) -> Step:
    """An addition, then the normalisation of the sum."""
    tensor, skipped = site.value(0), site.value(1)
    added = site.like(tensor)
    operands = [tensor, skipped]
    simple = "Simplified" in site.node.op_type
    scale, shift = site.maybe(2), None if simple else site.maybe(3)
    more = site.maybe(3 if simple else 4)
    operands += [] if more is None else [more]
    step = Step(Merge("add"), tuple(operands), (added,))
    site.building.layer("add", step, site.scope, site.node)
    result = site.like(tensor)
    epsilon = site.real("epsilon", 1e-12)
    if simple:
        rms = RMSNorm(epsilon=epsilon)
        return site.weighted(rms, [added], _weights(tensor, 1, gamma=scale), [result])
    op = LayerNorm(scale=scale is not None, center=shift is not None, epsilon=epsilon)
    return site.weighted(op, [added], _weights(tensor, 1, gamma=scale, beta=shift), [result])


def _local_response_norm(site: Site) -> Step:
    tensor, axis = _channels(site)
    op = LocalResponseNorm(
        size=site.integer("size", 5),
        alpha=site.real("alpha", 1e-4),
        beta=site.real("beta", 0.75),
        bias=site.real("bias", 1.0),
        axis=axis,
    )
    return Step(op, (tensor,), (site.like(tensor),))


def _lp_norm(site: Site) -> Step:
    tensor = site.value(0)
    place = site.position("axis", tensor.rank, -1)
    axes = None if place == tensor.rank - 1 else (tensor.axes.at(place),)
    return Step(UnitNorm(axes=axes), (tensor,), (site.like(tensor),))


def _mean_variance(site: Site) -> Step:
    tensor = site.value(0)
    places = (place_of(axis, tensor.rank) for axis in site.integers("axes", (0, 2, 3)) or ())
    names = tuple(tensor.axes.at(place) for place in places)
    op = LayerNorm(axes=names, scale=False, center=False, epsilon=1e-9)
    return Step(op, (tensor,), (site.like(tensor),))


RULES: Mapping[str, Rule] = {
    "BatchNormalization": _batch_norm,
    "InstanceNormalization": _instance_norm,
    "GroupNormalization": _group_norm,
    "LayerNormalization": _layer_norm,
    "SimplifiedLayerNormalization": _rms_norm,
    "RMSNormalization": _rms_norm,
    "MeanVarianceNormalization": _mean_variance,
    "LRN": _local_response_norm,
    "LpNormalization": _lp_norm,
    "com.microsoft:SkipLayerNormalization": _skip_layer_norm,
    "com.microsoft:SkipSimplifiedLayerNormalization": _skip_layer_norm,
}
