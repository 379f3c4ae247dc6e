"""Statistics of activations agree with NumPy on the same tensors, and merging is associative."""

import math

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from innerview.analysis.statistics.accumulators import (
    BINS,
    COLUMNS,
    EDGES,
    NEAR_ZERO,
    SAMPLE,
    Statistics,
    empty,
    merge,
    summarise,
    summarise_gradient,
    unpack,
    with_gradient,
)
from innerview.analysis.statistics.spread import in_runs

GENERATOR = torch.Generator().manual_seed(0)


def randn(*shape):
    return torch.randn(*shape, generator=GENERATOR)


def look(values, axis=1, saturates=""):
    return unpack(summarise(values, axis, saturates).numpy())


def scalars(statistics):
    return dict(zip(COLUMNS, statistics.scalars, strict=True))


def by_numpy(values, axis):
    """Moments and range of the finite values: of all, and of each channel."""
    array = values.detach().double().numpy()
    rows = np.moveaxis(array, axis, 0).reshape(array.shape[axis], -1) if axis < array.ndim else array.reshape(1, -1)
    channels = []
    for row in [*rows, rows.ravel()]:
        kept = row[np.isfinite(row)]
        some = len(kept) > 0
        channels.append(
            (
                len(kept),
                kept.mean() if some else 0,
                kept.std() if some else 0,
                kept.min() if some else np.inf,
                kept.max() if some else -np.inf,
            )
        )
    return np.array(channels[:-1]).T, channels[-1], int((~np.isfinite(array)).sum())


