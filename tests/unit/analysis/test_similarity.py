"""Cosine histograms against scikit-learn and a plain loop."""

import math
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score
from sklearn.metrics.pairwise import cosine_similarity

from innerview.analysis.spaces import similarity
from innerview.analysis.spaces.similarity import CosineHistogram, cosine_histogram, measuring_similarity
from innerview.errors import DataError
from innerview.jobs.progress import finish


def classes(count, width, kinds, *, apart=1.0, seed=0):
    """Vectors around one centre a class, in no order, and their labels."""
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, kinds, count)
    centres = generator.standard_normal((kinds, width)) * apart
    return (centres[labels] + generator.standard_normal((count, width))).astype(np.float32), labels


def pairs_of(vectors, labels, reference=None):
    """Cosine and kinship of each pair, by scikit-learn in float64."""
    cosines = cosine_similarity(vectors.astype(np.float64))
    if reference is None:
        i, j = np.triu_indices(len(vectors), 1)
    else:
        j = np.delete(np.arange(len(vectors)), reference)
        i = np.full(len(j), reference)
    return cosines[i, j], labels[i] == labels[j]


def assert_counts(found, values, edges):
    """As numpy counts them; a value within float32 rounding of an edge may be on either side of it."""
    expected = np.histogram(np.clip(values, -1, 1), edges)[0]
    near = [int((np.abs(values - edge) < 1e-6).sum()) for edge in edges[1:-1]]
    assert found.sum() == len(values)
    assert (np.abs(np.cumsum(found - expected)[:-1]) <= near).all()


@pytest.mark.parametrize("reference", [None, 0, 41, 299])
@pytest.mark.parametrize("bins", [1, 7, 200])
def test_every_pair_is_counted_once_in_its_bin(reference, bins):
    vectors, labels = classes(300, 20, 6)
    result = cosine_histogram(vectors, labels, reference, bins)
    cosines, alike = pairs_of(vectors, labels, reference)
    assert result.edges == pytest.approx(np.linspace(-1, 1, bins + 1))
    assert (result.same.dtype, result.other.dtype) == (np.int64, np.int64)
    assert_counts(result.same, cosines[alike], result.edges)
    assert_counts(result.other, cosines[~alike], result.edges)
    assert result.pairs == len(cosines)
    assert (result.reference, result.excluded, result.sampled, result.note) == (reference, 0, False, "")


@pytest.mark.parametrize(("count", "kinds"), [(700, 1), (700, 2), (700, 40), (700, 300), (129, 3)])
def test_the_seams_between_blocks_lose_no_pair_and_count_none_twice(monkeypatch, count, kinds):
    # Small blocks, so that labels run across several and several labels meet in one.
    monkeypatch.setattr(similarity, "_ROWS", 128)
    monkeypatch.setattr(similarity, "_BLOCK", 128 * 48)
    monkeypatch.setattr(similarity, "_PART", 50 * 8)
    vectors, labels = classes(count, 8, kinds)
    result = cosine_histogram(vectors, labels, bins=50)
    cosines, alike = pairs_of(vectors, labels)
    assert_counts(result.same, cosines[alike], result.edges)
    assert_counts(result.other, cosines[~alike], result.edges)


@pytest.mark.parametrize("width", [1, 100, 4096, 10**6, 10**8])
@pytest.mark.parametrize("count", [0, 1, 2, 1024, 2500])
def test_blocks_cover_the_upper_triangle(count, width):
    covered = np.zeros((count, count), int)
    steps = similarity._blocks(count, width) if width < 10**6 or count < 1024 else []
    for rows, columns in steps:
        covered[rows.start : rows.stop, columns.start : columns.stop] += 1
        assert len(rows) * len(columns) * width <= similarity._PRODUCT or len(columns) == 1
        assert len(rows) * len(columns) <= similarity._BLOCK
    if steps:
        assert (covered[np.triu_indices(count)] == 1).all()
        assert covered.max() == 1


