"""Attention as one operator, and positions turned into angles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.errors import NetworkError
from convcost.ops.chain import Chain
from convcost.ops.elementwise import Elementwise
from convcost.ops.merge import Concatenate
from convcost.ops.scaled_attention import ScaledAttention
from convcost.read.onnx.step import Step
from convcost.read.onnx.values import Value
from convcost.read.shared_axes import AxisNames

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.read.onnx.site import Rule, Site

_NAMES = ("batch", "head", "time", "feature")


def _attention(site: Site) -> tuple[Value, ...]:
    """Query, key, value: of four axes, or of three with the heads inside the features."""
    query, key, value = (site.value(place) for place in range(3))
    flat = query.rank == 3
    if site.real("softcap"):
        raise NetworkError("scores that are capped")
    if flat:
        heads, fewer = site.integer("q_num_heads"), site.integer("kv_num_heads")
        query = _by_heads(site, query, heads)
        key, value = _by_heads(site, key, fewer), _by_heads(site, value, fewer)
    elif query.rank != 4:
        raise NetworkError(f"a query of {query.rank} axes; expected 3 or 4")
    query, key, value = (site.named(tensor, _NAMES) for tensor in (query, key, value))
    if site.has(4) and site.has(5):
        key = _joined(site, "past_key", site.value(4), key)
        value = _joined(site, "past_value", site.value(5), value)
    mask = site.maybe(3)
    scale = site.real("scale")
    op = ScaledAttention(causal=bool(site.integer("is_causal")), scale=scale or None)
    (made,) = op.outputs(query.tensor, key.tensor, value.tensor)
    result = Value(site.node.outputs[0], made.shape, query.dtype, query.axes)
    operands = (query, key, value) if mask is None else (query, key, value, mask)
    scores = site.new((*query.sizes[:3], key.sizes[2]), query.dtype, 3)
    step = Step(op, operands, (result,), byproducts=(scores,))
    site.building.layer("", step, site.scope, site.node)
    if flat:
        batch, count, time, features = result.sizes
        result = site.seen(result, (batch, time, count * features))
    return (result, key, value, scores)


def _by_heads(site: Site, tensor: Value, heads: int) -> Value:
    if heads < 1:
        raise NetworkError("how many heads there are is not told")
    batch, time, features = tensor.sizes
    return site.seen(tensor, (batch, heads, time, features // heads), _NAMES)


def _joined(site: Site, what: str, past: Value, new: Value) -> Value:
    """What was there before and what is new."""
    past = site.named(past, _NAMES)
    shape = (*new.sizes[:2], past.sizes[2] + new.sizes[2], new.sizes[3])
    result = Value(new.name, shape, new.dtype, AxisNames(_NAMES))
    step = Step(Concatenate("time"), (past, new), (result,))
    site.building.layer(what, step, site.scope, site.node)
    return result


def _rotary(site: Site) -> Step:
    """Pairs of features turned: two products and a sum per feature."""
    tensor = site.value(0)
    turned = Chain((Elementwise(function="multiply_add"), Elementwise(function="multiply")))
    return Step(turned, (tensor,), (site.like(tensor),))


RULES: Mapping[str, Rule] = {"Attention": _attention, "RotaryEmbedding": _rotary}
