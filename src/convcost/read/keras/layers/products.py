"""Products that name their axes, and tables of vectors."""

from __future__ import annotations

from string import ascii_letters
from typing import TYPE_CHECKING

from convcost.errors import NetworkError
from convcost.ops.dot import Dot
from convcost.ops.einsum import EinsumDense
from convcost.ops.embedding import Embedding

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.network.op import Op
    from convcost.read.keras.layers.site import Rule, Site


def _embedding(site: Site) -> Op:
    return Embedding(
        entries=site.need("input_dim"),
        units=site.need("output_dim"),
        names=site.names(len(site.inputs[0].axes) + 1),
    )


def _reversible_embedding(site: Site) -> Op:
    return Embedding(
        entries=site.need("input_dim"),
        units=site.need("output_dim"),
        names=site.names(len(site.inputs[0].axes) + 1),
        reverse=not site.get("tie_weights", True),
    )


def _einsum_dense(site: Site) -> Op:
    stated = str(site.need("equation")).replace(" ", "")
    rank = len(site.inputs[0].axes)
    into, kernel, out = _terms(stated, rank)
    size = site.need("output_shape")
    sizes = tuple(size) if isinstance(size, (tuple, list)) else (size,)
    # an ellipsis on the left stands for axes that the output shape leaves out, the batch among them
    named = out[1:] if not stated.startswith("...") else out[-len(sizes) :]
    new = {
        letter: number
        for letter, number in zip(named, sizes, strict=False)
        if letter not in into and isinstance(number, int)
    }
    return EinsumDense(
        equation=f"{into},{kernel}->{out}",
        sizes=tuple(new.items()),
        bias_axes=str(site.get("bias_axes", "")),
        activation=site.activation(),
        names=site.names(len(out)),
    )


def _terms(equation: str, rank: int) -> tuple[str, str, str]:
    """Input, kernel and result with a letter for each axis that an ellipsis stands for.

    Raises:
        NetworkError: it is no equation of one input and one kernel.

    >>> _terms("...x,xy->...y", 3), _terms("ab...,bc->ac...", 3)
    (('abx', 'xy', 'aby'), ('abd', 'bc', 'acd'))
    """
    operands, arrow, out = equation.partition("->")
    into, comma, kernel = operands.partition(",")
    free = [letter for letter in ascii_letters if letter not in equation]
    hidden = "".join(free[: max(0, rank - len(into.replace("...", "")))])
    into, out = into.replace("...", hidden), out.replace("...", hidden)
    letters = into + kernel + out
    if not (arrow and comma and letters.isascii() and letters.isalpha()) or len(into) != rank:
        raise NetworkError(f"equation {equation!r} does not fit an input of {rank} axes")
    return into, kernel, out


def _dot(site: Site) -> Op:
    axes = site.need("axes")
    pair = tuple(axes) if isinstance(axes, (tuple, list)) else (axes, axes)
    if len(pair) != 2 or len(site.inputs) != 2:
        raise NetworkError(f"axes {axes!r} are not one axis of each of two tensors")
    names = tuple(
        site.among(tensor, config={}).axis_name(position)
        for tensor, position in zip(site.inputs, pair, strict=True)
    )
    rank = max(2, sum(len(tensor.axes) for tensor in site.inputs) - 3)
    return Dot(
        axes=(names[0], names[1]),
        normalize=site.get("normalize", False),
        names=site.names(rank),
    )


RULES: Mapping[str, Rule] = {
    "Embedding": _embedding,
    "ReversibleEmbedding": _reversible_embedding,
    "EinsumDense": _einsum_dense,
    "Dot": _dot,
}
