"""Tensors that come from nowhere, or from the module itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.network.builder import BATCH
from convcost.network.dims import number
from convcost.ops.constant import Constant
from convcost.ops.copy import Fill
from convcost.write.kept import fill_value
from convcost.write.torch import functions
from convcost.write.values import constant_numbers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.write.torch.site import Rule, Site


def _fill(site: Site) -> None:
    """One number everywhere: stored, or made at run time where the batch is open."""
    import torch

    op: Any = site.op
    result, value = site.results[0], fill_value(op)
    if BATCH in result.shape:
        shape = tuple(-1 if size == BATCH else number(size, "a size") for size in result.shape)
        node = site.function(functions.filled, *site.graph.batch(), shape, value, result.dtype)
    else:
        sizes = tuple(number(size, "a size") for size in result.shape)
        kind = getattr(torch, result.dtype)
        node = site.graph.tensor(site.name, lambda: torch.full(sizes, value, dtype=kind))
    site.give(node, zeros=not value)


def _constant(site: Site) -> None:
    """A parameter, or a buffer."""
    op: Any = site.op
    if op.parameter:
        site.give(site.graph.tensor(site.name, lambda: site.numbers("value")))
    else:
        site.give(site.buffer("", constant_numbers(op, exact=site.exact)))


RULES: Mapping[str, Rule] = {Fill.kind: _fill, Constant.kind: _constant}
