"""Exact nearest neighbours, against scikit-learn and differences in float64."""

import numpy as np
import pytest
import torch
from sklearn.neighbors import NearestNeighbors

from innerview.analysis.spaces import neighbours as module
from innerview.analysis.spaces.neighbours import Neighbours, finding_neighbours
from innerview.errors import DataError
from innerview.jobs.progress import finish


@pytest.fixture(params=["library", "own"], autouse=True)
def way(request, monkeypatch):
    """Who searches by products: scikit-learn, or ourselves, as for vectors that lie on an accelerator."""
    if request.param == "own":
        monkeypatch.setattr(module._Library, "of", lambda _: None)


def draw(count, size, seed=0):
    return np.random.default_rng(seed).standard_normal((count, size)).astype(np.float32)


def check(vectors, k, rtol=1e-5):
    """The distances are those of scikit-learn, and those of the indices, which are others and differ."""
    found = finish(finding_neighbours(vectors, k))
    held = np.asarray(vectors, np.float64)
    expected = NearestNeighbors(n_neighbors=k, algorithm="ball_tree").fit(held).kneighbors()[0]
    assert (found.indices.dtype, found.distances.dtype) == (np.int64, np.float32)
    assert found.indices.shape == found.distances.shape == (len(held), k)
    np.testing.assert_allclose(found.distances, expected, rtol=rtol)
    measured = np.linalg.norm(held[found.indices] - held[:, None], axis=2)
    np.testing.assert_allclose(found.distances, measured, rtol=rtol)
    assert (found.indices != np.arange(len(held))[:, None]).all()
    assert all(len(set(row)) == k for row in found.indices.tolist())
    return found


@pytest.mark.parametrize("k", [1, 7, 90])
@pytest.mark.parametrize("size", [1, 2, 8, 9, 100])
def test_as_scikit_learn(size, k):
    check(draw(700, size), k)


def test_every_other_vector_can_be_asked_for():
    assert sorted(check(draw(30, 2), 29).indices[4].tolist()) == [i for i in range(30) if i != 4]
    check(draw(30, 50), 29)
    assert finish(finding_neighbours(np.array([[0.0], [3.0]]), 1)).distances.tolist() == [[3], [3]]


@pytest.mark.parametrize("size", [2, 20])
def test_duplicates_are_neighbours_at_distance_zero(size):
    vectors = draw(300, size)
    vectors[50:100] = vectors[3]
    vectors[200] = vectors[201]
    found = check(vectors, 10)
    assert (found.distances[50:100] == 0).all()
    assert set(found.indices[60].tolist()) <= {3, *range(50, 100)}
    assert (found.indices[200, 0], found.distances[200, 0]) == (201, 0)


@pytest.mark.parametrize("size", [2, 20])
@pytest.mark.parametrize("value", [0.0, 1e6])
def test_all_equal(size, value):
    found = check(np.full((200, size), value, np.float32), 5)
    assert (found.distances == 0).all()


@pytest.mark.parametrize("size", [2, 40])
def test_near_duplicates_are_told_apart(size):
    # Pairs 1e-6 apart, some 1 from the rest: |x|^2 + |y|^2 - 2 x.y in float32 would leave nothing of it.
    vectors = np.repeat(draw(200, size).astype(np.float64), 2, axis=0)
    vectors[1::2, 0] += 1e-6
    found = check(vectors, 3)
    assert found.indices[:, 0].tolist() == [i ^ 1 for i in range(400)]


@pytest.mark.parametrize("size", [3, 60])
def test_tight_classes_far_apart(size):
    # What a well trained network makes of its data: the choice within a class must survive the rounding of a product.
    classes = np.random.default_rng(0).integers(0, 4, 600)
    vectors = 100 * draw(4, size, seed=1)[classes].astype(np.float64) + 1e-3 * draw(600, size)
    found = check(vectors, 12)
    assert (classes[found.indices] == classes[:, None]).all()


@pytest.mark.parametrize("size", [2, 30])
@pytest.mark.parametrize("factor", [1e-30, 1e30])
def test_scale_does_not_matter(size, factor):
    check((draw(200, size) * np.float32(factor)).astype(np.float32), 5)


