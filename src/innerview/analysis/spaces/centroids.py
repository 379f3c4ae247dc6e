"""Where classes have their centres, and how far their points are from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from innerview.analysis.spaces.pair_distances import summing_distances
from innerview.analysis.spaces.vectors import BLOCK_BYTES, Vectors, scanning
from innerview.jobs.progress import relay

if TYPE_CHECKING:
    from collections.abc import Generator


class Centroids(NamedTuple):
    """Of C classes of N points, in units of 1 / `Vectors.scale` and relative to the mean of all points."""

    positions: torch.Tensor
    """float64 [C, D]"""
    sizes: np.ndarray
    """int64 [C], points of each class"""
    distances: np.ndarray
    """float64 [N], of each point to the centroid of its class"""
    between: float
    """mean distance of two centroids; 0 for one class"""

    def mean_distances(self, classes: np.ndarray) -> np.ndarray:
        """Of the points of each class to their centroid [C]."""
        return np.bincount(classes, self.distances) / self.sizes


def measuring_centroids(vectors: Vectors, classes: np.ndarray) -> Generator[float, None, Centroids]:
    """Find the centroids in one pass over the vectors, and the distances to them in another.

    Args:
        vectors: N points.
        classes: int64 [N], the class of each; every number from 0 to the largest occurs.

    Yields:
        The fraction done.
    """
    sizes = np.bincount(classes)
    number = torch.from_numpy(classes).to(vectors.device)
    positions = torch.zeros((len(sizes), vectors.size), dtype=torch.float64, device=vectors.device)
    for rows, block in blocks(vectors):
        positions.index_add_(0, number[rows], block)
        yield 0.4 * rows.start / vectors.count
    positions /= torch.from_numpy(sizes).to(vectors.device)[:, None]
    distances = np.empty(vectors.count)
    for rows, block in blocks(vectors):
        distances[rows] = torch.linalg.vector_norm(block - positions[number[rows]], dim=1).cpu().numpy()
        yield 0.4 + 0.4 * rows.start / vectors.count
    between = 0.0
    if len(sizes) > 1:
        of_centroids = yield from relay(scanning(positions, "centroids"), lambda _: 0.8)
        one = np.zeros(len(sizes), np.int64)
        sums = yield from relay(summing_distances(of_centroids, one), lambda done: 0.8 + 0.2 * done)
        between = float(sums.every.mean()) / (len(sizes) - 1) / of_centroids.scale
    return Centroids(positions, sizes, distances, between)


def blocks(vectors: Vectors) -> Generator[tuple[slice, torch.Tensor], None, None]:
    """All vectors in order, centred, in float64: where they are, and the block [R, D]."""
    step = vectors.rows_within(BLOCK_BYTES // 2, itemsize=8)
    for start in range(0, vectors.count, step):
        rows = slice(start, min(start + step, vectors.count))
        yield rows, vectors.centred(rows, torch.float64)
