"""Trees as arrays, against walking down each tree by itself."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convcost.predict.trees import MOST_LEAVES, Trees, from_lightgbm

COLUMNS = 3
LEAF = st.builds(lambda v: {"leaf_value": v}, st.floats(-2, 2))


def split(children):
    return st.builds(
        lambda column, threshold, left, right: {
            "split_feature": column, "threshold": threshold, "left_child": left,
            "right_child": right,
        },
        st.integers(0, COLUMNS - 1), st.floats(-1, 1), children, children,
    )  # fmt: skip


TREES = st.lists(st.recursive(LEAF, split, max_leaves=9), max_size=5)
ROWS = st.lists(st.lists(st.floats(-2, 2), min_size=COLUMNS, max_size=COLUMNS), max_size=6)


def walk(node, row):
    while "leaf_value" not in node:
        left = row[node["split_feature"]] <= node["threshold"]
        node = node["left_child" if left else "right_child"]
    return node["leaf_value"]


@given(TREES, ROWS)
def test_the_sum_of_all_trees(trees, rows):
    found = from_lightgbm({"tree_info": [{"tree_structure": tree} for tree in trees]})
    expected = np.array([sum(walk(tree, row) for tree in trees) for row in rows])
    assert found(np.array(rows).reshape(-1, COLUMNS)) == pytest.approx(expected)


def chain(leaves):
    """A tree of that many leaves, each one step farther down."""
    tree = {"leaf_value": float(leaves)}
    for number in range(leaves - 1, 0, -1):
        tree = {"split_feature": 0, "threshold": number, "left_child": {"leaf_value": number},
                "right_child": tree}  # fmt: skip
    return {"tree_info": [{"tree_structure": tree}]}


def test_as_many_leaves_as_there_are_bits():
    rows = np.arange(0.5, MOST_LEAVES + 1)
    assert (from_lightgbm(chain(MOST_LEAVES))(rows[:, None]) == np.minimum(rows + 0.5, 32)).all()
    with pytest.raises(ValueError, match="more than 32 leaves"):
        from_lightgbm(chain(MOST_LEAVES + 1))


def test_nodes_with_two_parents_do_not_grow_without_end():
    """Sixty nodes, both children of each the next one: 2^60 ways down."""
    left = (*range(1, 61), 60)
    zeros = (0,) * 61
    with pytest.raises(ValueError, match="more than 32 leaves"):
        Trees((0,), zeros, zeros, left, left, zeros)


def test_not_a_number_goes_right():
    assert from_lightgbm(chain(2))(np.array([[np.nan]])) == 2


def test_more_rows_than_go_at_once():
    tree = {"split_feature": 0, "threshold": 0.5, "left_child": {"leaf_value": 1.0},
            "right_child": {"leaf_value": 2.0}}  # fmt: skip
    found = from_lightgbm({"tree_info": [{"tree_structure": tree}]})
    rows = np.linspace(0, 1, 5001)[:, None]
    assert (found(rows) == np.where(rows[:, 0] <= 0.5, 1.0, 2.0)).all()


def test_no_trees_add_nothing():
    assert (Trees((), (), (), (), (), ())(np.ones((4, 2))) == 0).all()
