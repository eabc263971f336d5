"""Kernels as products of two smaller ones: the nearest of a given rank.

Eckart and Young (1936): of all matrices of rank R the product of the first R singular vectors and
values is the nearest in the sum of squared errors. How a kernel becomes a matrix is what tells the
rewrites apart.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from convcost.errors import NetworkError
from convcost.network.network import naming
from convcost.rewrite.shared.layer import numbers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from convcost.network.network import Layer, Network

#: Singular values below this part of the largest are rounding: their vectors are not rescaled.
_NEGLIGIBLE = 1e-10


def factored(
    network: Network, layer: Layer, split: Callable[[Any], tuple[Any, Any]]
) -> tuple[Callable[[], Mapping[str, Any]] | None, Callable[[], Mapping[str, Any]] | None]:
    """What makes the numbers of two layers out of those of one.

    The first has a kernel only, the second what else the layer has, its bias.

    Args:
        network: whose layer it is.
        layer: with a ``kernel``.
        split: the two kernels, for the layer's one in double precision.

    Returns:
        Two functions that work when they are called, and split once; None where the layer has no
        numbers.
    """
    own = numbers(network, layer)
    if own is None:
        return None, None

    @cache
    def both() -> tuple[Any, Any]:
        with naming(layer.name):
            return split(own()["kernel"].astype("float64"))

    return lambda: {"kernel": both()[0]}, lambda: {**own(), "kernel": both()[1]}


def spatial(kernel: Any, axis: int, rank: int) -> tuple[Any, Any]:
    """A kernel over several axes as one along one of them, and one along the others.

    Args:
        kernel: (taps ..., channels in, filters).
        axis: the position of the taps that the first kernel gets.
        rank: channels between the two.

    Returns:
        (taps of that axis and ones, channels in, rank) and (taps with a one there, rank, filters).
    """
    *taps, channels, filters = kernel.shape
    others = [place for place in range(len(taps)) if place != axis]
    rows = kernel.transpose([axis, len(taps), *others, len(taps) + 1])
    left, right = truncated(rows.reshape(taps[axis] * channels, -1), rank)
    along = [size if place == axis else 1 for place, size in enumerate(taps)]
    across = [1 if place == axis else size for place, size in enumerate(taps)]
    # (rank, other taps, filters) -> (other taps, rank, filters)
    second = right.reshape(rank, -1, filters).transpose([1, 0, 2])
    return left.reshape(*along, channels, rank), second.reshape(*across, rank, filters)


def pointwise(kernel: Any, rank: int) -> tuple[Any, Any]:
    """A kernel as one with fewer filters, and one of 1x1; a matrix as two.

    Args:
        kernel: (taps ..., channels in, filters).
        rank: filters of the first.

    Returns:
        (taps ..., channels in, rank) and (ones, rank, filters).
    """
    *rest, filters = kernel.shape
    left, right = truncated(kernel.reshape(-1, filters), rank)
    ones = [1] * (len(rest) - 1)
    return left.reshape(*rest, rank), right.reshape(*ones, rank, filters)


def truncated(matrix: Any, rank: int) -> tuple[Any, Any]:
    """The two factors of the nearest matrix of a rank, (rows, rank) and (rank, columns).

    The singular values are divided among both alike, so that values between the two layers are of
    the size of those around them. The vectors are those of the smaller of the two products of the
    matrix with itself, whose other side is the matrix projected on them: with all of them the
    product is the matrix, whatever their rounding. A rank above the matrix's gives zeros.

    Raises:
        NetworkError: it holds numbers that are not finite.

    >>> import numpy as np
    >>> left, right = truncated(np.array([[3.0, 0.0], [0.0, 4.0], [0.0, 0.0]]), 1)
    >>> (left @ right).round(12).tolist()
    [[0.0, 0.0], [0.0, 4.0], [0.0, 0.0]]
    """
    import numpy as np

    rows, columns = matrix.shape
    if rows < columns:
        right, left = truncated(matrix.T, rank)
        return left.T, right.T
    if not np.isfinite(matrix).all():
        raise NetworkError("its weights hold numbers that are not finite")
    squares, vectors = np.linalg.eigh(matrix.T @ matrix)  # the smallest first
    kept = min(rank, columns)
    values = np.sqrt(np.maximum(squares[::-1][:kept], 0))
    vectors = vectors[:, ::-1][:, :kept]
    scale = np.sqrt(np.where(values > _NEGLIGIBLE * values.max(initial=0), values, 1))
    left, right = np.zeros((rows, rank)), np.zeros((rank, columns))
    left[:, :kept] = matrix @ vectors / scale
    right[:kept] = (vectors * scale).T
    return left, right
