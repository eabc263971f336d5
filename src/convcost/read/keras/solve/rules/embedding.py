"""Tables of vectors, attention over features, products of two tensors."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from convcost.errors import NetworkError
from convcost.network.dims import Dim, symbol
from convcost.network.tensor import Axis, Tensor
from convcost.ops.attention import AdditiveAttention, Attention
from convcost.ops.dot import Dot
from convcost.ops.embedding import Embedding
from convcost.read.axis_names import axis_names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.network.op import Op
    from convcost.read.keras.solve.site import Rule, Site


def _embedding(site: Site) -> Op:
    units = site.item.shape[-1] if site.item.rank > 1 else None
    if not isinstance(units, int) or units < 1:
        raise NetworkError("the size of its rows is not printed")
    entries, rest = divmod(site.parameters, units)
    if rest or not entries:
        raise NetworkError(f"{site.parameters:,} parameters are not rows of {units}")
    site.note("inferred", f"{site.parameters:,} = {entries:,}*{units}: a table of {entries:,} rows")
    if not site.inputs:
        site.input = _numbers(site)
    names = axis_names(site.item.rank, channels_first=site.channels_first)
    return Embedding(entries=entries, units=units, names=names)


def _numbers(site: Site) -> Tensor:
    """What it was given: the result without its last axis."""
    axes = [Axis("batch", 1)]
    for size in site.item.shape[1:-1]:
        free: Dim = size if isinstance(size, int) else symbol("time")
        axes.append(Axis("feature", free))
    return Tensor(tuple(axes), "int32")


def _attention(site: Site) -> Op:
    """0 parameters; 1 for a scale."""
    if site.parameters > 1:
        raise NetworkError(f"{site.parameters:,} parameters are not a scale, one number")
    return Attention(scale=site.parameters == 1)


def _additive_attention(site: Site) -> Op:
    return AdditiveAttention(scale=site.parameters > 0)


def _dot(site: Site) -> Op:
    """The axes of equal size, the last ones first, whose sum leaves the printed shape."""
    if len(site.inputs) != 2:
        raise NetworkError("the tensors that it multiplies are not both in the text")
    printed = [size for size in site.item.shape[1:] if isinstance(size, int)]
    names = axis_names(site.item.rank, channels_first=site.channels_first)
    candidates = (reversed(tensor.names[1:]) for tensor in site.inputs)
    for left, right in product(*candidates):
        if left is None or right is None:
            continue
        op = Dot(axes=(left, right), names=names)
        try:
            (result,) = op.outputs(*site.inputs)
        except NetworkError:
            continue
        if list(result.shape[1:]) == printed:
            return op
    raise NetworkError("no axis of both tensors has the same size and leaves the printed shape")


RULES: Mapping[str, Rule] = {
    "Embedding": _embedding,
    "Attention": _attention,
    "AdditiveAttention": _additive_attention,
    "Dot": _dot,
}
