"""Rules for layers that normalise."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from convcost.errors import NetworkError
from convcost.ops.layer_norm import GroupNorm, LayerNorm
from convcost.ops.local_response_norm import LocalResponseNorm
from convcost.ops.norm import BatchNorm

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.network.op import Op
    from convcost.network.tensor import Axis
    from convcost.read.torch.tables.site import Rule, TorchSite

#: PyTorch's default, which printouts do not tell.
_EPSILON = 1e-5


def _batch_norm(site: TorchSite) -> Op:
    """2 learned parameters per channel, or none; the statistics are not printed."""
    axis = _channels(site)
    # torch-scan prints the statistics, and the counter of batches, among the parameters
    if site.parameters not in (2 * axis.size, 4 * axis.size + 1, 0):
        raise NetworkError(f"{site.parameters:,} parameters are not 2 for {axis.size} channels")
    learned = site.parameters > 0
    return BatchNorm(axis=str(axis.name), scale=learned, center=learned, epsilon=_EPSILON)


def _group_norm(site: TorchSite) -> Op:
    axis = _channels(site)
    if site.parameters not in (2 * axis.size, 0):
        raise NetworkError(f"{site.parameters:,} parameters are not 2 for {axis.size} channels")
    groups = axis.size if site.row.kind.startswith("Instance") else 1
    learned = site.parameters > 0
    return GroupNorm(
        groups=groups, axis=str(axis.name), scale=learned, center=learned, epsilon=_EPSILON
    )


def _channels(site: TorchSite) -> Axis:
    axes = site.same().axes
    if len(axes) < 2 or axes[1].name is None:
        raise NetworkError(f"a tensor of {len(axes)} axes has no channels")
    return axes[1]


def _layer_norm(site: TorchSite) -> Op:
    """Over as many of the last axes as explain the parameters."""
    axes = site.same().axes[1:]
    if site.parameters == 0:
        return LayerNorm(scale=False, center=False, epsilon=_EPSILON)
    for count in range(1, len(axes) + 1):
        chosen = axes[-count:]
        size = prod(axis.size for axis in chosen if isinstance(axis.size, int))
        if site.parameters in (2 * size, size) and all(axis.name for axis in chosen):
            over = tuple(str(axis.name) for axis in chosen)
            return LayerNorm(axes=over, center=site.parameters == 2 * size, epsilon=_EPSILON)
    raise NetworkError(f"{site.parameters:,} parameters fit none of the axes of {site.output}")


def _local_response_norm(site: TorchSite) -> Op:
    site.same()
    site.note("assumed", "a printout does not show over how many channels it sums: 5")
    return LocalResponseNorm()


RULES: Mapping[str, Rule] = {
    **{f"BatchNorm{rank}d": _batch_norm for rank in (1, 2, 3)},
    **{f"InstanceNorm{rank}d": _group_norm for rank in (1, 2, 3)},
    "FrozenBatchNorm2d": _batch_norm,
    "GroupNorm": _group_norm,
    "LayerNorm": _layer_norm,
    "LocalResponseNorm": _local_response_norm,
    "SyncBatchNorm": _batch_norm,
}
