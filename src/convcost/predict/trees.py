"""Boosted regression trees as plain arrays: what calibration learned, without what learned it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

#: Rows that go down the trees at once: what they need stays in the caches.
_ROWS = 512


@dataclass(frozen=True)
class Trees:
    """A sum of binary trees; all nodes of all trees lie one after the other.

    Attributes:
        roots: node of each tree's root.
        features: column that an inner node looks at; of a leaf 0.
        thresholds: an inner node goes left where the column is at most this.
        left: the next node; of a leaf itself.
        right: likewise.
        values: what a leaf adds.
    """

    roots: tuple[int, ...]
    features: tuple[int, ...]
    thresholds: tuple[float, ...]
    left: tuple[int, ...]
    right: tuple[int, ...]
    values: tuple[float, ...]

    def __call__(self, columns: Any) -> Any:
        """The sum of the trees for every row.

        Args:
            columns: array (rows, columns).
        """
        import numpy as np

        found = np.zeros(len(columns))
        if not self.roots:
            return found
        for start in range(0, len(columns), _ROWS):
            found[start : start + _ROWS] = self._down(columns[start : start + _ROWS])
        return found

    def _down(self, columns: Any) -> Any:
        import numpy as np

        features, thresholds, left, right, values, roots = self._arrays
        rows = np.arange(len(columns))[:, None]
        nodes = np.broadcast_to(roots, (len(columns), len(roots)))
        for _ in range(self._depth):
            stays = columns[rows, features[nodes]] <= thresholds[nodes]
            nodes = np.where(stays, left[nodes], right[nodes])
        return values[nodes].sum(axis=1)

    @cached_property
    def _arrays(self) -> tuple[Any, ...]:
        import numpy as np

        whole = (np.asarray(x, np.int32) for x in (self.left, self.right, self.roots))
        left, right, roots = whole
        return (
            np.asarray(self.features, np.int32), np.asarray(self.thresholds), left, right,
            np.asarray(self.values), roots,
        )  # fmt: skip

    @cached_property
    def _depth(self) -> int:
        """Steps from the farthest leaf's root to it."""
        depth, level = 0, set(self.roots)
        while True:
            level = {
                child
                for node in level
                if self.left[node] != node
                for child in (self.left[node], self.right[node])
            }
            if not level:
                return depth
            depth += 1


def from_lightgbm(dump: Mapping[str, Any]) -> Trees:
    """The trees of ``Booster.dump_model()``, whose splits are all ``<=``."""
    nodes: list[tuple[int, float, int, int, float]] = []
    roots = [_append(nodes, tree["tree_structure"]) for tree in dump["tree_info"]]
    features, thresholds, left, right, values = _turned(nodes)
    return Trees(tuple(roots), features, thresholds, left, right, values)


def _append(nodes: list[tuple[int, float, int, int, float]], found: Mapping[str, Any]) -> int:
    """Add a node and all below it; its place."""
    place = len(nodes)
    if "leaf_value" in found:
        nodes.append((0, 0.0, place, place, found["leaf_value"]))
        return place
    nodes.append((0, 0.0, 0, 0, 0.0))  # its children are not known yet
    left = _append(nodes, found["left_child"])
    right = _append(nodes, found["right_child"])
    nodes[place] = found["split_feature"], found["threshold"], left, right, 0.0
    return place


def _turned(rows: Sequence[tuple[Any, ...]]) -> Iterable[tuple[Any, ...]]:
    return zip(*rows, strict=True) if rows else ((),) * 5
