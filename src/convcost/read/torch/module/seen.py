"""How a call's results see the memory of its operand: which values, in which order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.ops.view import Cut
from convcost.read.torch.module.site import view

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from convcost.network.dims import Dim
    from convcost.network.op import Op
    from convcost.network.tensor import Tensor
    from convcost.read.torch.module.site import Site
    from convcost.read.torch.module.values import Operand

_RESHAPED = frozenset(
    {"view", "_unsafe_view", "reshape", "flatten", "unflatten", "squeeze", "unsqueeze", "detach",
     "alias", "view_as", "reshape_as", "contiguous", "_reshape_alias", "ravel", "squeeze_copy"}
)  # fmt: skip
_EXPANDED = frozenset({"expand", "expand_as", "broadcast_to"})
#: Functions whose results follow each other along an axis.
_DIVIDED = frozenset(
    {"split", "split_with_sizes", "chunk", "unsafe_chunk", "unsafe_split", "tensor_split",
     "unbind"}
)  # fmt: skip


def seen(
    site: Site, tensor: Operand, order: Sequence[int | None] | None
) -> Callable[[tuple[Tensor, ...]], Op]:
    """What makes a `View` of the call's results.

    Args:
        site: the call.
        tensor: its operand.
        order: for each axis of the result that of the operand, where the call exchanges axes.
    """
    function = site.function
    if any(result.dtype != tensor.dtype for result in site.results):
        return view()  # the same bytes as other numbers
    if function in _EXPANDED:
        return view("expand")
    if function in _RESHAPED:
        return view("reshape")
    if order is not None and len(order) == tensor.rank and None not in order:
        return view("permute", order=tuple(order))
    cuts: list[tuple[Cut, ...]] | None = None
    if function in ("slice", "narrow", "select"):
        cut = _cut(site, tensor)
        cuts = None if cut is None else [(cut,)]
    elif function in _DIVIDED:
        cuts = list(_divided(site, tensor))
    return view() if cuts is None else view("slice", cuts=tuple(cuts))


def _cut(site: Site, tensor: Operand) -> Cut | None:
    """The part of one axis; None where it depends on the batch."""
    names = {"slice": ("start", "end", "step"), "narrow": ("start", "length"), "select": ("index",)}
    found = [_same(site, name) for name in ("dim", *names[site.function])]
    if found[0] is None or any(number is _ODD for number in found):
        return None
    position = found[0] % tensor.rank
    size, start = tensor.shape[position], found[1] or 0
    if not isinstance(size, int) and (start < 0 or (site.function == "slice" and _is_back(found))):
        return None
    if site.function == "slice":
        stop, step = found[2], 1 if found[3] is None else found[3]
        if isinstance(size, int):
            start, stop, step = slice(start, stop, step).indices(size)
        elif stop is not None and stop >= _FAR:
            stop = None
        return Cut(position, start, stop, step)
    start = start + size if start < 0 else start
    return Cut(position, start, start + (found[2] if site.function == "narrow" else 1))


#: Stands for an argument that is not the same whole number in each pass.
_ODD: Any = object()
#: What PyTorch has for "up to the end".
_FAR = 2**63 - 1


def _same(site: Site, name: str) -> Any:
    """A whole number that is the same for all batches, or None where it is not given."""
    each = {site.raw_in(record, name) for record in site.records}
    if len(each) != 1:
        return _ODD
    (value,) = each
    return value if value is None or type(value) is int else _ODD


def _is_back(found: Sequence[Any]) -> bool:
    """Whether a slice ends so many values before the end."""
    return found[2] is not None and found[2] < 0


def _divided(site: Site, tensor: Operand) -> Sequence[tuple[Cut, ...]]:
    """Parts that follow each other along an axis; what is empty is no result of the layer."""
    position = int(site.get("dim") or 0) % tensor.rank
    whole = site.result.rank == tensor.rank
    cuts = []
    start: Dim = 0
    for result in site.results:
        stop: Dim = start + (result.shape[position] if whole else 1)
        if not result.is_empty:
            cuts.append((Cut(position, start, stop),))
        start = stop
    return cuts
