"""What is varied, from texts; grids and draws."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convcost.errors import UsageError
from convcost.sweep.points import MOST_POINTS, drawn, grid
from convcost.sweep.vary import of_values, parse


@pytest.mark.parametrize(
    ("text", "name", "values"),
    [
        ("batch=1,8,32", "batch", (1, 8, 32)),
        ("batch=1..256", "batch", (1, 2, 4, 8, 16, 32, 64, 128, 256)),
        ("batch=3..20", "batch", (3, 6, 12, 20)),
        ("width=0.25..2", "width", (0.25, 0.5, 1.0, 2.0)),
        ("k=1..9:2", "k", (1, 3, 5, 7, 9)),
        ("k=1..8:2", "k", (1, 3, 5, 7)),
        ("k=0..1:0.25", "k", (0, 0.25, 0.5, 0.75, 1.0)),
        ("a.b*.padding = same, valid", "a.b*.padding", ("same", "valid")),
        ("batch=1,1,2", "batch", (1, 2)),
    ],
)
def test_values(text, name, values):
    found = parse(text)
    assert (found.name, found.values) == (name, values)


@pytest.mark.parametrize(
    "text",
    ["", "batch", "batch=", "=3", "batch=8..1", "batch=0..8", "k=1..5:0", "k=1..5:-1", "k=1;2",
     "k=1e9", "k=1..9999999:1", "k=__import__('os')", "k=1..", "k=1,,2"],
)  # fmt: skip
def test_what_varies_nothing(text):
    with pytest.raises(UsageError):
        parse(text)


def test_attributes_are_behind_the_last_dot():
    found = parse("features.0.kernel=3")
    assert (found.pattern, found.attribute) == ("features.0", "kernel")
    assert (parse("batch=3").pattern, parse("batch=3").attribute) == (None, "batch")


def test_values_from_python():
    assert of_values("batch", range(1, 4)).values == (1, 2, 3)
    with pytest.raises(UsageError, match="no values"):
        of_values("batch", [])


@given(st.lists(st.lists(st.integers(1, 99), min_size=1, max_size=4, unique=True), min_size=1,
                max_size=4))  # fmt: skip
def test_a_grid_has_every_combination_once(values):
    varies = [of_values(f"p{place}", each) for place, each in enumerate(values)]
    columns = grid(varies)
    rows = list(zip(*(column.tolist() for column in columns.values()), strict=True))
    assert len(set(rows)) == len(rows) == np.prod([len(each) for each in values])
    assert rows[0] == tuple(each[0] for each in values)
    assert rows[-1] == tuple(each[-1] for each in values)


def test_a_grid_that_is_too_large():
    varies = [parse(f"{name}=1..1000:1") for name in "abc"]
    with pytest.raises(UsageError, match="at most") as error:
        grid(varies)
    assert "--sample" in error.value.hint
    with pytest.raises(UsageError):
        drawn(varies, MOST_POINTS + 1)


def test_draws_are_logarithmic_and_the_same_every_time():
    varies = [parse("batch=1..1024"), parse("width=0.25..4"), parse("padding=same,valid")]
    found = drawn(varies, 4000, seed=3)
    again = drawn(varies, 4000, seed=3)
    assert all((found[name] == again[name]).all() for name in found)
    assert (drawn(varies, 4000)["batch"] != found["batch"]).any()
    assert found["batch"].min() >= 1
    assert found["batch"].max() <= 1024
    assert np.median(found["batch"]) == pytest.approx(32, rel=0.2)
    assert np.median(found["width"]) == pytest.approx(1, rel=0.2)
    assert set(found["padding"]) == {"same", "valid"}
