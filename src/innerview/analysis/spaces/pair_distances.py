"""Sums of the distances of all pairs of points, within classes and over all: exact, without an N x N matrix."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from innerview.analysis.spaces.vectors import Vectors, factors

if TYPE_CHECKING:
    from collections.abc import Generator

_DIFFERENCES_SIZE = 8  # up to so many elements a pass over the pairs for each is faster than a product
_ROWS = 128  # points in one block, of one class
_TILE = 1 << 17  # pairs at a time: 0.5 MB in float32, which stays in the second-level cache
_DEVICE_TILE = 1 << 24  # on an accelerator: enough to keep it busy
_FLOPS = 1e9  # of one product, about 20 ms on two cores in float64
_STEP_SECONDS = 0.02  # at least, between two yields


class PairSums(NamedTuple):
    """Sums of euclidean distances, each pair counted once, in units of 1 / `Vectors.scale`."""

    same: float
    """over the pairs of one class"""
    every: float
    """over all pairs"""


def summing_distances(vectors: Vectors, classes: np.ndarray) -> Generator[float, None, PairSums]:
    """Sum the distances of all pairs of N points; classes are int64 [N], from 0.

    Points are sorted by class and go in blocks of one class against all that come later, so that a block of distances
    is either of one class or of different classes. Distances are in float32 (up to 8 elements) or float64 (products),
    their sums in float64. Yields the fraction of pairs done.
    """
    order = np.argsort(classes, kind="stable")
    bounds = np.append(0, np.cumsum(np.bincount(classes)))
    meter = _Differences(vectors, order) if vectors.size <= _DIFFERENCES_SIZE else _Products(vectors, order)
    count = vectors.count
    same = other = 0.0
    last = perf_counter()
    for first, end in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        for start in range(first, end, _ROWS):
            rows = slice(start, min(start + _ROWS, end))
            meter.move(rows)
            same += meter.total(rows) / 2  # which meets each pair twice
            for columns in _columns(rows.stop, end, count, meter.tile // (rows.stop - start)):
                found = meter.total(columns)
                if columns.start < end:
                    same += found
                else:
                    other += found
                if perf_counter() - last > _STEP_SECONDS:
                    yield 1 - (1 - start / count) ** 2
                    last = perf_counter()
    return PairSums(same, same + other)


def _columns(start: int, end: int, count: int, width: int) -> Generator[slice, None, None]:
    """Cut start..count into slices, none across `end`."""
    for low, high in ((start, end), (end, count)):
        for begin in range(low, high, max(1, width)):
            yield slice(begin, min(begin + max(1, width), high))


class _Differences:
    """Distances from differences, element by element: the fast way for points of the plane or of space.

    By numpy, on one core: torch would share each of a million small loops among threads, which on an idle machine
    halves the time, but beside a cell that trains makes every loop wait for a free core.
    """

    tile = _TILE

    def __init__(self, vectors: Vectors, order: np.ndarray) -> None:
        self._points = np.ascontiguousarray(vectors.raw(slice(None)).cpu().double().numpy()[order].T)
        self._squares, self._difference = (np.empty(self.tile, np.float32) for _ in range(2))

    def move(self, rows: slice) -> None:
        """Go to the block of points from which distances are taken."""
        # Relative to the block's own mean, float32 resolves distances within a tight class as well as to other classes.
        self._centre = self._points[:, rows].mean(1, keepdims=True)
        self._rows = (self._points[:, rows] - self._centre).astype(np.float32)

    def total(self, columns: slice) -> float:
        """The sum of the distances between the block and these points."""
        others = (self._points[:, columns] - self._centre).astype(np.float32)
        shape = (self._rows.shape[1], others.shape[1])
        squares, difference = (held[: shape[0] * shape[1]].reshape(shape) for held in (self._squares, self._difference))
        np.subtract(self._rows[0][:, None], others[0], out=squares)
        np.square(squares, out=squares)
        for mine, theirs in zip(self._rows[1:], others[1:], strict=True):
            np.subtract(mine[:, None], theirs, out=difference)
            np.square(difference, out=difference)
            np.add(squares, difference, out=squares)
        np.sqrt(squares, out=squares)
        return float(squares.sum(1).sum(dtype=np.float64))


class _Products:
    """Distances of long vectors by matrix products.

    In float64, since |x|^2 + |y|^2 - 2 x.y in float32 would round the distances within a tight class away.
    """

    def __init__(self, vectors: Vectors, order: np.ndarray) -> None:
        largest = _TILE if vectors.device.type == "cpu" else _DEVICE_TILE
        self.tile = max(_ROWS, min(largest, int(_FLOPS / (2 * vectors.size))))
        self._vectors, self._order = vectors, torch.from_numpy(order).to(vectors.device)

    def move(self, rows: slice) -> None:
        """Go to the block of points from which distances are taken."""
        self._start = rows.start
        self._rows = self._vectors.centred(self._order[rows], torch.float64)

    def total(self, columns: slice) -> float:
        """The sum of the distances between the block and these points."""
        left, right = factors(self._rows, self._vectors.centred(self._order[columns], torch.float64))
        distances = (left @ right).clamp_(min=0).sqrt_()
        if columns.start == self._start:
            distances.fill_diagonal_(0)  # where the product leaves rounding
        return float(distances.sum())
