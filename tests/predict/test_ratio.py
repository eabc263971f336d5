"""The range of a ratio of predicted times, against errors that are drawn."""

import numpy as np
import pytest

from convcost.predict.estimate import Estimate, interval
from convcost.predict.profile import in_common
from convcost.predict.ratio import ratio

SPREAD = 0.1


def estimate(value, common):
    return Estimate(value, *interval(value, SPREAD), common)


@pytest.mark.parametrize("common", [0.0, 0.4, 0.8])
def test_the_range_is_that_of_errors_that_parts_have_in_common(common):
    """Nearly all of b is in a as well: its errors go with those of what only a has."""
    state = np.random.default_rng(0)
    shared, of_a, of_b = 1.0, 0.4, 0.001
    joint = state.normal(0, SPREAD * np.sqrt(common), 200_000)
    own = state.normal(0, SPREAD * np.sqrt(1 - common), (3, 200_000))
    kept, of_first, of_second = (
        seconds * np.exp(joint + each)
        for seconds, each in zip((shared, of_a, of_b), own, strict=True)
    )
    low, high = np.quantile((kept + of_first) / (kept + of_second), [0.05, 0.95])
    found = ratio(estimate(shared + of_a, common), estimate(shared + of_b, common), shared)
    assert found.low == pytest.approx(low, rel=0.01)
    assert found.high == pytest.approx(high, rel=0.01)


def test_networks_without_a_layer_in_common_are_off_independently():
    state = np.random.default_rng(0)
    first, second = np.exp(state.normal(0, SPREAD, (2, 200_000)))
    low, high = np.quantile(first / second, [0.05, 0.95])
    found = ratio(estimate(1.0, 0.7), estimate(1.0, 0.7), 0.0)
    assert (found.low, found.high) == pytest.approx((low, high), rel=0.01)


def test_what_halves_have_in_common_is_found_again():
    state = np.random.default_rng(0)
    joint, own = state.normal(0, 0.8, 2000), state.normal(0, 0.6, (2, 2000))
    halves = list(zip(joint + own[0], joint + own[1], strict=True))
    assert in_common(halves) == pytest.approx(0.64, abs=0.05)
    assert in_common(list(zip(*own, strict=True))) < 0.1
    assert in_common([]) == 0.0
