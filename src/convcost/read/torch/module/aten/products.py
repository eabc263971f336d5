"""Matrix products, embeddings and attention."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.errors import NetworkError
from convcost.ops.bilinear import Bilinear
from convcost.ops.copy import Gather
from convcost.ops.dense import Dense
from convcost.ops.embedding import Embedding
from convcost.ops.matmul import MatMul
from convcost.ops.scaled_attention import ScaledAttention
from convcost.read.torch.module.site import Step

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.read.torch.module.site import Arranged, Rule, Site
    from convcost.read.torch.module.values import Operand


def _linear(site: Site) -> Step:
    tensor, weight, bias = site.operand("input"), site.operand("weight"), site.maybe("bias")
    if weight.rank != 2:
        return Step(MatMul(addend=bias is not None), tuple(o for o in (tensor, weight, bias) if o))
    tensor.axes.suggest_features()
    site.like(tensor)
    op = Dense(units=weight.shape[0], bias=bias is not None)
    kernel: Arranged = (lambda t: t.t(), weight.shape[::-1])
    return site.weighted(op, [tensor], [weight, bias], {"kernel": kernel})


def _product(site: Site) -> Step:
    """``a @ b``: a dense layer where b is a stored matrix."""
    left, right = (site.operand(name) for name in _names(site))
    return _multiplied(site, left, right, None)


def _added_product(site: Site) -> Step:
    """``beta * c + alpha * a @ b``."""
    left, right = (site.operand(name) for name in _names(site))
    addend = site.operand("self") if site.get("beta") else None
    return _multiplied(site, left, right, addend, scaled=site.get("alpha") != 1)


def _multiplied(
    site: Site, left: Operand, right: Operand, addend: Operand | None, *, scaled: bool = False
) -> Step:
    is_bias = addend is None or (_is_weight(addend) and addend.rank == 1)
    if _is_weight(right) and right.rank == 2 and left.rank > 1 and is_bias and not scaled:
        left.axes.suggest_features()
        site.like(left)
        op = Dense(units=right.shape[1], bias=addend is not None)
        return site.weighted(op, [left], [right, addend])
    product = MatMul(addend=addend is not None, scale=scaled)
    site.result.axes.take(product.outputs(left.tensor, right.tensor)[0].names)
    operands = (left, right) if addend is None else (left, right, addend)
    return Step(product, operands)


def _names(site: Site) -> tuple[str, str]:
    for pair in (("mat1", "mat2"), ("batch1", "batch2"), ("mat", "vec")):
        if site.raw(pair[0]) is not None:
            return pair
    second = next(n for n in ("other", "mat2", "vec", "tensor") if site.raw(n) is not None)
    return "self", second


def _is_weight(operand: Operand) -> bool:
    return operand.stored is not None and operand.stored.learned


def _bilinear(site: Site) -> Step:
    first, second = site.operand("input1"), site.operand("input2")
    weight, bias = site.operand("weight"), site.maybe("bias")
    first.axes.suggest_features()
    site.like(first)
    op = Bilinear(units=weight.shape[0], bias=bias is not None)
    return site.weighted(op, [first, second], [weight, bias])


def _embedding(site: Site) -> Step:
    table, indices = site.operand("weight"), site.operand("indices")
    if not _is_weight(table):
        return Step(lambda out: Gather(result=out[0]), (table, indices))
    names = indices.names if indices.rank else ()
    site.result.axes.take((*names, "feature"))
    result = site.result
    op = Embedding(entries=table.shape[0], units=table.shape[1], names=result.names)
    return site.weighted(op, [indices], [table])


def _attention(site: Site) -> Step:
    query, key, value = (site.operand(name) for name in ("query", "key", "value"))
    mask = site.maybe("attn_mask") or site.maybe("attn_bias")
    if query.rank < 2:
        raise NetworkError("attention over tensors of one axis")
    site.like(query)
    scale = site.raw("scale")
    op = ScaledAttention(
        causal=bool(site.raw("is_causal")), scale=None if scale is None else float(scale)
    )
    return Step(op, tuple(o for o in (query, key, value, mask) if o is not None))


RULES: Mapping[str, Rule] = {
    "aten.linear": _linear,
    "aten.bilinear": _bilinear,
    "aten.embedding": _embedding,
    **dict.fromkeys(
        ("aten.matmul", "aten.mm", "aten.bmm", "aten.mv", "aten.dot", "aten.vdot"), _product
    ),
    **dict.fromkeys(("aten.addmm", "aten.baddbmm", "aten.addmv"), _added_product),
    **dict.fromkeys(
        (
            "aten.scaled_dot_product_attention",
            "aten._scaled_dot_product_attention_math",
            "aten._scaled_dot_product_flash_attention",
            "aten._scaled_dot_product_flash_attention_for_cpu",
            "aten._scaled_dot_product_efficient_attention",
            "aten._scaled_dot_product_cudnn_attention",
            "aten._scaled_dot_product_fused_attention_overrideable",
        ),
        _attention,
    ),
}