@pytest.mark.parametrize("size", [2, 30])
def test_far_from_the_origin(size):
    check((draw(300, size) + np.float32(1e4)).astype(np.float32), 5)
    check(draw(300, size).astype(np.float64) + 1e8, 5)


def test_many_blocks_give_the_same(monkeypatch):
    vectors = draw(500, 33)
    whole = finish(finding_neighbours(vectors, 9))
    for name, value in {
        "_ROWS": 70,
        "_BUFFER_BYTES": 70 * 4 * 50,
        "_FLOPS": 70 * 2 * 33 * 23,
        "_LIBRARY_FLOPS": 70 * 2 * 33 * 500,
        "_GATHER_BYTES": 1,
    }.items():
        monkeypatch.setattr(module, name, value)
    parts = finish(finding_neighbours(vectors, 9))
    assert np.array_equal(parts.indices, whole.indices)
    np.testing.assert_allclose(parts.distances, whole.distances, rtol=1e-6)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64, torch.int32, torch.uint8])
@pytest.mark.parametrize("size", [4, 24])
def test_any_real_type(dtype, size):
    vectors = (10 * torch.from_numpy(np.abs(draw(150, size)))).to(dtype)
    check(vectors.double().numpy(), 6)
    found = finish(finding_neighbours(vectors, 6))
    np.testing.assert_allclose(found.distances, check(vectors.double().numpy(), 6).distances, rtol=1e-6)


def test_a_memory_mapped_file(tmp_path):
    vectors = draw(300, 40)
    np.save(tmp_path / "vectors.npy", vectors)
    found = finish(finding_neighbours(np.load(tmp_path / "vectors.npy", mmap_mode="r"), 4))
    assert np.array_equal(found.indices, finish(finding_neighbours(torch.from_numpy(vectors), 4)).indices)


def test_lower_precision_of_products_changes_nothing():
    vectors = draw(300, 40)
    expected = finish(finding_neighbours(vectors, 4))
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium")
    try:
        found = finish(finding_neighbours(vectors, 4))
    finally:
        torch.set_float32_matmul_precision(before)
    assert np.array_equal(found.indices, expected.indices)


@pytest.mark.parametrize("size", [2, 30])
def test_progress_goes_up_to_one(size):
    done = list(finding_neighbours(draw(2000, size), 5))
    assert all(0 <= each <= 1 for each in done)
    assert done == sorted(done)
    assert done[-1] > 0.9


def test_the_first_of_them():
    found = finish(finding_neighbours(draw(50, 3), 6))
    assert np.array_equal(found.first(2).indices, found.indices[:, :2])
    assert isinstance(found.first(6), Neighbours)
    for k in (0, 7):
        with pytest.raises(DataError, match=rf"k={k}.*6 neighbours.*1 to 6"):
            found.first(k)


@pytest.mark.parametrize(
    ("vectors", "k", "message"),
    [
        (np.zeros((5, 2)), 5, r"k=5 neighbours of 5 vectors.*1 to 4"),
        (np.zeros((5, 2)), 0, r"k=0.*1 to 4"),
        (np.zeros(5), 2, r"shape \(5,\).*two axes"),
        (np.zeros((5, 2, 2)), 2, r"shape \(5, 2, 2\).*two axes"),
        (np.zeros((5, 0)), 2, r"shape \(5, 0\).*one element"),
        (np.array([[0.0, 1], [np.nan, 2], [3, np.inf], [1, 1]]), 1, r"2 of 4 vectors hold NaN or infinite"),
        (torch.tensor([[0.0], [-torch.inf], [torch.inf]]), 1, r"2 of 3 vectors"),
        (np.zeros((5, 2), complex), 2, r"complex128.*real"),
        (np.full((5, 2), "a"), 2, r"real numbers"),
    ],
)
def test_bad_input_is_named(vectors, k, message):
    with pytest.raises(DataError, match=message):
        finish(finding_neighbours(vectors, k))
