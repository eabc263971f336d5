"""Batch normalisation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.ops.norm import BatchNorm

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.network.op import Op
    from convcost.read.keras.layers.site import Rule, Site


def _batch_norm(site: Site) -> Op:
    return BatchNorm(
        axis=site.axis(),
        scale=site.get("scale", True),
        center=site.get("center", True),
        epsilon=site.real("epsilon", 1e-3),
    )


RULES: Mapping[str, Rule] = {"BatchNormalization": _batch_norm}