def test_a_plain_loop_counts_the_same():
    vectors, labels = classes(30, 5, 3)
    same, other = [0] * 10, [0] * 10
    for i, j in combinations(range(30), 2):
        a, b = vectors[i].tolist(), vectors[j].tolist()
        dot = sum(x * y for x, y in zip(a, b, strict=True))
        cosine = dot / math.sqrt(sum(x * x for x in a)) / math.sqrt(sum(y * y for y in b))
        (same if labels[i] == labels[j] else other)[int((cosine + 1) * 5)] += 1
    result = cosine_histogram(vectors, labels, bins=10)
    assert (result.same.tolist(), result.other.tolist()) == (same, other)


@pytest.mark.parametrize("apart", [0.0, 0.3, 1.0, 3.0])
@pytest.mark.parametrize("reference", [None, 5])
@pytest.mark.parametrize("bins", [3, 200])
def test_the_area_under_the_curve_is_scikit_learns(apart, reference, bins):
    vectors, labels = classes(400, 30, 5, apart=apart)
    result = cosine_histogram(vectors, labels, reference, bins)
    cosines, alike = pairs_of(vectors, labels, reference)
    # Two cosines that float32 cannot tell apart may change their order: far fewer than one pair in 10,000.
    assert abs(result.auc - roc_auc_score(alike, cosines)) <= result.auc_error + 1e-6
    assert 0 <= result.auc_error < 1e-3
    assert 0 <= result.auc <= 1


def test_the_error_of_the_area_is_a_bound_where_vectors_are_nearly_parallel():
    vectors, labels = classes(300, 30, 4, apart=0.5)
    vectors = vectors * 0.01 + 1  # all cosines lie within a few cells
    result = cosine_histogram(vectors, labels)
    cosines, alike = pairs_of(vectors, labels)
    assert result.auc_error > 0.01
    assert abs(result.auc - roc_auc_score(alike, cosines)) <= result.auc_error + 1e-6


def test_equal_pairs_count_half():
    vectors = np.array([[1, 0], [1, 0], [0, 1], [0, 1]], np.float32)
    apart = cosine_histogram(vectors, ["a", "a", "b", "b"])
    assert (apart.auc, apart.overlap, apart.auc_error) == (1.0, 0.0, 0.0)
    mixed = cosine_histogram(vectors, ["a", "b", "a", "b"])
    # Pairs with the same label: cosines 0, 0. With different labels: 1, 0, 0, 1. So of 8 comparisons 4 are ties.
    assert (mixed.auc, mixed.auc_error) == (0.25, 0.25)
    assert mixed.overlap == 0.5
    assert np.flatnonzero(mixed.other).tolist() == [100, 199]


def test_overlap_is_the_area_shared():
    vectors, labels = classes(200, 10, 3)
    result = cosine_histogram(vectors, labels, bins=40)
    cosines, alike = pairs_of(vectors, labels)
    same, _ = np.histogram(cosines[alike], result.edges, density=True)
    other, _ = np.histogram(cosines[~alike], result.edges, density=True)
    # Half a unit of the counts may lie on either side of an edge.
    assert result.overlap == pytest.approx(np.minimum(same, other).sum() * 2 / 40, abs=1e-3)


@pytest.mark.parametrize(
    "convert",
    [
        torch.from_numpy,
        lambda v: torch.from_numpy(v).double(),
        lambda v: torch.from_numpy(v).requires_grad_(),
        lambda v: torch.from_numpy(v).reshape(-1, 2, 2, 5),
        lambda v: torch.from_numpy(np.ascontiguousarray(v.T)).T,
        lambda v: v.astype(np.float64) * 1e300,
        lambda v: v * np.float32(1e35),
        lambda v: v * np.float32(1e-35),
        np.asfortranarray,
        lambda v: v.tolist(),
        lambda v: list(torch.from_numpy(v)),
        pd.DataFrame,
    ],
    ids=[
        "tensor",
        "double",
        "grad",
        "4-D",
        "strided",
        "1e300",
        "1e35",
        "1e-35",
        "fortran",
        "lists",
        "tensors",
        "table",
    ],
)
def test_any_array_of_real_numbers_serves(convert):
    vectors, labels = classes(80, 20, 4)
    expected = cosine_histogram(vectors, labels, bins=20)
    result = cosine_histogram(convert(vectors), torch.from_numpy(labels), bins=20)
    assert np.abs(np.cumsum(result.same - expected.same)).max() <= 1
    assert np.abs(np.cumsum(result.other - expected.other)).max() <= 2
    assert result.excluded == 0


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.int8, torch.uint8, torch.bool])
def test_narrow_types_are_computed_in_float32(dtype):
    vectors = (torch.randn(60, 12, generator=torch.Generator().manual_seed(0)) * 3).abs().to(dtype)
    result = cosine_histogram(vectors, bins=8)
    wide = vectors.float().numpy()
    assert_counts(result.other, pairs_of(wide[wide.any(1)], np.zeros(int(wide.any(1).sum())))[0], result.edges)


