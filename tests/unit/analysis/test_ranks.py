"""Ranks from coarse to fine, on curves known by a formula."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from innerview.analysis.projections.ranks import beside, between, keeping, powers_of_two, rising


def swept(curve, largest, tolerance, most):
    """As a sweep does it: all that is known decides where to look next."""
    ranks = powers_of_two(largest)
    while more := between(ranks, [curve(rank) for rank in ranks], tolerance, most - len(ranks)):
        assert not set(more) & set(ranks)
        ranks = sorted({*ranks, *more})
    return ranks


@pytest.mark.parametrize(
    ("largest", "expected"), [(1, [1]), (2, [1, 2]), (6, [1, 2, 4, 6]), (64, [1, 2, 4, 8, 16, 32, 64])]
)
def test_powers_of_two(largest, expected):
    assert powers_of_two(largest) == expected


@pytest.mark.parametrize("edge", [1, 2, 3, 37, 700, 701, 1024, 4095, 4096])
def test_a_jump_is_found_exactly(edge):
    ranks = swept(lambda rank: float(rank >= edge), 4096, 0.5, 99)
    assert edge in ranks
    assert edge == 1 or edge - 1 in ranks
    # By halving the gap: at most twelve more than the powers of two.
    assert len(ranks) <= 13 + 12


def test_a_smooth_rise_is_followed_closely():
    def logistic(rank):
        return 1 / (1 + math.exp(-6 * (math.log2(rank) - 7.3)))

    ranks = swept(logistic, 4096, 0.1, 99)
    values = [logistic(rank) for rank in ranks]
    assert max(np.diff(values)) <= 0.1
    everywhere = np.arange(1, 4097)
    seen = np.interp(np.log2(everywhere), np.log2(ranks), values)
    coarse = np.interp(np.log2(everywhere), np.arange(13), [logistic(2**power) for power in range(13)])
    true = np.array([logistic(rank) for rank in everywhere])
    assert np.abs(seen - true).max() < 0.02
    assert np.abs(coarse - true).max() > 0.1


def test_nothing_to_look_for():
    assert between([1, 2, 4, 8], [0.5, 0.5, 0.51, 0.5], 0.02, 9) == []
    assert between([1, 2, 3], [0.0, 0.5, 1.0], 0.02, 9) == []
    assert between([1, 4, 16], [math.nan, 0.0, math.nan], 0.02, 9) == []
    assert between([1, 4, 16], [0.0, 1.0, 0.0], 0.02, 0) == []


def test_the_largest_changes_go_first():
    assert between([1, 4, 16, 64], [0.0, 0.2, 0.8, 1.1], 0.02, 1) == [8]
    assert between([1, 4, 16, 64], [0.0, 0.2, 0.8, 1.1], 0.02, 2) == [8, 32]


@given(st.lists(st.tuples(st.floats(-1, 1), st.integers(1, 1000)), min_size=1, max_size=12))
def test_rising_is_the_greatest_of_the_least_means(points):
    """The max-min formula of isotonic regression, by plain loops."""
    values, weights = (np.array(column, float) for column in zip(*points, strict=True))
    count = len(points)

    def mean(start, stop):
        return np.average(values[start:stop], weights=weights[start:stop])

    expected = [
        max(min(mean(start, stop) for stop in range(place + 1, count + 1)) for start in range(place + 1))
        for place in range(count)
    ]
    np.testing.assert_allclose(rising(values, weights), expected, atol=1e-9)


def test_a_chance_loss_on_few_samples_does_not_move_the_rank_that_keeps():
    assert keeping([-0.4, -0.03, -0.004, 0.0], [32, 500, 500, 64], 0.01) == 2
    assert keeping([-0.4, -0.03, -0.004, -1 / 64], [32, 500, 500, 64], 0.01) == 2
    assert keeping([-0.4, -0.03, -0.004, -0.05], [32, 500, 500, 500], 0.01) is None
    assert keeping([0.0], [10], 0.0) == 0


def test_the_middle_below_the_rank_that_keeps():
    assert beside([1, 4, 16, 64], 2) == [8]
    assert beside([1, 4, 16, 64], 0) == beside([1, 4, 16, 64], None) == beside([3, 4], 1) == beside([60, 64], 1) == []
