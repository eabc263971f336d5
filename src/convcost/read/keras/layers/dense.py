"""Dense layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.ops.dense import Dense

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.network.op import Op
    from convcost.read.keras.layers.site import Rule, Site


def _dense(site: Site) -> Op:
    return Dense(
        units=site.need("units"), bias=site.get("use_bias", True), activation=site.activation()
    )


RULES: Mapping[str, Rule] = {"Dense": _dense}
