"""Values along axes made one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.ops.pool import GlobalPool
from convcost.ops.reduce import Cumulate, Reduce
from convcost.read.torch.module.site import Step

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.read.torch.module.site import Rule, Site
    from convcost.read.torch.module.values import Operand

_FUNCTIONS: Mapping[str, Any] = {
    **{name: name for name in ("sum", "mean", "max", "min", "argmax", "argmin", "any", "all")},
    "prod": "product",
    "amax": "max",
    "amin": "min",
    "var": "variance",
    "std": "deviation",
    "var_mean": "variance",
    "std_mean": "deviation",
    "norm": "norm",
    "linalg_vector_norm": "norm",
    "logsumexp": "logsumexp",
    "count_nonzero": "sum",
}
_CUMULATIONS: Mapping[str, Any] = {"cumsum": "sum", "cumprod": "product"}


def _reduce(site: Site) -> Step:
    tensor = site.tensor()
    function = _FUNCTIONS[site.function]
    if function in ("max", "min") and site.maybe("other") is not None:
        # max(a, b): between two tensors
        from convcost.read.torch.module.aten.elementwise import between

        return between(site, f"{function}imum")
    keep = bool(site.get("keepdim"))
    positions = _positions(site, tensor)
    pooled = _as_pool(site, tensor, positions, keep=keep) if function == "mean" else None
    if pooled is not None:
        return pooled
    kept = [None if p in positions else n for p, n in enumerate(tensor.names)]
    for result in site.results:
        if keep:
            result.axes.unite(tensor.axes)
        else:
            result.axes.take([n for p, n in enumerate(kept) if p not in positions])
    second = None if len(site.results) < 2 else site.results[1].dtype
    dtype = None if site.result.dtype == tensor.dtype else site.result.dtype
    op = Reduce(function=function, positions=positions, keep_axes=keep, second=second, dtype=dtype)
    return Step(op, (tensor,), kept=len(site.results))


def _positions(site: Site, tensor: Operand) -> tuple[int, ...]:
    stated = site.get("dim")
    if stated is None or stated == []:
        return tuple(range(tensor.rank))
    dims = stated if isinstance(stated, (list, tuple)) else [stated]
    return tuple(sorted(dim % tensor.rank for dim in dims)) if tensor.rank else ()


def _as_pool(site: Site, tensor: Operand, positions: tuple[int, ...], *, keep: bool) -> Step | None:
    """The mean over all positions of an image is the global average pool of other frameworks."""
    names = tensor.names
    if positions != (2, 3) or names[1:] != ("channel", "height", "width"):
        return None
    if keep:
        site.result.axes.unite(tensor.axes)
    else:
        site.result.axes.take((names[0], "feature"))
    op = GlobalPool(function="average", axes=("height", "width"), keep_axes=keep)
    return Step(op, (tensor,))


def _cumulate(site: Site) -> Step:
    tensor = site.tensor()
    site.like(tensor)
    return Step(Cumulate(function=_CUMULATIONS[site.function]), (tensor,))


RULES: Mapping[str, Rule] = {
    **{f"aten.{name}": _reduce for name in _FUNCTIONS},
    **{f"aten.{name}": _cumulate for name in _CUMULATIONS},
}
