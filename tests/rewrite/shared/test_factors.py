"""Kernels as products of two: against NumPy's SVD and literal sums."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convcost.errors import NetworkError
from convcost.rewrite.shared.factors import pointwise, spatial, truncated

SIDES = st.integers(1, 12)


@given(SIDES, SIDES, st.integers(1, 15), st.integers(1, 12), st.integers(0, 999))
def test_no_matrix_of_the_rank_is_nearer(
    rows: int, columns: int, rank: int, inner: int, seed: int
) -> None:
    state = np.random.default_rng(seed)
    matrix = state.standard_normal((rows, inner)) @ state.standard_normal((inner, columns))
    left, right = truncated(matrix, rank)
    assert (left.shape, right.shape) == ((rows, rank), (rank, columns))
    left_out = np.linalg.svd(matrix, compute_uv=False)[rank:]
    scale = np.linalg.norm(matrix)
    error = np.linalg.norm(matrix - left @ right)
    assert error == pytest.approx(np.linalg.norm(left_out), abs=1e-7 * scale, rel=1e-6)


def test_all_vectors_give_the_matrix_back() -> None:
    matrix = np.random.default_rng(0).standard_normal((40, 30))
    left, right = truncated(matrix, 30)
    assert np.abs(left @ right - matrix).max() < 1e-13 * np.abs(matrix).max() * 40


def test_singular_values_are_divided_among_both() -> None:
    matrix = np.random.default_rng(1).standard_normal((9, 6))
    left, right = truncated(matrix, 4)
    wanted = np.sqrt(np.linalg.svd(matrix, compute_uv=False)[:4])
    assert np.linalg.norm(left, axis=0) == pytest.approx(wanted)
    assert np.linalg.norm(right, axis=1) == pytest.approx(wanted)


def test_a_matrix_of_zeros_stays_one() -> None:
    left, right = truncated(np.zeros((3, 4)), 2)
    assert not (left @ right).any()


def test_numbers_that_are_not_finite_are_refused() -> None:
    with pytest.raises(NetworkError, match="not finite"):
        truncated(np.array([[1.0, np.nan], [0.0, 1.0]]), 1)


@settings(deadline=None)
@given(
    st.lists(st.integers(1, 4), min_size=2, max_size=3), st.integers(1, 3), st.integers(1, 3),
    st.integers(0, 2), st.integers(0, 99),
)  # fmt: skip
def test_both_spatial_kernels_give_every_tap_back(
    taps: list[int], channels: int, filters: int, axis: int, seed: int
) -> None:
    axis %= len(taps)
    kernel = np.random.default_rng(seed).standard_normal((*taps, channels, filters))
    rank = min(taps[axis] * channels, kernel.size // (taps[axis] * channels))
    first, second = spatial(kernel, axis, rank)
    ones = [1] * len(taps)
    assert first.shape == (*[*ones[:axis], taps[axis], *ones[axis + 1 :]], channels, rank)
    assert second.shape == (*[*taps[:axis], 1, *taps[axis + 1 :]], rank, filters)
    for tap in itertools.product(*map(range, taps)):
        along = tuple(place if i == axis else 0 for i, place in enumerate(tap))
        across = tuple(0 if i == axis else place for i, place in enumerate(tap))
        for channel, filter_ in itertools.product(range(channels), range(filters)):
            total = sum(first[(*along, channel, r)] * second[(*across, r, filter_)]
                        for r in range(rank))  # fmt: skip
            assert total == pytest.approx(kernel[(*tap, channel, filter_)], abs=1e-9)


@pytest.mark.parametrize("shape", [(3, 3, 4, 5), (5, 2, 20), (1, 1, 6, 6), (7, 4), (2, 3, 2, 2, 9)])
def test_both_pointwise_kernels_give_the_kernel_back(shape: tuple[int, ...]) -> None:
    kernel = np.random.default_rng(3).standard_normal(shape)
    rank = min(kernel.size // shape[-1], shape[-1])
    first, second = pointwise(kernel, rank)
    assert first.shape == (*shape[:-1], rank)
    assert second.shape == (*[1] * (len(shape) - 2), rank, shape[-1])
    assert np.einsum("...r,rf->...f", first, second.reshape(rank, -1)) == pytest.approx(kernel)
