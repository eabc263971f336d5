"""BatchNorm: its axis, and whether it scales and shifts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.errors import NetworkError
from convcost.network.network import Alternative
from convcost.ops.norm import BatchNorm

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.network.op import Op
    from convcost.read.keras.solve.site import Rule, Site


def _batch_norm(site: Site) -> Op:
    """4 parameters per channel, 3 or 2 without scale or shift; over another axis it is a fault."""
    tensor = site.inputs[0] if site.inputs else site.output
    names = [name for name in tensor.names[1:] if name is not None]
    if not names:
        raise NetworkError(f"{tensor} has no channels")
    expected = "channel" if "channel" in names else names[-1]
    for per_channel, scale, center in ((4, True, True), (3, False, True), (2, False, False)):
        # Keras's default is the last axis
        for axis in sorted(names, key=lambda name: (name != expected, -names.index(name))):
            if site.parameters != per_channel * tensor.size(axis):
                continue
            if axis != expected:
                site.note(
                    "contradiction",
                    f"{site.parameters} = {per_channel}*{tensor.size(axis)}: it normalises over "
                    f"the {axis}, not over the {tensor.size(expected)} channels; set axis=1 for "
                    "channels-first images",
                )
            elif per_channel < 4:
                equation = f"{site.parameters} = {per_channel}*{tensor.size(axis)}"
                if per_channel == 3:
                    text = f"{equation}: scale or shift is off; read as the scale"
                    site.note("ambiguous", text, [_without_shift(axis)])
                else:
                    site.note("inferred", f"{equation}: scale and shift are off")
            return BatchNorm(axis=axis, scale=scale, center=center)
    raise NetworkError(f"{site.parameters} parameters are not 4, 3 or 2 per channel of {tensor}")


def _without_shift(axis: str) -> Alternative:
    change = "the gradient has 2 operations more per element"
    op = BatchNorm(axis=axis, scale=True, center=False)
    return Alternative(f"the shift is off and the scale is on: {change}", op)


RULES: Mapping[str, Rule] = {"BatchNormalization": _batch_norm}
