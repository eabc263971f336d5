"""Products of tensors that are no weights, and lookups."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from convcost.errors import NetworkError
from convcost.network.dims import number
from convcost.ops.embedding import Embedding
from convcost.ops.matmul import MatMul
from convcost.ops.scaled_attention import ScaledAttention
from convcost.write.kept import check_factor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.write.onnx.site import Rule, Site


def _matmul(site: Site) -> None:
    op: Any = site.op
    check_factor(op)
    made = site.node("MatMul", site.plain(0), site.plain(1))
    site.give(site.node("Add", made, site.plain(2)) if op.addend else made)


def _attention(site: Site) -> None:
    """``softmax(q * k / sqrt(d) + mask) * v``."""
    op: Any = site.op
    query, key, _, *mask = site.tensors
    if op.causal:
        raise NetworkError("a causal mask that is no input")
    if query.shape[:-2] != key.shape[:-2]:
        raise NetworkError("heads that share keys")
    turned = [*range(len(key.axes) - 2), len(key.axes) - 1, len(key.axes) - 2]
    keys = site.node("Transpose", site.plain(1), perm=turned)
    size = number(query.axes[-1].size, "the features")
    factor = site.graph.number(1 / math.sqrt(size) if op.scale is None else op.scale, query.dtype)
    scores = site.node("MatMul", site.node("Mul", site.plain(0), factor), keys)
    if mask:
        scores = site.node("Add", scores, site.plain(3))
    weights = site.node("Softmax", scores, axis=-1)
    site.give(site.node("MatMul", weights, site.plain(2)))


def _embedding(site: Site) -> None:
    from onnx import TensorProto

    op: Any = site.op
    if op.reverse:
        raise NetworkError("an embedding used backwards")
    (table,) = site.weights
    entries = site.plain()
    if site.tensors[0].floating:  # Keras takes whole numbers that are stored as others
        entries = site.node("Cast", entries, to=TensorProto.INT64)
    site.give(site.node("Gather", site.weight(table), entries, axis=0))


RULES: Mapping[str, Rule] = {
    MatMul.kind: _matmul,
    ScaledAttention.kind: _attention,
    Embedding.kind: _embedding,
}