def test_a_misspelt_argument_is_named_with_the_nearest():
    with pytest.raises(TypeError, match=r"cosine_histogram\(.*\) has no 'referense'; did you mean 'reference'"):
        cosine_histogram(np.eye(3), referense=0)


def test_the_input_is_not_changed():
    vectors, labels = classes(50, 4, 3)
    before = vectors.copy(), labels.copy()
    cosine_histogram(vectors, labels)
    cosine_histogram(torch.from_numpy(vectors), labels, 3)
    assert np.array_equal(vectors, before[0])
    assert np.array_equal(labels, before[1])


def test_a_file_mapped_into_memory_serves_and_is_only_read(tmp_path):
    vectors, labels = classes(100, 6, 3)
    np.save(tmp_path / "vectors.npy", vectors)
    mapped = np.load(tmp_path / "vectors.npy", mmap_mode="r")
    assert np.array_equal(cosine_histogram(mapped, labels).same, cosine_histogram(vectors, labels).same)


def test_without_labels_all_pairs_are_other():
    vectors, _ = classes(60, 4, 3)
    result = cosine_histogram(vectors)
    assert_counts(result.other, pairs_of(vectors, np.zeros(60))[0], result.edges)
    assert result.same.sum() == 0
    assert (result.auc, result.auc_error, result.overlap) == (None, None, None)
    assert "no labels" in result.note


@pytest.mark.parametrize(("labels", "word"), [([1, 1, 1], "all of these"), ([1, 2, 3], "no two")])
def test_one_kind_of_pairs_gives_no_area_and_says_why(labels, word):
    result = cosine_histogram(np.eye(3, 4, dtype=np.float32) + 1, labels)
    assert result.auc is None
    assert word in result.note


@pytest.mark.parametrize("reference", [None, 7])
def test_vectors_without_a_direction_are_counted_and_left_out(reference):
    vectors, labels = classes(50, 6, 3)
    broken = vectors.copy()
    broken[3], broken[10, 2], broken[20, 0], broken[49, 5] = 0, np.nan, np.inf, -np.inf
    kept = np.delete(np.arange(50), [3, 10, 20, 49])
    result = cosine_histogram(broken, labels, reference)
    expected = cosine_histogram(vectors[kept], labels[kept], None if reference is None else 6)
    assert (result.excluded, result.pairs) == (4, expected.pairs)
    assert np.array_equal(result.same, expected.same)
    assert np.array_equal(result.other, expected.other)
    assert "4 left out" in result.note


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"vectors": np.ones((1, 3))}, "got 1"),
        ({"vectors": np.ones((0, 3))}, "got 0"),
        ({"vectors": np.zeros((4, 3))}, "of 4, 4 are zero"),
        ({"vectors": np.array([[1.0], [np.nan]])}, "of 2, 1 are zero or not finite"),
        ({"vectors": np.array([[1.0], [0.0]]), "reference": 0}, "of 2, 1 are zero or not finite"),
        ({"vectors": np.ones(5)}, r"\[N, D\], one row a vector; got \[5\]"),
        ({"vectors": np.ones((5, 0))}, r"got \[5, 0\]"),
        ({"vectors": [[1.0], [1.0, 2.0]]}, "vectors given as list cannot be read as an array of numbers"),
        ({"vectors": "one"}, "vectors given as str cannot be read"),
        ({"vectors": np.ones((5, 2), complex)}, "complex128"),
        ({"vectors": torch.ones((5, 2), dtype=torch.complex64)}, "complex64"),
        ({"labels": [1, 2]}, r"labels have shape \(2,\), but there are 5 vectors"),
        ({"labels": np.ones((5, 1))}, r"labels have shape \(5, 1\)"),
        ({"labels": [1, None, "a", 2, 3]}, "cannot be sorted"),
        ({"reference": 5}, "reference=5 is not possible: choose from 0 to 4"),
        ({"reference": -1}, "reference=-1"),
        ({"bins": 0}, "bins=0 is not possible: choose from 1 to 65536"),
        ({"bins": 70_000}, "bins=70000"),
        ({"vectors": np.array([[1.0, 2], [0, 0], [3, 4]]), "reference": 1}, "vector 1 cannot be the reference"),
    ],
)
def test_what_cannot_be_used_is_refused_in_words(arguments, words):
    with pytest.raises(DataError, match=words):
        cosine_histogram(**{"vectors": np.ones((5, 2)), **arguments})


