"""The visiting order: any beginning of it stands for all samples, and the interval of a share holds as it says."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from innerview.analysis.statistics.proportions import wilson_interval
from innerview.data.order import visiting_order


@given(
    sizes=st.lists(st.integers(0, 40), min_size=1, max_size=8),
    unlabelled=st.integers(0, 10),
    seed=st.integers(0, 1000),
    share=st.floats(0, 1),
)
@settings(max_examples=200, deadline=None)
def test_every_beginning_holds_the_classes_in_proportion(sizes, unlabelled, seed, share):
    labels = np.concatenate([np.repeat(np.arange(len(sizes)), sizes), np.full(unlabelled, -100)])
    order = visiting_order(len(labels), labels, seed)
    assert sorted(order) == list(range(len(labels)))
    cut = int(share * len(labels))
    found = np.bincount(np.maximum(labels[order[:cut]], -1) + 1, minlength=len(sizes) + 1)
    # Each class is at most one sample away from its part of where the cut falls; the cut itself moves by their number.
    expected = cut * np.array([unlabelled, *sizes]) / max(len(labels), 1)
    assert np.abs(found - expected).max() <= 1 + (len(sizes) + 1) / 2


def test_the_order_is_that_of_its_seed():
    labels = np.arange(100) % 7
    assert (visiting_order(100, labels, 3) == visiting_order(100, labels, 3)).all()
    assert (visiting_order(100, labels, 3) != visiting_order(100, labels, 4)).any()
    assert sorted(visiting_order(100, None, 3)) == list(range(100))


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("done", [20, 186, 700])
def test_the_interval_over_a_part_covers_the_whole(known, done):
    """Sorted by class, some classes much harder than others, as in the field: over 200 orders."""
    random = np.random.default_rng(0)
    labels = np.repeat(np.arange(10), 200)
    right = random.random(2000) < np.linspace(0.05, 0.95, 10)[labels]
    covered = 0
    for seed in range(200):
        part = visiting_order(2000, labels if known else None, seed)[:done]
        low, high = wilson_interval(int(right[part].sum()), done)
        covered += low <= right.mean() <= high
    assert covered >= 0.93 * 200
