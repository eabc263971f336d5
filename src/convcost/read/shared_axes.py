"""Axis names of tensors in graphs that tell none: later layers say what axes mean.

Frameworks with channels first know axes by position only. What a convolution slides over are
positions, what it sums over are channels, also in all tensors that only element-wise layers
separate from it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcost.network.dims import Dim


class AxisNames:
    """Names of axes, shared by tensors whose axes mean the same.

    A convolution far behind says what the axes of an image mean: it names them for all tensors
    that only element-wise layers separate from it.
    """

    __slots__ = ("given", "same_as")

    def __init__(self, names: Sequence[str | None]) -> None:
        self.given = list(names)
        self.same_as: AxisNames | None = None

    @property
    def root(self) -> AxisNames:
        """The names that stand for all that were united with these."""
        root = self
        while root.same_as is not None:
            root = root.same_as
        if root is not self:
            self.same_as = root
        return root

    @property
    def names(self) -> tuple[str | None, ...]:
        """What the axes are called; None where nothing has told yet."""
        return tuple(self.root.given)

    def take(self, wanted: Sequence[str | None]) -> bool:
        """Name axes that have no name; False, and no change, where one has another name."""
        own = self.root.given
        merged = [have or want for have, want in zip(own, wanted, strict=True)]
        if any(want and want != name for want, name in zip(wanted, merged, strict=True)):
            return False
        given = [name for name in merged if name]
        if len(set(given)) < len(given):
            return False
        own[:] = merged
        return True

    def unite(self, other: AxisNames) -> None:
        """Make both one, where their names agree."""
        left, right = self.root, other.root
        if left is not right and len(left.given) == len(right.given) and left.take(right.given):
            right.same_as = left

    def at(self, position: int) -> str:
        """The name of an axis, given by number; one is made up where it has none.

        >>> names = AxisNames((None, None, "height", "width"))
        >>> names.at(1), names.at(0), names.names
        ('channel', 'axis_0', ('axis_0', 'channel', 'height', 'width'))
        """
        rank = len(self.root.given)
        position %= rank
        name = self.root.given[position]
        if name is not None:
            return name
        plain = f"axis_{position}"
        guess = plain
        if position == rank - 1 and rank < 4:
            guess = "feature"
        elif position == 1:
            guess = {3: "time"}.get(rank, "channel")
        for name in (guess, plain):
            wanted: list[str | None] = [None] * rank
            wanted[position] = name
            if self.take(wanted):
                return name
        return plain

    def suggest_features(self) -> None:
        """Name the axes of rows of features, where nothing else has told.

        >>> names = AxisNames((None, None, None))
        >>> names.suggest_features()
        >>> names.names
        ('batch', None, 'feature')
        """
        own = self.root.given
        names: list[str | None] = [None] * len(own)
        if len(own) > 1 and "batch" not in own and own[0] is None:
            names[0] = "batch"
        if own[-1] is None and "feature" not in own:
            names[-1] = "feature"
        self.take(names)


def matched(
    names: Sequence[str | None], old: Sequence[Dim], new: Sequence[Dim]
) -> list[str | None]:
    """Names of the axes at both ends whose sizes stay when a tensor is seen in another shape.

    >>> matched(("batch", "channel", "height", "width"), (2, 8, 4, 4), (2, 2, 4, 4, 4))
    ['batch', None, None, 'height', 'width']
    """
    found: list[str | None] = [None] * len(new)
    shortest = min(len(old), len(new))
    front = 0
    while front < shortest and old[front] == new[front]:
        found[front] = names[front]
        front += 1
    back = 1
    while back <= shortest - front and old[-back] == new[-back]:
        found[-back] = names[-back]
        back += 1
    return found
