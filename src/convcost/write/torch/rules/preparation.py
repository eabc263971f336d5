"""Layers that prepare data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.ops.preparation import Normalization, Rescaling
from convcost.write.layout import spread
from convcost.write.preparation import LEAST_DEVIATION, rescaled, statistics
from convcost.write.torch import functions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.write.torch.site import Rule, Site


def _normalization(site: Site) -> None:
    """A function with both statistics, which are buffers."""
    op: Any = site.op
    tensor, value = site.tensors[0], site.values[0]
    found = statistics(op, tensor, site.weights, exact=site.exact)
    nodes = []
    for name, array in (("mean", found.mean), ("variance", found.variance)):
        turned = spread(array, tensor, found.places, value.order)
        nodes.append(site.tensor(name, turned) if op.stored else site.buffer(name, turned))
    site.like_input(site.function(functions.normalized, value.node, *nodes, LEAST_DEVIATION))


def _rescaling(site: Site) -> None:
    """``x * scale + offset``: numbers, or buffers where they differ along the last axis."""
    import torch

    op: Any = site.op
    tensor, value = site.tensors[0], site.values[0]
    last = (len(tensor.axes) - 1,)
    scale, offset = (
        array.item() if array.ndim == 0
        else site.buffer(name, spread(array, tensor, last, value.order))
        for name, array in zip(
            ("scale", "offset"), rescaled(op, tensor, exact=site.exact), strict=True
        )
    )  # fmt: skip
    made = site.function(torch.mul, value.node, scale)
    site.like_input(site.function(torch.add, made, offset))


RULES: Mapping[str, Rule] = {Normalization.kind: _normalization, Rescaling.kind: _rescaling}
