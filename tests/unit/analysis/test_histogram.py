"""Histograms of one channel's values."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from innerview.analysis.pictures.tiles import histogram

HUGE = float(np.finfo(np.float32).max)


@settings(deadline=None, max_examples=200)
@given(
    hnp.arrays(np.float32, hnp.array_shapes(max_dims=2, max_side=20), elements=st.floats(width=32)),
    st.integers(1, 70),
)
def test_every_finite_value_is_in_its_bin(values, bins):
    edges, counts = histogram(values, bins)
    finite = [float(value) for value in values.ravel() if math.isfinite(value)]
    assert (edges.dtype, edges.shape) == (np.float32, (bins + 1,))
    assert (counts.dtype, counts.shape) == (np.uint32, (bins,))
    assert counts.sum() == len(finite)
    assert (np.diff(edges.astype(np.float64)) >= 0).all()
    if not finite or min(finite) == max(finite):
        return
    assert edges[0] == np.float32(min(finite))
    assert edges[-1] == np.float32(max(finite))
    low, high = min(finite), max(finite)
    expected = [0] * bins
    for value in finite:
        expected[min(bins - 1, int((value - low) / (high - low) * bins))] += 1
    # A value on an edge may be counted on either side of it.
    below = np.cumsum(counts.astype(int)) - np.cumsum(expected)
    on_edge = [
        sum(math.isclose((value - low) / (high - low) * bins, i, abs_tol=1e-6) for value in finite)
        for i in range(1, bins + 1)
    ]
    assert (np.abs(below) <= on_edge).all()


@pytest.mark.parametrize("bins", [1, 10, 64])
def test_as_numpy_counts(bins):
    values = np.random.default_rng(0).standard_normal((56, 56), np.float32)
    edges, counts = histogram(values, bins)
    expected, expected_edges = np.histogram(values.astype(np.float64), bins)
    assert np.array_equal(counts, expected)
    assert np.array_equal(edges, expected_edges.astype(np.float32))


@pytest.mark.parametrize("value", [0.0, 3.0, -1e-45, 1e30, HUGE, -HUGE])
def test_equal_values_fall_into_the_middle(value):
    edges, counts = histogram(np.full((3, 4), value, np.float32), 5)
    assert counts.tolist() == [0, 0, 12, 0, 0]
    assert np.isfinite(edges).all()
    assert edges[0] <= np.float32(value) <= edges[-1]


def test_nothing_finite():
    edges, counts = histogram(np.array([math.nan, math.inf, -math.inf], np.float32), 4)
    assert edges.tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert counts.tolist() == [0, 0, 0, 0]
    assert histogram(np.empty((0, 5), np.float32))[1].sum() == 0
