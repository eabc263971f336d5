"""Channels along vectors: how many a vector holds, and what part of it they fill."""

from __future__ import annotations

from typing import Any


def filled(channels: Any, lanes: int) -> Any:
    """The channels that the vectors could hold which these channels need: numbers, or arrays.

    >>> filled(4, 16), filled(32, 16), filled(43, 16)
    (16, 32, 48)
    """
    return -(-channels // lanes) * lanes


def vector_fill(channels: Any, lanes: int) -> Any:
    """The fraction of the vector lanes in use when channels are laid along the vectors.

    Convolution libraries block channels by the vector length (oneDNN's nChw16c on AVX-512), so
    ``channels / (ceil(channels/lanes) * lanes)``; of numbers, or of arrays of them.

    >>> vector_fill(4, 16), vector_fill(32, 16), vector_fill(43, 16) > 0.89
    (0.25, 1.0, True)
    """
    return channels / filled(channels, lanes)