def test_the_first_estimate_comes_from_a_sample_and_is_replaced_by_the_exact_counts():
    vectors, labels = classes(3000, 16, 4, apart=0.5)
    work = measuring_similarity(vectors, labels)
    estimate = next(work)
    assert isinstance(estimate, CosineHistogram)
    assert estimate.sampled
    assert estimate.pairs == 512 * 511 // 2
    exact = finish(work)
    assert not exact.sampled
    assert exact.pairs == 3000 * 2999 // 2
    # 512 vectors: the standard error of a U-statistic of two is about 1 / sqrt(512) of its spread.
    assert estimate.auc == pytest.approx(exact.auc, abs=0.05)
    assert np.abs(estimate.other / estimate.other.sum() - exact.other / exact.other.sum()).sum() < 0.2


def test_the_estimate_is_the_exact_histogram_of_the_vectors_drawn():
    vectors, labels = classes(2000, 5, 3)
    drawn = np.sort(np.random.default_rng(7).choice(2000, 512, replace=False))
    estimate = next(measuring_similarity(vectors, labels, seed=7))
    expected = cosine_histogram(vectors[drawn], labels[drawn])
    assert np.array_equal(estimate.same, expected.same)
    assert np.array_equal(estimate.other, expected.other)
    other_seed = next(measuring_similarity(vectors, labels, seed=8))
    assert not np.array_equal(estimate.same, other_seed.same)


def test_no_estimate_where_it_would_not_help():
    vectors, labels = classes(1500, 5, 3)
    for arguments in ({"first": False}, {"reference": 3}):
        assert all(isinstance(step, float) for step in measuring_similarity(vectors, labels, **arguments))
    assert all(isinstance(step, float) for step in measuring_similarity(vectors[:1000], labels[:1000]))


def test_an_estimate_without_a_usable_vector_is_left_out():
    vectors = np.zeros((5000, 4), np.float32)
    vectors[[1, 2]] = 1
    steps = list(measuring_similarity(vectors))
    assert all(isinstance(step, float) for step in steps)
    assert finish(measuring_similarity(vectors)).pairs == 1


@settings(deadline=None, max_examples=30)
@given(st.integers(2, 400), st.integers(1, 40), st.integers(0, 10))
def test_the_fraction_done_grows_to_one(count, width, seed):
    vectors = np.random.default_rng(seed).standard_normal((count, width))
    steps = list(measuring_similarity(vectors, first=False))
    assert steps == sorted(steps)
    assert steps[-1] == 1
    against_one = list(measuring_similarity(vectors, reference=0))
    assert against_one[-1] == 1


def test_the_same_vectors_give_the_same_counts():
    vectors, labels = classes(1200, 40, 5)
    one, two = (cosine_histogram(vectors, labels, bins=1000) for _ in range(2))
    assert np.array_equal(one.same, two.same)
    assert np.array_equal(one.other, two.other)
