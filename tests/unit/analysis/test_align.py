import numpy as np
import pytest
import scipy.linalg
import scipy.spatial

from innerview.analysis.layouts.align import neighbour_change, procrustes
from innerview.analysis.spaces.neighbours import Neighbours
from innerview.errors import DataError


def two_pictures(d=2, n=40):
    random = np.random.default_rng(3)
    return random.normal(size=(n, d)) * [3, 1, 0.5][:d] + 7, random.normal(size=(n, d)) - 2


@pytest.mark.parametrize("d", [2, 3])
def test_a_turned_mirrored_and_moved_picture_comes_back(d):
    onto, _ = two_pictures(d)
    turn = scipy.linalg.qr(np.random.default_rng(0).normal(size=(d, d)))[0]
    for sign in (1, -1):
        mirror = np.diag([sign] + [1] * (d - 1))
        np.testing.assert_allclose(procrustes(onto @ turn @ mirror - 5, onto), onto, atol=1e-5)


@pytest.mark.parametrize("d", [2, 3])
def test_the_turn_is_scipys(d):
    points, onto = two_pictures(d)
    turn, _ = scipy.linalg.orthogonal_procrustes(points - points.mean(0), onto - onto.mean(0))
    expected = (points - points.mean(0)) @ turn + onto.mean(0)
    np.testing.assert_allclose(procrustes(points, onto), expected, atol=1e-5)


def test_tiny_points_keep_their_shape_beside_a_centre_far_away():
    random = np.random.default_rng(0)
    points = (random.normal(size=(200, 2)) * 1e-9).astype(np.float32)  # an untrained network's
    moved = procrustes(points, random.normal(size=(200, 2)) + 0.2)
    before, after = scipy.spatial.distance.pdist(points.astype(np.float64)), scipy.spatial.distance.pdist(moved)
    np.testing.assert_allclose(after, before, rtol=1e-3)


def test_only_common_samples_decide_but_all_are_moved():
    onto, strangers = two_pictures()
    turn = np.array([[0.0, 1.0], [-1.0, 0.0]])
    points = np.concatenate([strangers[:5], onto[::-1] @ turn])
    moved = procrustes(points, onto, rows=np.arange(5, 15), onto_rows=np.arange(39, 29, -1))
    np.testing.assert_allclose(moved[5:], onto[::-1], atol=1e-5)
    # The strangers went along: their distances to the others are as before.
    np.testing.assert_allclose(
        scipy.spatial.distance.cdist(moved[:5], moved[5:]),
        scipy.spatial.distance.cdist(points[:5], points[5:]),
        atol=1e-4,
    )
    assert moved.dtype == np.float64


def test_points_that_are_all_the_same_are_only_moved():
    _, onto = two_pictures()
    moved = procrustes(np.full((40, 2), 9.0), onto)
    np.testing.assert_allclose(moved, np.tile(onto.mean(0), (40, 1)), rtol=1e-5)


def test_what_does_not_fit_is_refused():
    points, onto = two_pictures()
    with pytest.raises(DataError, match=r"\[40, 2\].*\[40, 1\]"):
        procrustes(points, onto[:, :1])
    with pytest.raises(DataError, match="40 samples of points for 30 of onto"):
        procrustes(points, onto[:30])
    with pytest.raises(DataError, match="0 samples"):
        procrustes(points, onto, rows=np.arange(0), onto_rows=np.arange(0))
    points[3, 0] = np.nan
    with pytest.raises(DataError, match="not finite"):
        procrustes(points, onto)
    procrustes(points, onto, rows=np.arange(5, 20), onto_rows=np.arange(5, 20))


def some_neighbours(n, k, seed):
    random = np.random.default_rng(seed)
    rows = [random.permutation(np.delete(np.arange(n), i))[:k] for i in range(n)]
    return Neighbours(np.array(rows), np.sort(random.random((n, k)).astype(np.float32), axis=1))


def test_neighbour_change_is_a_plain_loops(monkeypatch):
    monkeypatch.setattr("innerview.analysis.layouts.align._BLOCK", 7 * 7 * 9)  # in blocks of 9 samples
    before, after = some_neighbours(50, 12, 1), some_neighbours(50, 9, 2)
    expected = [1 - len(set(a[:7]) & set(b[:7])) / 7 for a, b in zip(before.indices, after.indices, strict=True)]
    change = neighbour_change(before, after, 7)
    np.testing.assert_allclose(change, expected, rtol=1e-6)
    assert change.dtype == np.float32
    assert 0 < change.min() < change.max()


def test_no_change_is_zero_and_order_does_not_matter():
    before = some_neighbours(20, 5, 1)
    after = Neighbours(before.indices[:, ::-1], before.distances)
    assert (neighbour_change(before, after, 5) == 0).all()


def test_neighbours_of_other_samples_or_too_few_are_refused():
    before = some_neighbours(20, 5, 1)
    with pytest.raises(DataError, match="20 samples before and of 19 after"):
        neighbour_change(before, some_neighbours(19, 5, 1), 5)
    with pytest.raises(DataError, match="k=6"):
        neighbour_change(before, before, 6)
