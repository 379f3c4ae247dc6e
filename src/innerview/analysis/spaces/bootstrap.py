"""Bootstrap intervals of the figures of `quality.py`, without measuring all pairs again for each resample.

Every figure is a ratio of means over pairs of points or over points, so to first order it changes by the mean of one
contribution per point, its empirical influence function; these are resampled. For means over pairs the contribution is
twice a point's own mean (W. Hoeffding, A class of statistics with asymptotically normal distribution, 1948; B. Efron
and R. Tibshirani, An Introduction to the Bootstrap, 1993, chapters 21 and 22). The intervals hold for many points of
every class; with fewer than about ten of one they are too narrow. Those of the accuracies take the neighbours as given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from innerview.analysis.spaces.centroids import Centroids, blocks

if TYPE_CHECKING:
    from collections.abc import Generator

    from innerview.analysis.spaces.pair_distances import PairSums
    from innerview.analysis.spaces.vectors import Vectors

_RESAMPLED = 1 << 21  # points drawn between two yields


def pair_influences(
    figures: dict[str, float | None], sums: PairSums, centroids: Centroids, classes: np.ndarray
) -> dict[str, np.ndarray]:
    """Contributions [N] to the mean distances within and between classes, each divided by that of all pairs."""
    every = sums.every / sums.every.mean()
    own = (centroids.sizes - 1)[classes].astype(float)
    found = {}
    for name, total, pairs in (
        ("same_class", sums.same, own),
        ("different_class", sums.every - sums.same, len(classes) - 1 - own),
    ):
        value = figures[name]
        if value is not None:
            found[name] = 2 * value * (total / total.mean() - pairs / pairs.mean() - every + 1)
    return found


def centroid_influences(
    vectors: Vectors, figures: dict[str, float | None], sums: PairSums, centroids: Centroids, classes: np.ndarray
) -> Generator[float, None, dict[str, np.ndarray]]:
    """Contributions [N] to the distances to and between centroids, which a point also moves.

    Yields:
        The fraction done.
    """
    n, c = vectors.count, len(centroids.sizes)
    number = torch.from_numpy(classes).to(vectors.device)
    # The mean distance to a centroid changes, as the centroid moves, by minus the mean unit vector to its points.
    towards = torch.zeros_like(centroids.positions)
    for rows, block in blocks(vectors):
        towards.index_add_(0, number[rows], _unit(block - centroids.positions[number[rows]]))
        yield 0.3 * rows.start / n
    towards /= -torch.from_numpy(centroids.sizes).to(vectors.device)[:, None]
    apart = torch.zeros_like(centroids.positions)
    for one in range(c):
        apart[one] = _unit(centroids.positions[one] - centroids.positions).sum(0) / max(1, c * (c - 1) / 2)
        yield 0.3 + 0.4 * one / c
    moves = {"to_centroid": towards / c, "between_centroids": apart}
    along = {name: np.empty(n) for name in moves}
    for rows, block in blocks(vectors):
        offset = block - centroids.positions[number[rows]]
        for name, move in moves.items():
            along[name][rows] = (offset * move[number[rows]]).sum(1).cpu().numpy()
        yield 0.7 + 0.3 * rows.start / n
    along["to_centroid"] += (centroids.distances - centroids.mean_distances(classes)[classes]) / c
    mean = sums.every.mean() / (n - 1)
    every = 2 * (sums.every / sums.every.mean() - 1)
    share = n / centroids.sizes[classes]
    return {
        name: share * moved / mean - value * every
        for name, moved in along.items()
        if (value := figures[name]) is not None
    }


def resampling(
    influences: dict[str, np.ndarray], figures: dict[str, float | None], resamples: int, seed: int
) -> Generator[float, None, dict[str, tuple[float, float]]]:
    """95 % percentile intervals from resampled contributions.

    Args:
        influences: name -> contributions float64 [N], of mean 0.
        figures: name -> the figure itself.
        resamples: how many.
        seed: of the draws; all figures share them.

    Yields:
        The fraction done.
    """
    if not influences:
        return {}
    generator = np.random.default_rng(seed)
    table = np.stack(list(influences.values()))
    n = table.shape[1]
    changes = np.empty((resamples, len(table)))
    step = max(1, _RESAMPLED // n)
    for start in range(0, resamples, step):
        for each in range(start, min(start + step, resamples)):
            drawn = np.bincount(generator.integers(0, n, n), minlength=n)
            changes[each] = table @ drawn / n
        yield min(1.0, (start + step) / resamples)
    low, high = np.quantile(changes, [0.025, 0.975], axis=0).tolist()
    return {
        name: (value + below, value + above)
        for name, below, above in zip(influences, low, high, strict=True)
        if (value := figures[name]) is not None
    }


def _unit(vectors: torch.Tensor) -> torch.Tensor:
    # A point at its centroid has no direction, and a centroid is not moved by itself.
    return torch.nn.functional.normalize(vectors, dim=1, eps=torch.finfo(vectors.dtype).tiny)
