"""Class separation in a representation: distances within and between classes, and a neighbour classifier."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from innerview.analysis.given import as_numbers, class_numbers
from innerview.analysis.spaces.neighbours import Neighbours, finding_neighbours
from innerview.analysis.spaces.pair_distances import PairSums, summing_distances
from innerview.analysis.spaces.vectors import BLOCK_BYTES, Vectors, scanning
from innerview.arguments import strict
from innerview.errors import DataError
from innerview.jobs.progress import finish, relay

if TYPE_CHECKING:
    from collections.abc import Generator

_VOTES = 1 << 22  # counts of votes held at a time


@dataclass(frozen=True, repr=False)
class EmbeddingQuality:
    """Quality of N labelled points. Distances are euclidean and divided by the mean distance over all pairs.

    What cannot be had is None, and `note` says why.
    """

    same_class: float | None
    """mean over all pairs of points of the same class"""
    different_class: float | None
    """mean over all pairs of points of different classes"""
    to_centroid: float | None
    """mean over classes of the mean distance of its points to their centroid"""
    between_centroids: float | None
    """mean over pairs of centroids"""
    knn_accuracy: float | None
    """of a k-nearest-neighbour classifier on its own points, each of which is one of its k neighbours"""
    leave_one_out: float | None
    """the same with k other points"""
    trustworthiness: float | None = None
    """of the points as a picture of other vectors; see `innerview.analysis.spaces.trustworthiness`"""
    k: int = 10
    """neighbours that vote"""
    n: int = 0
    """points"""
    classes: int = 0
    """distinct labels"""
    note: str = ""
    """what is missing, and why"""

    def __repr__(self) -> str:
        """Every field that says something, with four digits: it is read in a notebook."""
        held = {field.name: getattr(self, field.name) for field in fields(self)}
        shown = (
            f"{name}={value:.4g}" if isinstance(value, float) else f"{name}={value!r}"
            for name, value in held.items()
            if value is not None and value != ""
        )
        return f"{type(self).__name__}({', '.join(shown)})"


@strict
def embedding_quality(points: Any, labels: Any, k: int = 10) -> EmbeddingQuality:
    """Measure how well points separate their classes; exact, over all pairs.

    Args:
        points: [N, D], an embedding or any other representation: a tensor, an array (which may be memory-mapped), a
            table, or a list of points.
        labels: [N], the class of each point: numbers or strings in a list, an array, a tensor or a column.
        k: neighbours of the classifier, each of which has one vote; of classes with equally many votes, the first of
            the sorted labels wins, as in scikit-learn's KNeighborsClassifier.

    Returns:
        The figures. `different_class`, `between_centroids` and the accuracies are None for one class, the accuracies
        also for fewer than k + 1 points, and all distances where all points are equal; `note` says so. `knn_accuracy`
        is what scikit-learn's `score` gives on the data of `fit`, unless a point has k or more duplicates.

    Raises:
        DataError: points that are not [N, D], N >= 2, or not finite (they are counted); labels of another length or
            with missing values; k below 1.
        TypeError: another keyword argument.
    """
    return finish(measuring_quality(as_numbers(points, "points"), labels, k))


def measuring_quality(
    points: torch.Tensor | np.ndarray, labels: Any, k: int = 10, *, neighbours: Neighbours | None = None
) -> Generator[float, None, EmbeddingQuality]:
    """Measure as `embedding_quality` does, in steps that yield the fraction done.

    ``neighbours`` are those of the points, at least k each, if they are known already.
    """
    if k < 1:
        raise DataError(f"k={k}; k must be at least 1.")
    vectors = yield from relay(scanning(points, "points"), lambda done: 0.02 * done)
    n = vectors.count
    classes = class_numbers(labels, n, "points")
    sizes = np.bincount(classes)
    if neighbours is not None and len(neighbours.indices) != n:
        raise DataError(f"neighbours of {len(neighbours.indices):,} points, but {n:,} points.")
    sums = yield from relay(summing_distances(vectors, classes), lambda done: 0.02 + 0.58 * done)
    centroids = yield from relay(_centroid_distances(vectors, classes, sizes), lambda done: 0.6 + 0.2 * done)
    figures, notes = _distances(sums, *centroids, sizes)
    if n <= k:
        notes.append(f"{k} neighbours need at least {k + 1} points, {n} given")
    elif len(sizes) > 1:
        if neighbours is None:
            neighbours = yield from relay(finding_neighbours(points, k), lambda done: 0.8 + 0.2 * done)
        votes = classes[neighbours.first(k).indices]
        with_itself = np.concatenate([classes[:, None], votes[:, :-1]], axis=1)
        figures["knn_accuracy"] = float((_winners(with_itself) == classes).mean())
        figures["leave_one_out"] = float((_winners(votes) == classes).mean())
    return EmbeddingQuality(**figures, k=k, n=n, classes=len(sizes), note="; ".join(notes))


def _distances(
    sums: PairSums, to_centroid: float, between: float, sizes: np.ndarray
) -> tuple[dict[str, float | None], list[str]]:
    """The figures, those of the classifier still missing, and what is to say about them."""
    n = int(sizes.sum())
    figures: dict[str, float | None] = dict.fromkeys(
        ("same_class", "different_class", "to_centroid", "between_centroids", "knn_accuracy", "leave_one_out")
    )
    notes = []
    if len(sizes) == 1:
        notes.append("all points have the same label, so there are no classes to compare")
    pairs, same_pairs = n * (n - 1) // 2, int((sizes * (sizes - 1)).sum()) // 2
    mean = sums.every / pairs
    if mean == 0:
        notes.append("all points are equal, so there is no distance to compare with")
        return figures, notes
    if same_pairs:
        figures["same_class"] = sums.same / same_pairs / mean
    else:
        notes.append("every label occurs once, so there are no pairs of the same class")
    figures["to_centroid"] = to_centroid / mean
    if pairs > same_pairs:
        figures["different_class"] = (sums.every - sums.same) / (pairs - same_pairs) / mean
        figures["between_centroids"] = between / mean
    return figures, notes


def _centroid_distances(
    vectors: Vectors, classes: np.ndarray, sizes: np.ndarray
) -> Generator[float, None, tuple[float, float]]:
    """The mean over classes of the mean distance to the centroid, and the mean distance of two centroids (0 of one).

    In units of 1 / `Vectors.scale`; yields the fraction done.
    """
    number = torch.from_numpy(classes).to(vectors.device)
    members = torch.from_numpy(sizes).to(vectors.device)
    centroids = torch.zeros((len(sizes), vectors.size), dtype=torch.float64, device=vectors.device)
    step = vectors.rows_within(BLOCK_BYTES // 2, itemsize=8)
    parts = [slice(start, start + step) for start in range(0, vectors.count, step)]
    for rows in parts:
        centroids.index_add_(0, number[rows], vectors.centred(rows, torch.float64))
        yield 0.4 * rows.start / vectors.count
    centroids /= members[:, None]
    sums = torch.zeros(len(sizes), dtype=torch.float64, device=vectors.device)
    for rows in parts:
        away = vectors.centred(rows, torch.float64) - centroids[number[rows]]
        sums.index_add_(0, number[rows], torch.linalg.vector_norm(away, dim=1))
        yield 0.4 + 0.4 * rows.start / vectors.count
    between = 0.0
    if len(sizes) > 1:
        read = yield from relay(scanning(centroids, "centroids"), lambda _: 0.8)
        pairs = summing_distances(read, np.zeros(len(sizes), np.int64))
        found = yield from relay(pairs, lambda done: 0.8 + 0.2 * done)
        between = found.every / (len(sizes) * (len(sizes) - 1) / 2) / read.scale
    return float((sums / members).mean()), between


def _winners(votes: np.ndarray) -> np.ndarray:
    """The most frequent number in each row of votes [N, k], the lowest of several."""
    count = int(votes.max()) + 1
    winners = np.empty(len(votes), np.int64)
    step = max(1, _VOTES // count)
    for start in range(0, len(votes), step):
        part = votes[start : start + step]
        cells = part + count * np.arange(len(part))[:, None]
        counts = np.bincount(cells.ravel(), minlength=len(part) * count).reshape(-1, count)
        winners[start : start + step] = counts.argmax(1)
    return winners
