"""Layers with several inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.ops.merge import Concatenate, Merge
from convcost.read.keras.classes import MERGES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.network.op import Op
    from convcost.read.keras.layers.site import Rule, Site


def _merge(function: str) -> Rule:
    def rule(site: Site) -> Op:
        del site
        return Merge(function)  # type: ignore[arg-type]

    return rule


RULES: Mapping[str, Rule] = {
    "Concatenate": lambda site: Concatenate(site.axis()),
    **{name: _merge(name.lower()) for name in sorted(MERGES)},
}
