"""Comparison of two pictures of the same samples: one laid over the other, and the neighbours that changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from innerview.errors import DataError

if TYPE_CHECKING:
    from innerview.analysis.spaces.neighbours import Neighbours

_BLOCK = 1 << 22  # comparisons of neighbours at a time


def procrustes(
    points: np.ndarray, onto: np.ndarray, *, rows: np.ndarray | None = None, onto_rows: np.ndarray | None = None
) -> np.ndarray:
    """Turn, mirror and move one picture so that it lies on another as well as it can, by least squares.

    P. H. Schoenemann, A generalized solution of the orthogonal Procrustes problem, Psychometrika 31, 1966.

    Args:
        points: ``[N, d]``, to be moved.
        onto: ``[M, d]``, stays.
        rows: int ``[C]``, the samples in ``points`` that both pictures show; None: all.
        onto_rows: int ``[C]``, the same samples in ``onto``, in the same order; None: all.

    Returns:
        float64 ``[N, d]``: all of ``points``, moved by what suits the common ones best. In float32, points much nearer
        to each other than to zero would fall onto the lattice of its numbers.

    Raises:
        DataError: the pictures have different dimensions, no or unequally many common samples, or positions that are
            not finite.
    """
    if points.ndim != 2 or onto.ndim != 2 or points.shape[1] != onto.shape[1]:  # noqa: PLR2004 - samples x dimensions
        raise DataError(
            f"points has the shape {list(points.shape)}, onto {list(onto.shape)}; both must be [samples, dimensions] "
            "with as many dimensions."
        )
    moved = points.astype(np.float64)
    source = moved if rows is None else moved[rows]
    target = onto.astype(np.float64) if onto_rows is None else onto[onto_rows].astype(np.float64)
    if len(source) != len(target) or len(source) == 0:
        raise DataError(
            f"{len(source):,} samples of points for {len(target):,} of onto; name the ones in both, in the same order, "
            "by rows and onto_rows."
        )
    if not (np.isfinite(source).all() and np.isfinite(target).all()):
        raise DataError("there are positions that are not finite; leave those samples out of rows and onto_rows.")
    from_here, to_there = source.mean(0), target.mean(0)
    source, target = source - from_here, target - to_there
    left, _, right = np.linalg.svd(source.T @ target)
    return (moved - from_here) @ (left @ right) + to_there


def neighbour_change(before: Neighbours, after: Neighbours, k: int = 10) -> np.ndarray:
    """Measure the fraction of each sample's k nearest neighbours that are not the same ones any more.

    Returns:
        float32 ``[N]`` from 0, the same neighbours, to 1, all others.

    Raises:
        DataError: other numbers of samples, or fewer than k neighbours.
    """
    old, new = before.first(k).indices, after.first(k).indices
    if len(old) != len(new):
        raise DataError(f"neighbours of {len(old):,} samples before and of {len(new):,} after; they must be the same.")
    change = np.empty(len(old), np.float32)
    step = max(1, _BLOCK // (k * k))
    for begin in range(0, len(old), step):
        part = slice(begin, begin + step)
        kept: Any = (old[part, :, None] == new[part, None, :]).sum((1, 2))
        change[part] = 1 - kept / k
    return change
