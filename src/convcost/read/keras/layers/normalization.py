"""Normalisation within each sample."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.ops.layer_norm import GroupNorm, LayerNorm, RMSNorm, UnitNorm
from convcost.ops.scale import Scale

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.network.op import Op
    from convcost.read.keras.layers.site import Rule, Site


def _layer_norm(site: Site) -> Op:
    if site.get("rms_scaling", False):
        return RMSNorm(axes=_axes(site), epsilon=site.real("epsilon", 1e-3))
    return LayerNorm(
        axes=_axes(site),
        scale=site.get("scale", True),
        center=site.get("center", True),
        epsilon=site.real("epsilon", 1e-3),
    )


def _group_norm(site: Site) -> Op:
    axis = site.axis()
    groups = site.get("groups", 32)
    return GroupNorm(
        groups=site.inputs[0].size(axis) if groups == -1 else groups,
        axis=axis,
        scale=site.get("scale", True),
        center=site.get("center", True),
        epsilon=site.real("epsilon", 1e-3),
    )


def _axes(site: Site) -> tuple[str, ...] | None:
    """Axes by name; None for the last one, which needs none."""
    rank = len(site.inputs[0].axes)
    last = site.get("axis", -1) in (-1, (-1,), [-1], rank - 1, (rank - 1,), [rank - 1])
    return None if last else site.axes("axis")


RULES: Mapping[str, Rule] = {
    "LayerNormalization": _layer_norm,
    "GroupNormalization": _group_norm,
    "RMSNormalization": lambda site: RMSNorm(axes=_axes(site), epsilon=site.real("epsilon", 1e-6)),
    "LayerScale": lambda _: Scale(),  # keras.applications.convnext's own layer
    "UnitNormalization": lambda site: UnitNorm(axes=_axes(site)),
}
