"""Trees as arrays, against walking down each tree by itself."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convcost.predict.trees import Trees, from_lightgbm

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
    expected = [sum(walk(tree, row) for tree in trees) for row in rows]
    assert found(np.array(rows).reshape(-1, COLUMNS)) == pytest.approx(expected)


def test_more_rows_than_go_at_once():
    tree = {"split_feature": 0, "threshold": 0.5, "left_child": {"leaf_value": 1.0},
            "right_child": {"leaf_value": 2.0}}  # fmt: skip
    found = from_lightgbm({"tree_info": [{"tree_structure": tree}]})
    rows = np.linspace(0, 1, 5001)[:, None]
    assert (found(rows) == np.where(rows[:, 0] <= 0.5, 1.0, 2.0)).all()


def test_no_trees_add_nothing():
    assert (Trees((), (), (), (), (), ())(np.ones((4, 2))) == 0).all()
