"""Products of tensors that are no weights, products that name their axes, and lookups."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from convcost.errors import NetworkError
from convcost.network.dims import number
from convcost.ops.dot import Dot
from convcost.ops.einsum import EinsumDense
from convcost.ops.embedding import Embedding
from convcost.ops.matmul import MatMul
from convcost.ops.scaled_attention import ScaledAttention
from convcost.write.kept import check_factor
from convcost.write.keras.rules.activation import activated, fused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.write.keras.site import Rule, Site


def _matmul(site: Site) -> None:
    import keras

    op: Any = site.op
    check_factor(op)
    made = site.function(keras.ops.matmul, site.plain(0), site.plain(1))
    if op.addend:
        made = site.function(keras.ops.add, made, site.plain(2), part="add")
    site.give(made)


def _attention(site: Site) -> None:
    """``softmax(q * k / sqrt(d) + mask) * v``, step by step.

    Raises:
        NetworkError: it has a causal mask, or heads that share keys.
    """
    import keras

    op: Any = site.op
    ops = keras.ops
    query, key, _, *mask = site.tensors
    if op.causal:
        raise NetworkError("a causal mask that is no input")
    if query.shape[:-2] != key.shape[:-2]:
        raise NetworkError("heads that share keys")
    rank = len(key.axes)
    turn = (*range(rank - 2), rank - 1, rank - 2)
    keys = site.function(ops.transpose, site.plain(1), turn, part="keys")
    size = number(query.axes[-1].size, "the features")
    factor = 1 / math.sqrt(size) if op.scale is None else op.scale
    scaled = site.layer("Rescaling", site.plain(0), part="scale", scale=factor, offset=0.0)
    scores = site.function(ops.matmul, scaled, keys, part="scores")
    if mask:
        scores = site.function(ops.add, scores, site.plain(3), part="mask")
    weights = site.layer("Softmax", scores, part="weights")
    site.give(site.function(ops.matmul, weights, site.plain(2)))


def _embedding(site: Site) -> None:
    op: Any = site.op
    if op.reverse:
        raise NetworkError("an embedding used backwards")
    (table,) = site.weights
    made = site.layer(
        "Embedding", site.plain(), numbers={"embeddings": site.numbers(table)},
        input_dim=number(op.entries, "entries"), output_dim=number(op.units, "units"),
    )  # fmt: skip
    site.give(made)


def _einsum(site: Site) -> None:
    op: Any = site.op
    own = fused(site, op.activation)
    sizes = tuple(number(axis.size, "a size") for axis in site.results[0].axes[1:])
    names = ("kernel", "bias")[: 1 + bool(op.bias_axes)]
    made = site.layer(
        "EinsumDense", site.plain(), numbers={name: site.numbers(name) for name in names},
        equation=op.equation, output_shape=sizes, bias_axes=op.bias_axes or None,
        activation=own or "linear",
    )  # fmt: skip
    site.give(made if own else activated(site, made, op.activation, part="activation"))


def _dot(site: Site) -> None:
    op: Any = site.op
    places = tuple(t.names.index(a) for t, a in zip(site.tensors, op.axes, strict=True))
    nodes = [site.plain(0), site.plain(1)]
    site.give(site.layer("Dot", nodes, axes=places, normalize=op.normalize))


RULES: Mapping[str, Rule] = {
    MatMul.kind: _matmul,
    ScaledAttention.kind: _attention,
    Embedding.kind: _embedding,
    EinsumDense.kind: _einsum,
    Dot.kind: _dot,
}
