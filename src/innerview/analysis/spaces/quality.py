"""How well a representation separates the classes: distances within and between them, and a neighbour classifier."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from innerview.analysis.spaces.bootstrap import centroid_influences, pair_influences, resampling
from innerview.analysis.spaces.centroids import Centroids, measuring_centroids
from innerview.analysis.spaces.knn_accuracy import voted
from innerview.analysis.spaces.neighbours import Neighbours, finding_neighbours
from innerview.analysis.spaces.pair_distances import PairSums, summing_distances
from innerview.analysis.spaces.vectors import scanning
from innerview.errors import DataError
from innerview.jobs.progress import finish, relay

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping


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
    intervals: Mapping[str, tuple[float, float]] | None = None
    """name of a figure above -> its 95 % bootstrap interval, if asked for"""
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


def embedding_quality(
    points: torch.Tensor | np.ndarray,
    labels: Any,
    k: int = 10,
    *,
    neighbours: Neighbours | None = None,
    bootstrap: int = 0,
    seed: int = 0,
) -> EmbeddingQuality:
    """Measure how well points separate their classes; exact, over all pairs.

    Args:
        points: [N, D], an embedding or any other representation, as a tensor or an array (which may be memory-mapped).
        labels: [N], the class of each point: numbers or strings.
        k: neighbours of the classifier.
        neighbours: of the points, at least k each, if they are known already.
        bootstrap: how many times to resample the points for 95 % intervals, for example 1,000; 0 for none.
        seed: of the resampling.

    Returns:
        The figures. `different_class`, `between_centroids` and the accuracies are None for one class, the accuracies
        also for fewer than k + 1 points, and all distances where all points are equal; `note` says so.

    Raises:
        DataError: points that are not [N, D], N >= 2, or not finite (they are counted); labels of another length or
            with missing values; k below 1; neighbours of another number of points, or fewer than k.
    """
    return finish(measuring_quality(points, labels, k, neighbours=neighbours, bootstrap=bootstrap, seed=seed))


def measuring_quality(
    points: torch.Tensor | np.ndarray,
    labels: Any,
    k: int = 10,
    *,
    neighbours: Neighbours | None = None,
    bootstrap: int = 0,
    seed: int = 0,
) -> Generator[float, None, EmbeddingQuality]:
    """As `embedding_quality`, in steps that yield the fraction done."""
    if k < 1 or bootstrap < 0:
        raise DataError(f"k={k}, bootstrap={bootstrap}; k must be at least 1 and bootstrap not below 0.")
    vectors = yield from relay(scanning(points, "points"), lambda done: 0.02 * done)
    n = vectors.count
    classes = class_numbers(labels, n)
    if neighbours is not None and len(neighbours.indices) != n:
        raise DataError(f"neighbours of {len(neighbours.indices):,} points, but {n:,} points.")
    sums = yield from relay(summing_distances(vectors, classes), lambda done: 0.02 + 0.58 * done)
    centroids = yield from relay(measuring_centroids(vectors, classes), lambda done: 0.6 + 0.1 * done)
    figures, notes = _distances(sums, centroids, classes)
    influences = {}
    if n <= k:
        notes.append(f"{k} neighbours need at least {k + 1} points, {n} given")
    elif len(centroids.sizes) > 1:
        if neighbours is None:
            neighbours = yield from relay(finding_neighbours(points, k), lambda done: 0.7 + 0.2 * done)
        for name, right in zip(("knn_accuracy", "leave_one_out"), voted(neighbours, classes, k), strict=True):
            figures[name] = float(right.mean())
            influences[name] = right - right.mean()
    intervals = None
    if bootstrap:
        if sums.every.any():
            influences |= pair_influences(figures, sums, centroids, classes)
            moved = centroid_influences(vectors, figures, sums, centroids, classes)
            influences |= yield from relay(moved, lambda done: 0.9 + 0.05 * done)
        intervals = yield from relay(resampling(influences, figures, bootstrap, seed), lambda done: 0.95 + 0.05 * done)
    return EmbeddingQuality(
        **figures, k=k, n=n, classes=len(centroids.sizes), intervals=intervals, note="; ".join(notes)
    )


def _distances(sums: PairSums, centroids: Centroids, classes: np.ndarray) -> tuple[dict[str, float | None], list[str]]:
    """The figures, those of the classifier still missing, and what is to say about them."""
    n, c = len(classes), len(centroids.sizes)
    figures: dict[str, float | None] = dict.fromkeys(
        ("same_class", "different_class", "to_centroid", "between_centroids", "knn_accuracy", "leave_one_out")
    )
    notes = []
    if c == 1:
        notes.append("all points have the same label, so there are no classes to compare")
    mean = float(sums.every.mean()) / (n - 1)
    if mean == 0:
        notes.append("all points are equal, so there is no distance to compare with")
        return figures, notes
    # Each pair is counted twice, once from each of its points.
    same_pairs = int((centroids.sizes * (centroids.sizes - 1)).sum())
    different_pairs = n * (n - 1) - same_pairs
    if same_pairs:
        figures["same_class"] = float(sums.same.sum() / same_pairs / mean)
    else:
        notes.append("every label occurs once, so there are no pairs of the same class")
    figures["to_centroid"] = float(centroids.mean_distances(classes).mean() / mean)
    if different_pairs:
        figures["different_class"] = float((sums.every - sums.same).sum() / different_pairs / mean)
        figures["between_centroids"] = float(centroids.between / mean)
    return figures, notes


def class_numbers(labels: Any, n: int) -> np.ndarray:
    """The class of each of n points as int64 [n], numbered from 0 in the order of the sorted labels.

    Raises:
        DataError: labels of another length, of several axes, that cannot be sorted, or not finite.
    """
    if isinstance(labels, torch.Tensor):
        labels = labels.detach().cpu().numpy()
    held = np.asarray(labels)
    if held.shape != (n,):
        raise DataError(f"labels have shape {held.shape}, but there are {n:,} points; one label for each is needed.")
    if held.dtype.kind == "f" and not np.isfinite(held).all():
        missing = int((~np.isfinite(held)).sum())
        raise DataError(f"{missing:,} of {n:,} labels are NaN or infinite; leave those points out.")
    try:
        return np.unique(held, return_inverse=True)[1].reshape(-1).astype(np.int64)
    except TypeError as error:
        raise DataError(f"labels cannot be sorted ({error}); use all numbers or all strings.") from error
