"""Views of memory, and copies from place to place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.errors import NetworkError
from convcost.ops.constant import Constant
from convcost.ops.copy import Copy, Fill, Gather
from convcost.ops.merge import Concatenate
from convcost.ops.reshape import Flatten
from convcost.ops.scatter import ScatterAdd
from convcost.read.shared_axes import matched
from convcost.read.torch.module.seen import seen
from convcost.read.torch.module.site import Step

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcost.read.torch.module.site import Rule, Site
    from convcost.read.torch.module.values import Operand

#: Operators that give another view where memory allows, and copy otherwise.
_SHAPED = (
    "view", "_unsafe_view", "reshape", "flatten", "unflatten", "squeeze", "unsqueeze", "transpose",
    "permute", "t", "numpy_T", "mT", "adjoint", "movedim", "moveaxis", "swapaxes", "swapdims",
    "expand", "expand_as", "broadcast_to", "slice", "narrow", "select", "split", "split_with_sizes",
    "chunk", "unsafe_chunk", "unsafe_split", "tensor_split", "unbind", "diagonal", "as_strided",
    "unfold", "detach", "alias", "view_as", "reshape_as", "contiguous", "to", "_to_copy", "clone",
    "lift_fresh", "lift", "type_as", "float", "view_as_real", "view_as_complex", "real", "imag",
    "_reshape_alias", "ravel", "squeeze_copy", "resolve_conj", "resolve_neg",
)  # fmt: skip

#: Operators that keep the number and meaning of axes.
_SAME_AXES = ("slice", "narrow", "split", "split_with_sizes", "chunk", "expand", "expand_as",
              "contiguous", "to", "_to_copy", "clone", "detach", "alias", "unsafe_chunk",
              "unsafe_split", "tensor_split", "float", "type_as")  # fmt: skip

_COPIED = (
    "roll", "flip", "repeat", "repeat_interleave", "tile", "stack", "hstack", "vstack", "im2col",
    "pixel_shuffle", "pixel_unshuffle", "channel_shuffle", "native_channel_shuffle", "rot90",
    "tril", "triu", "one_hot", "scatter", "index_put", "_index_put_impl", "masked_scatter",
    "slice_scatter", "select_scatter", "copy", "diag", "diag_embed", "meshgrid",
    "slice_backward", "constant_pad", "narrow_copy",
)  # fmt: skip

_MADE = (
    "zeros", "ones", "full", "arange", "linspace", "eye", "rand", "randn", "randint",
    "scalar_tensor",
    "zeros_like", "ones_like", "full_like", "rand_like", "randn_like", "new_zeros", "new_ones",
    "new_full", "hann_window", "randperm", "tril_indices", "triu_indices",
)  # fmt: skip

_OVERWRITTEN = ("fill", "zero")
#: The argument that is the number everywhere.
_FILLED_WITH = {"full": "fill_value", "full_like": "fill_value", "new_full": "fill_value",
                "fill": "value", "scalar_tensor": "s"}  # fmt: skip

_UNSET = (
    "empty",
    "empty_like",
    "new_empty",
    "empty_strided",
    "new_empty_strided",
    "empty_permuted",
)


def _shaped(site: Site) -> Step | None:
    tensor = site.every_operand()[0]
    flat = _flattens(site, tensor)
    if not flat:
        _name_results(site, tensor)
    if not site.graph.shares_memory(site):
        function = site.function if site.result.dtype == tensor.dtype else "cast"
        return Step(lambda out: Copy(function=function, result=out[0]), (tensor,))
    if len(site.results) == 1 and site.result.shape == tensor.shape and _keeps(site):
        return None
    if flat:
        return Step(Flatten(), (tensor,))
    return Step(seen(site, tensor, _order(site, tensor.rank)), (tensor,))


def _keeps(site: Site) -> bool:
    """Whether a view of the same shape is the same tensor, and not a transpose of a square."""
    return bool(site.record.results[0].stride() == site.graph.first_tensor(site).stride())


def _flattens(site: Site, tensor: Operand) -> bool:
    """Whether all axes after the first become one, for all batches."""
    stays = site.result.rank == 2 < tensor.rank and site.result.shape[0] == tensor.shape[0]
    stays = stays and tensor.stored is None
    if stays and site.function in ("flatten", "view", "reshape"):
        site.result.axes.take((tensor.names[0], "feature"))
        return bool(site.result.names == (tensor.names[0], "feature"))
    return False


def _name_results(site: Site, tensor: Operand) -> None:
    names = tensor.names
    if site.function in _SAME_AXES:
        for result in site.results:
            if result.rank == tensor.rank:
                result.axes.unite(tensor.axes)
        return
    order = _order(site, tensor.rank)
    for result in site.results:
        if order is not None and len(order) == result.rank:
            result.axes.take([None if place is None else names[place] for place in order])
        elif order is None:
            result.axes.take(matched(names, tensor.shape, result.shape))


def _order(site: Site, rank: int) -> Sequence[int | None] | None:
    """For each axis of the result the axis of the input that it is; None where sizes tell."""
    function = site.function
    if function == "permute":
        return [int(dim) % rank for dim in site.get("dims")]
    if function in ("transpose", "swapaxes", "swapdims", "t", "numpy_T"):
        order: list[int | None] = list(range(rank))
        if function in ("t", "numpy_T"):
            return order[::-1]
        first, second = (site.get(n) for n in _dims(site))
        order[first], order[second] = order[second], order[first]
        return order
    if function == "unsqueeze":
        order = list(range(rank))
        order.insert(int(site.get("dim")) % (rank + 1), None)
        return order
    if function in ("select", "unbind"):
        gone = int(site.get("dim")) % rank
        return [place for place in range(rank) if place != gone]
    return None


def _dims(site: Site) -> tuple[str, str]:
    return ("dim0", "dim1") if site.raw("dim0") is not None else ("axis0", "axis1")


def _copied(site: Site) -> Step:
    operands = site.every_operand()
    if site.function in ("roll", "flip", "tril", "triu", "repeat", "tile"):
        site.like(*operands)
    if site.function == "copy":
        site.like(*operands)
        operands = operands[1:]  # what was there before is not read
    function = site.function
    return Step(lambda out: Copy(function=function, result=out[0]), operands)


def _made(site: Site) -> Step:
    function = site.function
    value = site.number(_FILLED_WITH[function]) if function in _FILLED_WITH else None
    return Step(lambda out: Fill(function=function, result=out[0], value=value), ())


def _overwritten(site: Site) -> Step:
    site.like(*site.every_operand())
    return _made(site)


def _unset(site: Site) -> Step:
    del site
    return Step(lambda out: Constant(tensor=out[0]), ())


def _gathered(site: Site) -> Step:
    axis = int(site.get("dim")) if site.function == "index_select" else None
    return Step(lambda out: Gather(result=out[0], axis=axis), site.every_operand())


def _added(site: Site) -> Step:
    operands = site.every_operand()
    if len(operands) == 1:
        return Step(lambda out: ScatterAdd(result=out[0]), operands)
    values = site.maybe("source") or site.operand("src")
    site.like(operands[0])
    place = next(i for i, operand in enumerate(operands) if operand is values)
    return Step(lambda out: ScatterAdd(result=out[0], source=place), operands)


def _concatenated(site: Site) -> Step:
    operands = site.operands("tensors")
    operands = tuple(o for o in operands if o.rank == site.result.rank and not o.is_empty)
    if not operands:
        raise NetworkError("nothing to join")
    for operand in operands:
        site.result.axes.unite(operand.axes)
    axis = site.axis(site.result, int(site.get("dim") or 0))
    names = site.result.names
    return Step(Concatenate(axis), tuple(site.named(operand, names) for operand in operands))


RULES: Mapping[str, Rule] = {
    **{f"aten.{name}": _shaped for name in _SHAPED},
    **{f"aten.{name}": _copied for name in _COPIED},
    **{f"aten.{name}": _made for name in _MADE},
    **{f"aten.{name}": _overwritten for name in _OVERWRITTEN},
    **{f"aten.{name}": _unset for name in _UNSET},
    **dict.fromkeys(
        ("aten.index", "aten.index_select", "aten.gather", "aten.take", "aten.take_along_dim"),
        _gathered,
    ),
    **dict.fromkeys(("aten.col2im", "aten.index_add", "aten.scatter_add"), _added),
    **dict.fromkeys(("aten.cat", "aten.concat", "aten.concatenate"), _concatenated),
}
