"""Dense layers: their features and bias."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.errors import NetworkError
from convcost.ops.dense import Dense
from convcost.read.axis_names import named

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.network.op import Op
    from convcost.read.keras.solve.site import Rule, Site


def _dense(site: Site) -> Op:
    units = site.item.shape[-1] if site.item.shape else None
    if not isinstance(units, int) or units < 1:
        raise NetworkError("its number of units is not printed")
    weights, parameters = divmod(site.parameters, units)[0], site.parameters
    features = site.inputs[0].axes[-1].size if site.inputs else None
    for bias in (True, False):
        known = weights - bias if features is None else features
        if known and parameters == units * (known + bias):
            text = f"{parameters:,} = {units}*({known}{'+1' if bias else ''})"
            if features is None:
                site.input = named([1, *site.output.shape[1:-1], known])
                text = f"the input has {known} features: {text}"
            site.note("inferred", text)
            return Dense(units=units, bias=bias, activation=site.activation)
    raise NetworkError(
        f"{parameters:,} parameters are not {units} units on {features} features, which has "
        f"{units}*({features}+1): was a row lost?"
    )


RULES: Mapping[str, Rule] = {"Dense": _dense}
