"""Intervals hold what they promise, on distributions whose median is known; verdicts by cause."""

import math
import random
import statistics as standard
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convcost.measure.statistics import (
    CONFIDENCE,
    ENOUGH,
    disturbed,
    interval,
    of_processes,
    verdict,
)


def alone(samples):
    """Each of a process of its own."""
    return [1] * len(samples)


TIMES = st.lists(st.floats(1e-6, 1e3), min_size=1, max_size=60)


@given(TIMES)
def test_the_interval_is_of_samples_and_holds_their_median(samples):
    found = interval(samples)
    assert found.low in samples
    assert found.high in samples
    assert found.low <= found.median <= found.high
    assert found.median == standard.median(samples)
    assert (found.confidence >= CONFIDENCE) == (len(samples) >= ENOUGH)


@given(TIMES, st.randoms())
def test_the_order_of_samples_does_not_matter(samples, order):
    mixed = list(samples)
    order.shuffle(mixed)
    assert interval(mixed) == interval(samples)


@pytest.mark.parametrize(
    ("number", "rank", "confidence"),
    [(6, 1, 0.96875), (10, 2, 0.978515625), (20, 6, 0.9586105346679688)],
)
def test_ranks_of_published_tables(number, rank, confidence):
    # Conover, Practical Nonparametric Statistics, table A3 at p = 1/2
    found = interval(range(number))
    assert found.low == rank - 1
    assert found.high == number - rank
    assert found.confidence == pytest.approx(confidence)


@pytest.mark.parametrize(
    ("draw", "median"),
    [
        (lambda r: r.expovariate(1), math.log(2)),
        (lambda r: r.lognormvariate(0, 1), 1.0),
        (lambda r: r.gauss(5, 2), 5.0),
        (lambda r: 1.0 + 0.01 * r.random() + 3 * (r.random() < 0.1), 1.0055555),
    ],
)
@pytest.mark.parametrize("number", [6, 7, 15, 40, 101])
def test_coverage_on_known_distributions(draw, median, number):
    chance = random.Random(2024)  # noqa: S311
    trials = 2000
    held = 0
    for _ in range(trials):
        found = interval([draw(chance) for _ in range(number)])
        held += found.low <= median <= found.high
    # four standard deviations of the simulation itself, on both sides of what was promised
    allowed = 4 * math.sqrt(found.confidence * (1 - found.confidence) / trials)
    assert abs(held / trials - found.confidence) < allowed
    assert found.confidence >= CONFIDENCE


def test_many_samples_are_no_number_out_of_range():
    found = interval([float(k) for k in range(2000)])
    assert 0.95 <= found.confidence < 0.96
    assert found.high - found.low < 200


def quiet(number=24):
    chance = random.Random(7)  # noqa: S311
    return [1 + 0.02 * chance.random() for _ in range(number)]


def test_quiet_samples_are_stable():
    found = verdict(quiet(), [4] * 6, [False] * 24)
    assert (found.name, found.reasons, found.advice) == ("stable", (), "")


@pytest.mark.parametrize(
    ("samples", "slow", "reason"),
    [
        (quiet(5), [False] * 5, "5 processes"),
        ([1.0, 1.5] * 12, [False] * 24, "spread over"),
        ([1.0, 1.3, 1.0, 1.3, 1.1, 1.2, 1.0], [False] * 7, "of the median wide"),
        (quiet(12) + [1.08 * x for x in quiet(12)], [False] * 24, "the later half took 8."),
        ([1.08 * x for x in quiet(12)] + quiet(12), [False] * 24, "the later half took 7."),
        (quiet(), [True] * 6 + [False] * 18, "25 % of the samples"),
    ],
)
def test_every_cause_is_told(samples, slow, reason):
    found = verdict(samples, alone(samples), slow)
    assert found.name == "noisy"
    assert any(reason in told for told in found.reasons), found.reasons
    assert found.advice


@pytest.mark.parametrize(
    ("samples", "slow"),
    [
        (quiet(12) + [1.03 * x for x in quiet(12)], [False] * 24),  # a trend of 3 %
        ([1.03 * x for x in quiet(12)] + quiet(12), [False] * 24),
        (quiet(10) * 2, [True] * 4 + [False] * 16),  # 20 % beside slow moments
    ],
)
def test_what_is_within_the_limits_is_stable(samples, slow):
    assert verdict(samples, alone(samples), slow).reasons == ()


@given(TIMES, st.integers(-8, 8))
def test_a_verdict_has_no_unit(samples, power):
    slow = [False] * len(samples)
    scaled = [2.0**power * sample for sample in samples]
    processes = alone(samples)
    assert verdict(samples, processes, slow).name == verdict(scaled, processes, slow).name


@given(st.lists(st.lists(st.floats(0.1, 10), min_size=1, max_size=9), min_size=6, max_size=9))
def test_the_interval_of_processes_is_that_of_their_medians(groups):
    samples = [sample for group in groups for sample in group]
    found = of_processes(samples, [len(group) for group in groups])
    assert found == interval([median(group) for group in groups])


def test_processes_that_differ_widen_the_interval_however_many_samples_they_give():
    groups = [[1.0 + 0.02 * number] * 100 for number in range(6)]
    found = of_processes([sample for group in groups for sample in group], [100] * 6)
    assert (found.low, found.high) == (1.0, 1.1)
    assert found.confidence == 1 - 2 / 2**6


def test_probes_are_compared_with_a_quiet_one():
    assert disturbed([]) == ()
    assert disturbed([1.0, 1.0, 1.1, 1.3, 1.0, 5.0]) == (False, False, False, True, False, True)
    # one that was quick by chance does not make the others slow
    assert not any(disturbed([0.7] + [1.0] * 7))
    # a machine that is slow all the time has no slow moments
    assert not any(disturbed([9.0] * 10))
