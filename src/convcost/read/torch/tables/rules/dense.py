"""Rules for dense layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.errors import NetworkError
from convcost.network.tensor import Axis, Tensor
from convcost.ops.dense import Dense
from convcost.ops.reshape import Flatten

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.network.op import Op
    from convcost.read.torch.tables.site import Rule, TorchSite


def _linear(site: TorchSite) -> Op:
    """Features of its input: the last axis, or all values where a flattening is not printed."""
    units = site.output.axes[-1].size
    if not isinstance(units, int):
        raise NetworkError("its number of units is not printed")
    for bias in (True, False):
        features, rest = divmod(site.parameters, units)
        features -= bias
        if rest or features < 1:
            continue
        if site.input is None:
            site.solved = _with_features(site.output, features)
            site.cost = 0 if bias else 1
        elif not _takes(site, features):
            continue
        site.note("inferred", f"{site.parameters:,} = {units}*({features}{'+1' if bias else ''})")
        return Dense(units=units, bias=bias)
    raise NetworkError(f"{site.parameters:,} parameters do not fit {units} units on {site.input}")


def _takes(site: TorchSite, features: int) -> bool:
    """Whether the input gives so many features, directly or flattened."""
    tensor = site.input
    if tensor is None:
        return False
    if tensor.shape[-1] == features and tensor.shape[:-1] == site.output.shape[:-1]:
        return True
    if len(tensor.axes) > 2 and len(site.output.axes) == 2:
        (flat,) = Flatten().outputs(tensor)
        site.flatten = flat.shape == (site.output.shape[0], features)
    return site.flatten


def _with_features(output: Tensor, features: int) -> Tensor:
    *leading, last = output.axes
    return Tensor((*leading, Axis(last.name, features)), output.dtype)


RULES: Mapping[str, Rule] = {
    "Linear": _linear,
    "NonDynamicallyQuantizableLinear": _linear,
}
