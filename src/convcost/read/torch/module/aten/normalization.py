"""Normalisation, and dropout."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.ops.layer_norm import GroupNorm, LayerNorm, RMSNorm
from convcost.ops.local_response_norm import LocalResponseNorm
from convcost.ops.norm import BatchNorm
from convcost.ops.regularization import Dropout
from convcost.read.axis_names import axis_names
from convcost.read.torch.module.site import Step

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.network.op import Op
    from convcost.read.torch.module.site import Rule, Site
    from convcost.read.torch.module.values import Operand


def _channels(site: Site) -> tuple[Operand, str]:
    tensor = site.tensor()
    names = axis_names(tensor.rank, channels_first=True)
    tensor = site.named(tensor, names)
    site.like(tensor)
    return tensor, str(names[1])


def _batch_norm(site: Site) -> Step:
    return _by_statistics(site, own=bool(site.get("training")))


def _fixed_batch_norm(site: Site) -> Step:
    return _by_statistics(site, own=False)


def _instance_norm(site: Site) -> Step:
    return _by_statistics(site, own=bool(site.get("use_input_stats")))


def _by_statistics(site: Site, *, own: bool) -> Step:
    """By stored statistics; without these by those of the batch or sample itself."""
    tensor, axis = _channels(site)
    scale, shift = site.maybe("weight"), site.maybe("bias")
    used: dict[str, Any] = {
        "scale": scale is not None, "center": shift is not None, "epsilon": site.get("eps"),
    }  # fmt: skip
    mean = None if own else site.maybe("running_mean")
    if mean is None:
        # mean and variance per channel of what comes in: the work of a group per channel
        op: Op = GroupNorm(groups=tensor.tensor.size(axis), axis=axis, **used)
        return site.weighted(op, [tensor], [scale, shift])
    weights = [scale, shift, mean, site.maybe("running_var")]
    return site.weighted(BatchNorm(axis=axis, **used), [tensor], weights)


def _group_norm(site: Site) -> Step:
    tensor, axis = _channels(site)
    scale, shift = site.maybe("weight"), site.maybe("bias")
    op = GroupNorm(
        groups=site.get("num_groups"),
        axis=axis,
        scale=scale is not None,
        center=shift is not None,
        epsilon=site.get("eps"),
    )
    return site.weighted(op, [tensor], [scale, shift])


def _layer_norm(site: Site) -> Step:
    tensor, axes = _normalised(site)
    scale, shift = site.maybe("weight"), site.maybe("bias")
    op = LayerNorm(
        axes=axes, scale=scale is not None, center=shift is not None, epsilon=site.get("eps")
    )
    return site.weighted(op, [tensor], [scale, shift])


def _rms_norm(site: Site) -> Step:
    tensor, axes = _normalised(site)
    scale = site.maybe("weight")
    # the default is the smallest step of the dtype
    epsilon = site.get("eps") or 2**-23
    op = RMSNorm(axes=axes, scale=scale is not None, epsilon=epsilon)
    return site.weighted(op, [tensor], [scale])


def _normalised(site: Site) -> tuple[Operand, tuple[str, ...] | None]:
    """The tensor and its normalised axes; None for the last one alone."""
    tensor = site.tensor()
    site.like(tensor)
    count = len(site.raw("normalized_shape"))
    if count == 1:
        return tensor, None
    return tensor, tuple(site.axis(tensor, position) for position in range(-count, 0))


def _dropout(site: Site) -> Step:
    tensor = site.tensor()
    site.like(tensor)
    return Step(Dropout(float(site.get("p"))), (tensor,))


def _local_response_norm(site: Site) -> Step:
    module = site.record.kwargs["module"]
    (tensor,) = site.every_operand()
    tensor = site.named(tensor, axis_names(tensor.rank, channels_first=True))
    site.like(tensor)
    op = LocalResponseNorm(
        size=module.size, alpha=module.alpha, beta=module.beta, bias=float(module.k)
    )
    return Step(op, (tensor,))


RULES: Mapping[str, Rule] = {
    "aten.batch_norm": _batch_norm,
    "aten.native_batch_norm": _batch_norm,
    "aten.cudnn_batch_norm": _batch_norm,
    "aten._native_batch_norm_legit": _batch_norm,
    "aten._native_batch_norm_legit_no_training": _fixed_batch_norm,
    "aten.instance_norm": _instance_norm,
    "aten.group_norm": _group_norm,
    "aten.native_group_norm": _group_norm,
    "aten.layer_norm": _layer_norm,
    "aten.native_layer_norm": _layer_norm,
    "aten.rms_norm": _rms_norm,
    "aten._fused_rms_norm": _rms_norm,
    **dict.fromkeys(
        ("aten.dropout", "aten.feature_dropout", "aten.alpha_dropout", "aten.native_dropout"),
        _dropout,
    ),
}

MODULES: Mapping[str, Rule] = {
    "torch.nn.modules.normalization.LocalResponseNorm": _local_response_norm,
}
