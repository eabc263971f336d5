"""The names that Keras gives to layers without one."""

from __future__ import annotations

from collections import Counter


class KerasNames:
    """Numbers the layers of each kind in the order in which they are made.

    >>> names = KerasNames()
    >>> [names("conv2d"), names("conv2d"), names("add")]
    ['conv2d', 'conv2d_1', 'add']
    """

    def __init__(self) -> None:
        self._made: Counter[str] = Counter()

    def __call__(self, kind: str) -> str:
        """The name of the next layer of a kind."""
        number = self._made[kind]
        self._made[kind] += 1
        return f"{kind}_{number}" if number else kind
