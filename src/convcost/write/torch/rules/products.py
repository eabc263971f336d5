"""Products of tensors that are no weights, of pairs of features, and lookups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.errors import NetworkError
from convcost.ops.bilinear import Bilinear
from convcost.ops.embedding import Embedding
from convcost.ops.matmul import MatMul
from convcost.ops.scaled_attention import ScaledAttention
from convcost.write.kept import check_factor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.write.torch.site import Rule, Site


def _matmul(site: Site) -> None:
    import torch

    op: Any = site.op
    check_factor(op)
    made = site.function(torch.matmul, site.plain(0), site.plain(1))
    site.give(site.function(torch.add, made, site.plain(2)) if op.addend else made)


def _attention(site: Site) -> None:
    """``softmax(q * k / sqrt(d) + mask) * v``."""
    import torch

    op: Any = site.op
    query, key, _, *mask = site.tensors
    if query.shape[:-2] != key.shape[:-2]:
        raise NetworkError("heads that share keys")
    nodes = [site.plain(place) for place in range(3 + len(mask))]
    options = ({"is_causal": True} if op.causal else {}) | (
        {} if op.scale is None else {"scale": op.scale}
    )
    function = torch.nn.functional.scaled_dot_product_attention
    site.give(site.function(function, *nodes, **options))


def _embedding(site: Site) -> None:
    import torch

    op: Any = site.op
    if op.reverse:
        raise NetworkError("an embedding used backwards")
    (table,) = site.weights
    entries = site.plain()
    if site.tensors[0].dtype not in {"int32", "int64"}:  # Keras takes any numbers
        entries = site.function(torch.Tensor.long, entries)

    def make() -> Any:
        numbers = site.numbers(table)
        module = torch.nn.Embedding(*numbers.shape, device="meta")
        return site.filled(module, {"weight": numbers})

    site.give(site.module(make, entries))


def _bilinear(site: Site) -> None:
    import torch

    op: Any = site.op
    units, first, second = site.weights["kernel"].shape

    def make() -> Any:
        module = torch.nn.Bilinear(first, second, units, bias=op.bias, device="meta")
        tensors = {"weight": site.numbers("kernel")}
        return site.filled(module, tensors | ({"bias": site.numbers("bias")} if op.bias else {}))

    site.give(site.module(make, site.plain(0), site.plain(1)))


RULES: Mapping[str, Rule] = {
    MatMul.kind: _matmul,
    ScaledAttention.kind: _attention,
    Embedding.kind: _embedding,
    Bilinear.kind: _bilinear,
}
