"""Whether a measured change is the predicted one: by the share saved, within a quarter of it."""

import json

import pytest

from convcost.explain import Ablation, Change, Without
from convcost.explain.ablation import agreement


@pytest.mark.parametrize(
    ("measured", "expected"),
    [
        (Change(-2.0, -2.1, -1.9, 10.0, 0.97), "as predicted"),
        (Change(-9.0, -9.1, -8.9, 37.5, 0.97), "as predicted"),  # the whole is off, not the share
        (Change(-2.0, -2.1, -1.9, 6.7, 0.97), "same direction"),  # seconds are right by accident
        (Change(-2.0, -2.1, -1.9, 13.3, 0.97), "same direction"),
        (Change(-2.0, -9.0, -0.1, 20.0, 0.97), "same direction"),  # a wide interval agrees not
        (Change(2.0, 1.9, 2.1, 10.0, 0.97), "opposite direction"),
        (Change(-2.0, -4.1, 0.1, 10.0, 0.97), "unsure"),
        (Change(-2.0, -2.1, -1.9, 10.0, 0.75), "unsure"),
        (Change(-2.2, -2.3, -2.1, None, 0.97), "as predicted"),  # no shares: by the seconds
        (Change(-4.0, -4.3, -3.1, None, 0.97), "same direction"),
        (None, None),
    ],
)
def test_agreement(measured, expected):
    what = Without(network=None, layers=(), subject="x", meaning="y")
    one = Ablation(name="x", network=0, without=what, predicted=Change(-2.0, whole=10.0),
                   measured=measured)  # fmt: skip
    assert one.agreement == expected
    document = one.to_dict("net")
    assert document.get("agreement") == expected
    assert json.loads(json.dumps(document)) == document
    assert ("measured" in document) == (measured is not None)


@pytest.mark.parametrize(
    ("share", "expected"), [(0.5, "as predicted"), (0.499, "same direction"), (1, "same direction")]
)
def test_a_quarter_of_the_measured_share_is_the_limit(share, expected):
    found = Change(-8 * share, -9.0, -1.0, 8.0, 0.97)
    assert agreement(Change(-5.0, whole=8.0), found) == expected  # 0.625


def test_the_share_left_would_agree_with_anything_small():
    """98 % left and 96 % left are near each other; 2 % saved and 4 % saved are not."""
    assert agreement(Change(-4.0, whole=100.0), Change(-2.0, -2.1, -1.9, 100.0, 0.97)) == (
        "same direction"
    )


@pytest.mark.parametrize(
    ("predicted", "measured", "expected"),
    [(-0.1, -0.02, True), (-0.05, 0.12, True), (-0.05, -0.09, False), (-0.05, None, False)],
)
def test_what_matters_takes_a_tenth_by_either(predicted, measured, expected):
    what = Without(network=None, layers=(), subject="x", meaning="y")
    changes = [None if x is None else Change(x, whole=1.0) for x in (predicted, measured)]
    one = Ablation(name="x", network=0, without=what, predicted=changes[0], measured=changes[1])
    assert one.matters == expected


def test_a_change_has_its_interval_as_shares():
    assert Change(-2.0, -3.0, 1.0, whole=10.0).shares == pytest.approx((-0.3, 0.1))
    assert Change(-2.0, -3.0, 1.0).shares is None
    assert Change(-2.0, whole=10.0).shares is None
