"""Boosted regression trees as plain arrays: what calibration learned, without what learned it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

#: Leaves that a tree has at most: a bit each.
MOST_LEAVES = 32
#: Rows that are looked at together: what they need stays in the caches.
_ROWS = 512
#: A product whose five highest bits tell powers of two apart (Leiserson, Prokop and Randall, "Using
#: de Bruijn Sequences to Index a 1 in a Computer Word").
_DE_BRUIJN = 0x077CB531


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

    Raises:
        ValueError: the nodes make no trees, or a tree has too many leaves.
    """

    roots: tuple[int, ...]
    features: tuple[int, ...]
    thresholds: tuple[float, ...]
    left: tuple[int, ...]
    right: tuple[int, ...]
    values: tuple[float, ...]

    def __post_init__(self) -> None:
        number = len(self.left)
        lengths = {len(x) for x in (self.features, self.thresholds, self.right, self.values)}
        onward = all(
            left == right == node or min(left, right) > node
            for node, (left, right) in enumerate(zip(self.left, self.right, strict=False))
        )
        inside = all(0 <= x < number for x in (*self.roots, *self.left, *self.right))
        if not (lengths == {number} and onward and inside):
            raise ValueError("the nodes make no trees")
        if any(len(leaves) > MOST_LEAVES for leaves, _ in self._walks):
            raise ValueError(f"a tree has more than {MOST_LEAVES} leaves")

    def __call__(self, columns: Any) -> Any:
        """The sum of the trees for every row.

        No tree is walked down. Each threshold that a row lies above rules out the leaves to the
        left of the nodes that have it; the first leaf that is left is the row's (QuickScorer,
        Lucchese et al., SIGIR 2015).

        Args:
            columns: array (rows, columns).
        """
        import numpy as np

        found = np.zeros(len(columns))
        if not self.roots:
            return found
        values, powers = self._leaves
        for start in range(0, len(columns), _ROWS):
            part = columns[start : start + _ROWS]
            left = np.full((len(part), len(self.roots)), -1, np.int32).view(np.uint32)
            for feature, thresholds, masks in self._tests:
                left &= masks[np.searchsorted(thresholds, part[:, feature])]
            first = left & (~left + np.uint32(1))
            place = powers[(first * np.uint32(_DE_BRUIJN)) >> np.uint32(27)]
            found[start : start + _ROWS] = values[np.arange(len(values)), place].sum(axis=1)
        return found

    @cached_property
    def _leaves(self) -> tuple[Any, Any]:
        """What leaves add, array (trees, leaves), and the powers of two by their products."""
        import numpy as np

        values = np.zeros((len(self.roots), MOST_LEAVES))
        for tree, (leaves, _) in enumerate(self._walks):
            values[tree, : len(leaves)] = [self.values[leaf] for leaf in leaves]
        powers = np.empty(MOST_LEAVES, np.intp)
        for power in range(MOST_LEAVES):
            powers[(_DE_BRUIJN << power & 0xFFFFFFFF) >> 27] = power
        return values, powers

    @cached_property
    def _tests(self) -> list[tuple[int, Any, Any]]:
        """Columns with their thresholds in order, and what leaves each tree keeps above them.

        The masks are arrays (thresholds + 1, trees): the first for a row above none of them.
        """
        import numpy as np

        nodes: dict[int, list[tuple[float, int, int]]] = {}
        for tree, (_, ruled_out) in enumerate(self._walks):
            for node, mask in ruled_out.items():
                of = self.thresholds[node], tree, mask
                nodes.setdefault(self.features[node], []).append(of)
        found = []
        for feature, tests in sorted(nodes.items()):
            thresholds = np.unique([threshold for threshold, _, _ in tests])
            masks = np.full((len(thresholds) + 1, len(self.roots)), 0xFFFFFFFF, np.uint32)
            places = np.searchsorted(thresholds, [threshold for threshold, _, _ in tests]) + 1
            for place, (_, tree, mask) in zip(places, tests, strict=True):
                masks[place, tree] &= ~np.uint32(mask)
            found.append((feature, thresholds, np.bitwise_and.accumulate(masks)))
        return found

    @cached_property
    def _walks(self) -> list[tuple[list[int], dict[int, int]]]:
        """Of each tree: leaves from left to right, and bits of those left of each inner node."""
        return [self._walk(root) for root in self.roots]

    def _walk(self, root: int) -> tuple[list[int], dict[int, int]]:
        leaves: list[int] = []
        to_the_left: dict[int, int] = {}
        # nodes to go down to; inner ones come again when all to their left has been seen
        open_: list[tuple[int, int | None]] = [(root, None)]
        # nodes that have several parents would lead to any number of leaves
        while open_ and len(leaves) <= MOST_LEAVES:
            node, first = open_.pop()
            if first is not None:
                to_the_left[node] = (1 << len(leaves)) - (1 << first)
            elif self.left[node] == node:
                leaves.append(node)
            else:
                open_ += [(self.right[node], None), (node, len(leaves)), (self.left[node], None)]
        return leaves, to_the_left


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
