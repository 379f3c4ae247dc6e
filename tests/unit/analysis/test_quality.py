"""Quality of a representation, against a plain loop over points in float64, and scikit-learn."""

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.neighbors import KNeighborsClassifier

from innerview.analysis.spaces import pair_distances
from innerview.analysis.spaces.neighbours import finding_neighbours
from innerview.analysis.spaces.quality import embedding_quality, measuring_quality
from innerview.errors import DataError
from innerview.jobs.progress import finish

DISTANCES = ("same_class", "different_class", "to_centroid", "between_centroids")


def draw(count, size, classes, spread=1.0, seed=0):
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, classes, count)
    centres = 2 * generator.standard_normal((classes, size))
    return (centres[labels] + spread * generator.standard_normal((count, size))).astype(np.float32), labels


def plain(points, labels):
    """The four distances, point by point."""
    points, labels = np.asarray(points, np.float64), np.asarray(labels)
    same, other = [], []
    for i in range(len(points)):
        far = np.linalg.norm(points - points[i], axis=1)
        mates = labels == labels[i]
        mates[i] = False
        same.extend(far[mates])
        other.extend(far[labels != labels[i]])
    centroids = [points[labels == label].mean(0) for label in np.unique(labels)]
    inner = [
        np.linalg.norm(points[labels == label] - centroid, axis=1).mean()
        for label, centroid in zip(np.unique(labels), centroids, strict=True)
    ]
    between = [np.linalg.norm(a - b) for i, a in enumerate(centroids) for b in centroids[:i]]
    mean = np.mean(same + other)
    return [np.mean(same) / mean, np.mean(other) / mean, np.mean(inner) / mean, np.mean(between) / mean]


def distances(quality):
    return [getattr(quality, name) for name in DISTANCES]


@pytest.mark.parametrize("size", [1, 2, 3, 8, 9, 60])
@pytest.mark.parametrize("classes", [2, 7, 150])
def test_as_a_plain_loop(size, classes):
    points, labels = draw(600, size, classes)
    assert distances(embedding_quality(points, labels)) == pytest.approx(plain(points, labels), rel=1e-6)


@pytest.mark.parametrize("size", [2, 40])
def test_by_hand(size):
    points = np.zeros((4, size))
    points[:, 0], points[:, 1] = [0, 3, 0, 3], [0, 0, 4, 4]  # a rectangle of 3 x 4, diagonal 5
    quality = embedding_quality(points, ["low", "low", "high", "high"], k=1)
    assert distances(quality) == pytest.approx([3 / 4, 4.5 / 4, 1.5 / 4, 4 / 4], rel=1e-6)
    assert (quality.n, quality.classes, quality.k, quality.note) == (4, 2, 1, "")
    assert (quality.knn_accuracy, quality.leave_one_out) == (1, 1)


@pytest.mark.parametrize("size", [2, 40])
def test_far_from_the_origin(size):
    points, labels = draw(500, size, 5)
    far = points + np.float32(1e5)
    assert distances(embedding_quality(far, labels)) == pytest.approx(plain(far, labels), rel=1e-5)
    farther = points.astype(np.float64) + 1e9
    assert distances(embedding_quality(farther, labels)) == pytest.approx(plain(farther, labels), rel=1e-5)


@pytest.mark.parametrize("size", [2, 40])
@pytest.mark.parametrize("spread", [1e-3, 1e-5])
def test_tight_classes(size, spread):
    points, labels = draw(500, size, 5, spread)
    quality = embedding_quality(points, labels)
    assert distances(quality) == pytest.approx(plain(points, labels), rel=1e-5)
    assert quality.same_class < 1e-2
    assert (quality.knn_accuracy, quality.leave_one_out) == (1, 1)


