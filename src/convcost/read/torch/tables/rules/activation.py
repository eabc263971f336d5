"""Rules for layers that change every value by itself."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from convcost.errors import NetworkError
from convcost.ops.activation import Activation
from convcost.ops.prelu import PRelu
from convcost.ops.regularization import Dropout
from convcost.read.torch.tables import names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.network.op import Op
    from convcost.read.torch.tables.site import Rule, TorchSite


def _activation(function: str, site: TorchSite) -> Op:
    site.same()
    return Activation(function)


def _dropout(site: TorchSite) -> Op:
    site.same()
    return Dropout()


def _prelu(site: TorchSite) -> Op:
    axes = site.same().axes[1:]
    names_ = tuple(str(axis.name) for axis in axes)
    if site.parameters == 1:
        return PRelu(names_)
    if axes and site.parameters == axes[0].size:
        return PRelu(names_[1:])
    raise NetworkError(f"{site.parameters:,} parameters are neither 1 nor one per channel")


RULES: Mapping[str, Rule] = {
    **{kind: partial(_activation, function) for kind, function in names.ACTIVATIONS.items()},
    **dict.fromkeys(names.DROPOUTS, _dropout),
    "PReLU": _prelu,
}
