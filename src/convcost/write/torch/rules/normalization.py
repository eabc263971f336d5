"""Normalisation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.errors import NetworkError
from convcost.network.dims import number
from convcost.ops.layer_norm import GroupNorm, LayerNorm, RMSNorm, UnitNorm
from convcost.ops.local_response_norm import LocalResponseNorm
from convcost.ops.norm import BatchNorm
from convcost.ops.scale import Scale
from convcost.write.layout import behind, last_places, second, spread
from convcost.write.torch import functions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.write.torch.site import Rule, Site


def _affine(site: Site) -> dict[str, Any]:
    """Gamma and beta, as far as they are used."""
    names = (("weight", "gamma"), ("bias", "beta"))
    return {theirs: site.numbers(ours) if ours in site.weights else None for theirs, ours in names}


def _batch_norm(site: Site) -> None:
    import torch

    op: Any = site.op
    tensor = site.tensors[0]
    rank = len(tensor.axes)
    place = tensor.names.index(op.axis)
    order = second(site.values[0].order, place)
    if not 2 <= rank <= 5:
        raise NetworkError(f"batch normalisation of {rank} axes; PyTorch has it for 2 to 5")
    kind = getattr(torch.nn, f"BatchNorm{max(rank - 2, 1)}d")
    size = number(tensor.axes[place].size, "channels")

    def make() -> Any:
        affine = op.scale or op.center
        module = kind(size, eps=op.epsilon, affine=affine)
        statistics = {
            "running_mean": site.numbers("moving_mean"),
            "running_var": site.numbers("moving_variance"),
        }
        return site.filled(module, statistics | (_affine(site) if affine else {}))

    site.give(site.module(make, site.graph.turned(site.values[0], order)), order)


def _last(site: Site) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """An order in which the normalised axes are the last ones, and their sizes."""
    op: Any = site.op
    tensor = site.tensors[0]
    places = last_places(tensor, op.axes)
    order = behind(site.values[0].order, places)
    return order, tuple(number(tensor.axes[place].size, "a size") for place in places)


def _layer_norm(site: Site) -> None:
    import torch

    op: Any = site.op
    order, shape = _last(site)

    def make() -> Any:
        affine = op.scale or op.center
        module = torch.nn.LayerNorm(shape, op.epsilon, elementwise_affine=affine, device="meta")
        return site.filled(module, _affine(site) if affine else {})

    site.give(site.module(make, site.graph.turned(site.values[0], order)), order)


def _rms_norm(site: Site) -> None:
    import torch

    op: Any = site.op
    order, shape = _last(site)

    def make() -> Any:
        module = torch.nn.RMSNorm(shape, op.epsilon, elementwise_affine=op.scale, device="meta")
        return site.filled(module, {"weight": site.numbers("gamma")} if op.scale else {})

    site.give(site.module(make, site.graph.turned(site.values[0], order)), order)


def _group_norm(site: Site) -> None:
    import torch

    op: Any = site.op
    tensor = site.tensors[0]
    place = tensor.names.index(op.axis)
    order = second(site.values[0].order, place)
    sizes = number(op.groups, "groups"), number(tensor.axes[place].size, "channels")

    def make() -> Any:
        affine = op.scale or op.center
        module = torch.nn.GroupNorm(*sizes, eps=op.epsilon, affine=affine, device="meta")
        return site.filled(module, _affine(site) if affine else {})

    site.give(site.module(make, site.graph.turned(site.values[0], order)), order)


def _unit_norm(site: Site) -> None:
    op: Any = site.op
    value, tensor = site.values[0], site.tensors[0]
    places = tuple(value.order.index(place) for place in last_places(tensor, op.axes))
    site.like_input(site.function(functions.unit_length, value.node, places, op.epsilon))


def _local_response_norm(site: Site) -> None:
    import torch

    op: Any = site.op
    if op.axis != "channel":
        raise NetworkError(f"local response normalisation along {op.axis}")
    kind = torch.nn.LocalResponseNorm
    made = site.module(lambda: kind(op.size, op.alpha, op.beta, op.bias), site.channels_first())
    site.give_channels_first(made)


def _scale(site: Site) -> None:
    """A product with gamma, shaped like the value with sizes of one for all other axes."""
    import torch

    op: Any = site.op
    tensor, order = site.tensors[0], site.values[0].order
    gamma = spread(site.weights["gamma"], tensor, last_places(tensor, op.axes), order)
    site.like_input(site.function(torch.mul, site.values[0].node, site.tensor("gamma", gamma)))


RULES: Mapping[str, Rule] = {
    BatchNorm.kind: _batch_norm,
    LayerNorm.kind: _layer_norm,
    GroupNorm.kind: _group_norm,
    RMSNorm.kind: _rms_norm,
    UnitNorm.kind: _unit_norm,
    LocalResponseNorm.kind: _local_response_norm,
    Scale.kind: _scale,
}
