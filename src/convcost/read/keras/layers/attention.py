"""Attention."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.errors import NetworkError
from convcost.ops.attention import AdditiveAttention, Attention
from convcost.ops.multi_head_attention import MultiHeadAttention

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.network.op import Op
    from convcost.read.keras.layers.site import Rule, Site


def _attention(site: Site) -> Op:
    score = site.get("score_mode", "dot")
    if score not in ("dot", "concat"):
        raise NetworkError(f"score mode {score!r} is not known")
    return Attention(score=score, scale=site.get("use_scale", False))


def _additive(site: Site) -> Op:
    return AdditiveAttention(scale=site.get("use_scale", True))


def _multi_head(site: Site) -> Op:
    key_size = site.need("key_dim")
    size = site.get("output_shape")
    if isinstance(size, (tuple, list)):
        if len(size) != 1:
            raise NetworkError(f"an output of several axes {tuple(size)} is not covered")
        size = size[0]
    return MultiHeadAttention(
        heads=site.need("num_heads"),
        key_size=key_size,
        value_size=site.get("value_dim", key_size) or key_size,
        output_size=size,
        bias=site.get("use_bias", True),
        gate=site.get("use_gate", False),
        axes=None if site.get("attention_axes") is None else site.axes("attention_axes"),
    )


def _grouped_query(site: Site) -> Op:
    return MultiHeadAttention(
        heads=site.need("num_query_heads"),
        key_size=site.need("head_dim"),
        value_size=site.need("head_dim"),
        key_heads=site.need("num_key_value_heads"),
        bias=site.get("use_bias", True),
        gate=site.get("use_gate", False),
    )


RULES: Mapping[str, Rule] = {
    "Attention": _attention,
    "AdditiveAttention": _additive,
    "MultiHeadAttention": _multi_head,
    "GroupQueryAttention": _grouped_query,
    "GroupedQueryAttention": _grouped_query,
}