@pytest.mark.parametrize("size", [2, 20])
@pytest.mark.parametrize("factor", [1e-30, 1e30])
def test_scale_does_not_matter(size, factor):
    points, labels = draw(300, size, 4)
    scaled = (points * np.float32(factor)).astype(np.float32)
    expected = distances(embedding_quality(points, labels))
    assert distances(embedding_quality(scaled, labels)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("size", [2, 20])
def test_blocks_change_nothing(size, monkeypatch):
    points, labels = draw(300, size, 3)
    whole = distances(embedding_quality(points, labels))
    monkeypatch.setattr(pair_distances, "_ROWS", 7)
    monkeypatch.setattr(pair_distances, "_TILE", 7 * 11)
    monkeypatch.setattr(pair_distances._Differences, "tile", 7 * 11)
    assert distances(embedding_quality(points, labels)) == pytest.approx(whole, rel=1e-6)


@pytest.mark.parametrize("k", [1, 2, 10, 25])
@pytest.mark.parametrize("classes", [2, 10])
@pytest.mark.parametrize("size", [2, 30])
def test_accuracies_as_scikit_learn(k, classes, size):
    # Many ties: even k, and classes that overlap.
    points, labels = draw(120, size, classes, spread=3)
    quality = embedding_quality(points, labels, k)
    assert quality.knn_accuracy == KNeighborsClassifier(k).fit(points, labels).score(points, labels)
    right = 0
    for i in range(120):
        others = np.arange(120) != i
        right += KNeighborsClassifier(k).fit(points[others], labels[others]).predict(points[i : i + 1])[0] == labels[i]
    assert quality.leave_one_out == right / 120


def test_labels_of_any_kind():
    points, labels = draw(200, 2, 3)
    expected = embedding_quality(points, labels)
    names = np.array(["ant", "bee", "cat"])
    for same in (
        names[labels],
        list(names[labels]),
        names[labels].astype(object),
        torch.from_numpy(labels),
        list(torch.from_numpy(labels)),
        labels + 0.5,
        pd.Series(names[labels]),
        pd.Series(names[labels], dtype="category"),
        pd.Series(labels, dtype="Int64"),
    ):
        assert embedding_quality(torch.from_numpy(points), same) == expected
    assert embedding_quality(points, 1000 * labels - 500) == expected


def test_points_in_any_container():
    points, labels = draw(40, 2, 3)
    expected = embedding_quality(points, labels)
    for same in (
        torch.from_numpy(points),
        torch.from_numpy(points).requires_grad_(),
        list(torch.from_numpy(points)),
        list(points),
        [tuple(map(float, point)) for point in points],
        pd.DataFrame(points, columns=["x", "y"]),
    ):
        assert embedding_quality(same, labels) == expected


def test_a_misspelt_argument_is_named_with_the_nearest():
    with pytest.raises(TypeError, match=r"embedding_quality\(.*\) has no 'lables'; did you mean 'labels'"):
        embedding_quality(np.eye(3), lables=[0, 1, 1])


def test_known_neighbours_are_used():
    points, labels = draw(300, 2, 3, spread=3)
    known = finish(finding_neighbours(points, 25))
    assert finish(measuring_quality(points, labels, 7, neighbours=known)) == embedding_quality(points, labels, 7)
    with pytest.raises(DataError, match=r"k=26.*25 neighbours"):
        finish(measuring_quality(points, labels, 26, neighbours=known))
    with pytest.raises(DataError, match="neighbours of 300 points, but 299"):
        finish(measuring_quality(points[1:], labels[1:], neighbours=known))


def test_duplicates():
    points, labels = draw(300, 2, 3)
    points[:80] = points[0]
    labels[:80] = labels[0]
    assert distances(embedding_quality(points, labels)) == pytest.approx(plain(points, labels), rel=1e-6)


def test_one_class():
    points, _ = draw(100, 2, 1)
    quality = embedding_quality(points, np.zeros(100))
    assert quality.same_class == pytest.approx(1)
    assert quality.to_centroid > 0
    assert (quality.different_class, quality.between_centroids) == (None, None)
    assert (quality.knn_accuracy, quality.leave_one_out) == (None, None)
    assert "same label" in quality.note


def test_fewer_points_than_k_needs():
    points, labels = draw(10, 2, 2)
    quality = embedding_quality(points, labels)
    assert distances(quality) == pytest.approx(plain(points, labels), rel=1e-6)
    assert (quality.knn_accuracy, quality.leave_one_out) == (None, None)
    assert "10 neighbours need at least 11 points, 10 given" in quality.note
    assert embedding_quality(points, labels, k=9).note == ""


def test_every_point_its_own_class():
    points, _ = draw(50, 2, 1)
    quality = embedding_quality(points, np.arange(50), k=3)
    assert (quality.same_class, quality.to_centroid, quality.leave_one_out) == (None, 0, 0)
    assert quality.different_class == pytest.approx(1)
    assert quality.between_centroids == pytest.approx(1)
    assert "every label occurs once" in quality.note


@pytest.mark.parametrize("size", [2, 20])
def test_all_points_equal(size):
    quality = embedding_quality(np.full((60, size), 0.1), np.arange(60) % 2)
    assert distances(quality) == [None] * 4
    assert "all points are equal" in quality.note


@pytest.mark.parametrize(
    ("points", "labels", "options", "message"),
    [
        (np.zeros((5, 2)), [0, 1, 0], {}, r"labels have shape \(3,\).*5 points"),
        (np.zeros((5, 2)), np.zeros((5, 1)), {}, r"labels have shape \(5, 1\)"),
        (np.zeros((5, 2)), None, {}, r"labels have shape \(\).*5 points"),
        (np.zeros((5, 2)), [0, 1, np.nan, 1, 0], {}, "1 of 5 labels are NaN"),
        (np.zeros((3, 2)), np.array([0, "a", None], object), {}, "cannot be sorted"),
        (np.array([[0, 1], [np.nan, 0], [0, np.inf]]), [0, 1, 1], {}, "2 of 3 points hold NaN"),
        (np.zeros((1, 2)), [0], {}, r"points have shape \(1, 2\); at least two"),
        (np.zeros(5), [0] * 5, {}, "points have shape"),
        ([[0, 1], [1]], [0, 1], {}, "points given as list cannot be read as an array of numbers"),
        (["a", "b"], [0, 1], {}, "points given as list cannot be read"),
        (7, [0, 1], {}, r"points have shape \(\)"),
        (object(), [0, 1], {}, "points given as object cannot be read"),
        (np.zeros((2, 2)), pd.Series([1, None], dtype="Int64"), {}, "1 of 2 labels are NaN|cannot be sorted"),
        (np.zeros((2, 2)), pd.Series(["a", None]), {}, "cannot be sorted"),
        (pd.DataFrame({"x": [1, None]}, dtype="Int64"), [0, 1], {}, "cannot be read|hold NaN"),
        (np.zeros((5, 2)), [0] * 5, {"k": 0}, "k=0"),
    ],
)
def test_bad_input_is_named(points, labels, options, message):
    with pytest.raises(DataError, match=message):
        embedding_quality(points, labels, **options)


def test_progress_goes_up_and_stopping_stops():
    points, labels = draw(3000, 2, 5)
    work = measuring_quality(points, labels)
    done = list(work)
    assert done == sorted(done)
    assert all(0 <= each <= 1 for each in done)
    work = measuring_quality(points, labels)
    next(work)
    work.close()
    with pytest.raises(StopIteration):
        next(work)


def test_what_a_notebook_shows_of_it_is_short():
    points = np.array([[0.0], [1.0], [2.0], [8.0], [9.0], [10.0]])
    # By hand: all pairs are 80 / 15 apart on average, those of one class 4 / 3, those of two classes 8.
    assert repr(embedding_quality(points, list("aaabbb"), k=3)) == (
        "EmbeddingQuality(same_class=0.25, different_class=1.5, to_centroid=0.125, between_centroids=1.5, "
        "knn_accuracy=1, leave_one_out=1, k=3, n=6, classes=2)"
    )
    one = embedding_quality(points, list("aaaaaa"), k=3)
    assert "different_class" not in repr(one)
    assert "note='all points have the same label" in repr(one)