def bins_by_search(values):
    """Counts by binary search of the size in the edges, a value on an edge going outwards."""
    size = np.searchsorted(EDGES[BINS // 2 + 1 :], np.abs(values), "right")
    return np.bincount(BINS // 2 + np.where(np.signbit(values), -size, size).astype(int), minlength=BINS)


def with_bad_values(values):
    values = values.clone()
    flat = values.view(-1)
    flat[3], flat[17], flat[-1] = torch.nan, torch.inf, -torch.inf
    return values


CASES = {
    "maps": (randn(4, 6, 8, 8) * 3 + 1, 1),
    "small maps": (randn(5, 6, 2, 2), 1),
    "vectors": (randn(64, 10), 1),
    "tokens": (randn(3, 7, 12), 2),
    "channels last in memory": (randn(4, 6, 8, 8).to(memory_format=torch.channels_last), 1),
    "a view": (randn(4, 12, 8, 8)[:, ::2, 1:], 1),
    "numbers": (randn(30), 1),
    "a number": (torch.tensor(2.5), 1),
    "empty": (torch.zeros(0, 3), 1),
    "float64": (randn(4, 3, 5, 5).double(), 1),
    "large mean": (randn(4, 6, 8, 8) * 1e-3 + torch.arange(6.0)[None, :, None, None] * 10, 1),
    "constant": (torch.full((4, 3, 5, 5), 0.1), 1),
    "bad values": (with_bad_values(randn(4, 6, 8, 8)), 1),
    "bad small maps": (with_bad_values(randn(5, 6, 2, 2)), 1),
    "only bad values": (torch.full((2, 3, 4), torch.nan), 1),
    "large values": (randn(2, 3, 20) * 1e30, 1),
    "integers": (torch.arange(24).reshape(2, 3, 4), 1),
    "booleans": (torch.arange(24).reshape(2, 3, 4) % 3 == 0, 1),
}


@pytest.mark.parametrize("case", CASES)
def test_as_numpy(case):
    values, axis = CASES[case]
    channels, (count, mean, std, low, high), nonfinite = by_numpy(values, axis)
    found = look(values, axis)
    got = scalars(found)
    assert (got["count"], got["nonfinite"]) == (values.numel(), nonfinite)
    size = max(abs(low), abs(high)) if count else 1
    np.testing.assert_allclose(got["mean"], mean, rtol=1e-5, atol=1e-6 * size)
    np.testing.assert_allclose(np.sqrt(got["squares"] / max(count, 1)), std, rtol=1e-4, atol=1e-7 * size)
    assert (got["low"], got["high"]) == (low, high)
    assert found.channels.dtype == np.float32
    np.testing.assert_array_equal(found.channels[[0, 3, 4]], channels[[0, 3, 4]].astype(np.float32))
    np.testing.assert_allclose(found.channels[1], channels[1], rtol=1e-5, atol=1e-6 * size)
    np.testing.assert_allclose(found.channels[2], channels[2], rtol=1e-4, atol=1e-7 * size)
    # All values are in the sample of a tensor this small.
    flat = values.float().numpy().ravel()
    assert got["sampled"] == len(flat)
    assert got["zeros"] == (flat == 0).sum()
    assert got["near_zeros"] == (np.abs(flat) <= NEAR_ZERO).sum()
    np.testing.assert_array_equal(found.histogram, bins_by_search(flat[np.isfinite(flat)]))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_computed_with_in_single(dtype):
    # Their sum of squares is beyond the range of float16.
    values = (randn(8, 4, 16, 16) * 300 + 500).to(dtype)
    found, exact = scalars(look(values)), scalars(look(values.double()))
    np.testing.assert_allclose(list(found.values()), list(exact.values()), rtol=1e-4)


def test_edges_are_mirrored_and_reach_to_infinity():
    np.testing.assert_array_equal(EDGES, -EDGES[::-1])
    assert (np.diff(EDGES) > 0).all()
    assert (EDGES[0], len(EDGES)) == (-np.inf, BINS + 1)
    extremes = look(torch.tensor([3e38, -3e38, 1e-30, -1e-30, 0.0, -0.0])).histogram
    assert (extremes[0], extremes[BINS // 2], extremes[-1], extremes.sum()) == (1, 4, 1, 6)


@given(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), max_size=50))
@settings(deadline=None, max_examples=50)
def test_every_finite_value_is_in_its_bin(values):
    array = np.array([*values, *EDGES[1:-1]], np.float32)
    np.testing.assert_array_equal(look(torch.from_numpy(array)).histogram, bins_by_search(array))


def test_the_sample_of_a_large_tensor_is_spread_over_every_axis():
    values = torch.zeros(64, 16, 32, 32)
    values[:, :, :, 0] = 1
    values[:32] *= 2
    values[:, 0] *= 4
    found = look(values)
    assert SAMPLE / 2 < scalars(found)["sampled"] <= SAMPLE * 1.01
    ones = found.histogram.sum() - scalars(found)["zeros"]
    assert abs(ones / scalars(found)["sampled"] - 1 / 32) < 0.003
    fours = np.searchsorted(EDGES, [4, 8], "right") - 1
    assert abs(found.histogram[fours].sum() / ones - 1 / 16) < 0.02


def test_saturation():
    x = torch.tensor([-9.0, -4.0, 0.0, 4.0, 9.0, 1.0])[:, None]
    for name, function in (("sigmoid", torch.sigmoid), ("tanh", torch.tanh)):
        x.grad = None
        values = function(x.requires_grad_())
        values.sum().backward()
        flat = x.grad < 0.05 * (0.25 if name == "sigmoid" else 1)
        got = scalars(look(values, saturates=name))
        assert (got["saturated"], got["saturable"]) == (flat.sum().item(), 6)
    # Four distributions, one of them one-sided.
    rows = torch.softmax(torch.tensor([[9.0, 0, 0], [1, 1, 1], [2, 0, 0], [0, 1, 2]]), 1)
    got = scalars(look(rows, saturates="softmax"))
    assert got["saturated"] / got["saturable"] == pytest.approx(1 / 4, abs=0.001)


def test_a_gradient():
    values = randn(3, 4, 5) * 1e-4 + 1e-5
    np.testing.assert_allclose(
        summarise_gradient(values), [60, 0, values.mean(), values.var(correction=0) * 60], rtol=1e-5
    )
    bad = with_bad_values(values)
    finite = bad[torch.isfinite(bad)]
    np.testing.assert_allclose(
        summarise_gradient(bad), [60, 3, finite.mean(), finite.var(correction=0) * 57], rtol=1e-5
    )


def test_a_part_of_a_gradient_stands_for_all_of_it():
    """Of samples, channels and places alike; most samples have hardly any gradient, as when a model is sure of them."""
    sure = torch.tensor([1e-3, 1, 1e-4, 1e-3, 0.3, 1e-4, 1e-3, 1e-3])
    for shape in ((8, 16, 32, 32), (8, 64, 17, 3), (8, 4096)):
        values = randn(*shape) * sure.reshape(8, *[1] * (len(shape) - 1)) + 0.01
        count, lost, mean, squares = summarise_gradient(in_runs(values, 8000)).tolist()
        assert 4000 < count <= 8200
        assert lost == 0
        assert mean == pytest.approx(values.mean().item(), abs=0.02)
        assert math.sqrt(squares / count) == pytest.approx(values.std().item(), rel=0.1)
    assert summarise_gradient(in_runs(torch.full((100, 100), torch.nan), 500))[1] > 400
    for few in (values[:1, :40], values.to(torch.complex64)[:, :3]):
        assert torch.equal(in_runs(few, 10**6), few.flatten())
    assert summarise_gradient(in_runs(values.to(torch.complex64), 500))[0] > 500  # both parts of each


def same(one, other):
    for mine, theirs in zip(one, other, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=1e-9)


lots = st.lists(
    st.lists(
        st.floats(width=32, min_value=-1e4, max_value=1e4) | st.sampled_from([np.nan, np.inf, -np.inf, 0.0]),
        min_size=3,
        max_size=12,
    ).map(lambda values: values[: len(values) // 3 * 3]),
    min_size=3,
    max_size=3,
)


@given(lots)
@example([[0.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 2.18e-37, 0.0]])  # its square is zero in float32
@settings(deadline=None, max_examples=100)
def test_merging_is_associative_and_as_one_look_at_all(values):
    tensors = [torch.tensor(lot).reshape(-1, 3) for lot in values]
    a, b, c = (with_gradient(look(t), summarise_gradient(t).numpy()) for t in tensors)
    whole = torch.cat(tensors)
    expected = with_gradient(look(whole), summarise_gradient(whole).numpy())
    size = float(torch.where(torch.isfinite(whole), whole, 0).abs().max())
    for merged in (merge(merge(a, b), c), merge(a, merge(b, c)), merge(merge(c, a), b)):
        for mine, theirs in zip(merged, expected, strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-6 * max(size, size**2, 1e-3))
    same(merge(a, empty(channels=3)), a)
    same(merge(empty(channels=3), a), a)


def test_no_channels():
    assert look(torch.zeros(3, 0)).channels.shape == (5, 0)


def test_merging_many_at_once_is_merging_each():
    pairs = [(look(randn(4, 3)), look(randn(2, 3) + 5)) for _ in range(4)]
    one, other = (Statistics(*map(np.stack, zip(*side, strict=True))) for side in zip(*pairs, strict=True))
    together = merge(one, other)
    for number, pair in enumerate(pairs):
        same(merge(*pair), Statistics(*(array[number] for array in together)))
