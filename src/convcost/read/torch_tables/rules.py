"""The rule of every class: a row and its input become an op."""

from __future__ import annotations

from functools import cache, partial
from math import prod
from typing import TYPE_CHECKING

from convcost.errors import NetworkError
from convcost.network.tensor import Axis, Tensor
from convcost.ops.activation import Activation
from convcost.ops.dense import Dense
from convcost.ops.layer_norm import GroupNorm, LayerNorm
from convcost.ops.local_response_norm import LocalResponseNorm
from convcost.ops.norm import BatchNorm
from convcost.ops.pad import ZeroPadding
from convcost.ops.prelu import PRelu
from convcost.ops.regularization import Dropout
from convcost.ops.reshape import Flatten
from convcost.ops.resize import Upsample
from convcost.ops.window import AXES
from convcost.read.torch_tables import names, sequences, transposed, windows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.network.op import Op
    from convcost.read.torch_tables.site import Rule, TorchSite

#: PyTorch's default, which printouts do not tell.
_EPSILON = 1e-5

_PADS = ("Zero", "Constant", "Reflection", "Replication", "Circular")


@cache
def rules() -> Mapping[str, Rule]:
    """The rule of every class that has one."""
    found: dict[str, Rule] = {
        **windows.RULES,
        **transposed.RULES,
        **sequences.RULES,
        **dict.fromkeys(names.DROPOUTS, _dropout),
        **dict.fromkeys(("SyncBatchNorm", "FrozenBatchNorm2d"), _batch_norm),
        "Flatten": _flatten,
        "GroupNorm": _group_norm,
        "LayerNorm": _layer_norm,
        "Linear": _linear,
        "LocalResponseNorm": _local_response_norm,
        "NonDynamicallyQuantizableLinear": _linear,
        "PReLU": _prelu,
        "Upsample": partial(_upsample, "nearest"),
        "UpsamplingBilinear2d": partial(_upsample, "bilinear"),
        "UpsamplingNearest2d": partial(_upsample, "nearest"),
    }
    for kind, function in names.ACTIVATIONS.items():
        found[kind] = partial(_activation, function)
    for rank in (1, 2, 3):
        found[f"BatchNorm{rank}d"] = _batch_norm
        found[f"InstanceNorm{rank}d"] = _group_norm
        found |= dict.fromkeys((f"{name}Pad{rank}d" for name in _PADS), partial(_pad, rank))
    return found


def _activation(function: str, site: TorchSite) -> Op:
    site.same()
    return Activation(function)


def _dropout(site: TorchSite) -> Op:
    site.same()
    return Dropout()


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


def _prelu(site: TorchSite) -> Op:
    axes = site.same().axes[1:]
    names_ = tuple(str(axis.name) for axis in axes)
    if site.parameters == 1:
        return PRelu(names_)
    if axes and site.parameters == axes[0].size:
        return PRelu(names_[1:])
    raise NetworkError(f"{site.parameters:,} parameters are neither 1 nor one per channel")


def _flatten(site: TorchSite) -> Op:
    if site.input is None:
        raise NetworkError("the layer before it is not known")
    return Flatten()


def _pad(rank: int, site: TorchSite) -> Op:
    """Whatever it is filled with: every value is copied."""
    amounts = []
    for axis in AXES[rank]:
        size = site.given(axis)
        if size is None or site.input is None:
            raise NetworkError("the layer before it is not known")
        more = site.printed(axis) - size
        if more < 0:
            raise NetworkError(f"its output is smaller than its input along {axis}")
        amounts.append((axis, more // 2, more - more // 2))
    return ZeroPadding(tuple(amounts))


def _upsample(interpolation: str, site: TorchSite) -> Op:
    if site.input is None:
        raise NetworkError("the layer before it is not known")
    factors = []
    for axis in ("depth", "height", "width", "time"):
        if site.output.has(axis) and site.output.axes[1].name == "channel":
            size = site.given(axis)
            factor, rest = divmod(site.printed(axis), size) if size else (0, 1)
            if rest:
                raise NetworkError(f"it does not enlarge {axis} by a whole factor")
            factors.append((axis, factor))
    if site.row.kind == "Upsample":
        site.note("assumed", "a printout does not show the interpolation of Upsample: nearest")
    return Upsample(factors=tuple(factors), interpolation=interpolation)


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
