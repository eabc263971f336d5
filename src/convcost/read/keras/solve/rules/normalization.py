"""Normalisation of each sample, slopes that are learned, statistics of the data."""

from __future__ import annotations

from itertools import combinations
from math import prod
from typing import TYPE_CHECKING

from convcost.errors import NetworkError
from convcost.ops.layer_norm import GroupNorm, LayerNorm, RMSNorm, UnitNorm
from convcost.ops.prelu import PRelu
from convcost.ops.preparation import Normalization
from convcost.ops.scale import Scale

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.network.op import Op
    from convcost.network.tensor import Tensor
    from convcost.read.keras.solve.site import Rule, Site


def _tensor(site: Site) -> Tensor:
    return site.inputs[0] if site.inputs else site.output


def _last(site: Site) -> int:
    size = _tensor(site).axes[-1].size
    if not isinstance(size, int):
        raise NetworkError("its number of features is not printed")
    return size


def _layer_norm(site: Site) -> Op:
    """2 parameters per feature, 1 or 0 without scale or shift."""
    per_feature, rest = divmod(site.parameters, _last(site))
    if rest or per_feature > 2:
        raise NetworkError(f"{site.parameters:,} parameters are not 2 per feature, nor 1 or 0")
    return LayerNorm(scale=per_feature > 0, center=per_feature > 1)


def _group_norm(site: Site) -> Op:
    """2 parameters per channel; the number of groups, which does not change the cost, by code."""
    size = _tensor(site).size("channel")
    if not isinstance(size, int) or site.parameters not in (2 * size, size, 0):
        raise NetworkError(f"{site.parameters:,} parameters are not 2 per channel, nor 1 or 0")
    stated = site.config("groups")
    groups = stated if isinstance(stated, int) and stated > 0 else 32
    if size % groups:
        groups = 1
    if stated is None:
        site.note("assumed", f"{groups} groups: a summary does not print them, nor do they cost")
    return GroupNorm(groups=groups, scale=site.parameters > 0, center=site.parameters > size)


def _rms_norm(site: Site) -> Op:
    return RMSNorm(scale=site.parameters == _last(site))


def _prelu(site: Site) -> Op:
    """One slope per position and channel, shared along the axes that bring it to the number."""
    axes = [axis for axis in _tensor(site).axes[1:] if axis.name is not None]
    for count in range(len(axes) + 1):
        for shared in combinations(axes, count):
            sizes = [axis.size for axis in axes if axis not in shared]
            if all(isinstance(s, int) for s in sizes) and prod(sizes) == site.parameters:
                if shared:
                    along = " and ".join(str(axis.name) for axis in shared)
                    site.note("inferred", f"{site.parameters:,} slopes: shared along {along}")
                return PRelu(tuple(str(axis.name) for axis in shared))
    raise NetworkError(f"{site.parameters:,} slopes do not fit {_tensor(site)}")


def _normalization(site: Site) -> Op:
    """Mean and variance per feature, and their count; nothing where they are constants."""
    if site.parameters == 3:
        return Normalization(axes=())
    if site.parameters not in (2 * _last(site) + 1, 0):
        raise NetworkError(f"{site.parameters:,} parameters are not 2 per feature, and 1")
    return Normalization(stored=site.parameters > 0)


RULES: Mapping[str, Rule] = {
    "LayerNormalization": _layer_norm,
    "GroupNormalization": _group_norm,
    "RMSNormalization": _rms_norm,
    "LayerScale": lambda _: Scale(),
    "UnitNormalization": lambda _: UnitNorm(),
    "PReLU": _prelu,
    "Normalization": _normalization,
}
