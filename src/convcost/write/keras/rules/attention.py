"""Keras's own attention layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.errors import NetworkError
from convcost.network.dims import number
from convcost.ops.attention import AdditiveAttention, Attention
from convcost.ops.multi_head_attention import MultiHeadAttention

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.write.keras.site import Rule, Site


def _nodes(site: Site) -> list[Any]:
    return [site.plain(place) for place in range(len(site.values))]


def _attention(site: Site) -> None:
    op: Any = site.op
    numbers = {name: site.numbers(name) for name in site.weights}
    made = site.layer("Attention", _nodes(site), numbers=numbers, score_mode=op.score,
                      use_scale=op.scale)  # fmt: skip
    site.give(made)


def _additive(site: Site) -> None:
    op: Any = site.op
    numbers = {name: site.numbers(name) for name in site.weights}
    site.give(site.layer("AdditiveAttention", _nodes(site), numbers=numbers, use_scale=op.scale))


def _multi_head(site: Site) -> None:
    """Inputs are query, value, key.

    Raises:
        NetworkError: query heads share keys, or gates, which are layers of their own in Keras.
    """
    op: Any = site.op
    if op.key_heads not in {None, op.heads} or op.gate:
        raise NetworkError("heads that share keys, or a gate")
    names = site.tensors[0].names
    axes = None if op.axes is None else tuple(names.index(axis) for axis in op.axes)
    size = None if op.output_size is None else number(op.output_size, "the output")
    # "query/kernel" is the kernel of the layer query_dense
    numbers = {f"{w.replace('/', '_dense.')}": site.numbers(w) for w in site.weights}
    query, *others = _nodes(site)
    made = site.layer(
        "MultiHeadAttention", query, *(others or [query]), numbers=numbers,
        num_heads=number(op.heads, "heads"), key_dim=number(op.key_size, "the keys"),
        value_dim=number(op.value_size, "the values"), use_bias=op.bias, output_shape=size,
        attention_axes=axes,
    )  # fmt: skip
    site.give(made)


RULES: Mapping[str, Rule] = {
    Attention.kind: _attention,
    AdditiveAttention.kind: _additive,
    MultiHeadAttention.kind: _multi_head,
}
