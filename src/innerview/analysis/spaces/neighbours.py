"""The exact nearest neighbours of every vector.

Computed once for a representation, they serve t-SNE, UMAP and the accuracy of a nearest-neighbour classifier.
"""

from __future__ import annotations

from math import sqrt
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from innerview.analysis.spaces.vectors import Vectors, factors, scanning
from innerview.errors import DataError
from innerview.jobs.progress import relay

if TYPE_CHECKING:
    from collections.abc import Generator

_TREE_SIZE = 8  # up to so many elements a k-d tree is faster than products
_LIBRARY_FLOPS = 4e9  # of scikit-learn's product between two yields, in float64 about 40 ms on two cores
_LIBRARY_COPY = 1 << 28  # bytes that may be copied to bring the vectors into a form that scikit-learn takes
_SURE = 1e6  # times the rounding of a product must a squared distance be, to count as exact in float32
_STEP_SECONDS = 0.02  # aimed at between two yields of the tree
_FLOPS = 2e9  # of a product between two yields, about 20 ms on two cores
_ROWS = 512  # queries in one block: enough for the product to run at full speed
_BUFFER_BYTES = 1 << 24  # of squared distances that wait for the selection of the smallest
# Of vectors fetched at once for exact distances. Less would stay in a faster cache, but each operation waits for all
# threads, which takes long beside a cell that trains.
_GATHER_BYTES = 1 << 22
_GATHERS = 2  # such fetches between two yields


class Neighbours(NamedTuple):
    """The k nearest other vectors of each vector, nearest first.

    A vector is excluded from its own neighbours by its index, not by its distance: its duplicates are neighbours at
    distance 0. Which come first of those that are equally far is not defined, but always the same.
    """

    indices: np.ndarray
    """int64 [N, k]"""
    distances: np.ndarray
    """float32 [N, k], euclidean, ascending"""

    def first(self, k: int) -> Neighbours:
        """Keep only the k nearest [N, k].

        Raises:
            DataError: there are fewer than k, or k is below 1.
        """
        held = self.indices.shape[1]
        if not 1 <= k <= held:
            raise DataError(f"k={k}, but each vector has {held} neighbours here; choose k from 1 to {held}.")
        return Neighbours(self.indices[:, :k], self.distances[:, :k])


def finding_neighbours(vectors: torch.Tensor | np.ndarray, k: int) -> Generator[float, None, Neighbours]:
    """Find the exact k nearest neighbours of every vector, by euclidean distance.

    Args:
        vectors: [N, D] of any real type. A tensor is worked on where it lies (CPU or accelerator); an array may be
            memory-mapped and larger than the memory: about 100 MB are used besides the result.
        k: how many neighbours, from 1 to N - 1.

    Yields:
        The fraction done, from 0 to 1, at least every 50 ms or so (a k-d tree of a million points takes a second).

    Raises:
        DataError: not [N, D] with N >= 2, k out of range, or vectors that are not finite.
    """
    if vectors.ndim == 2 and not 1 <= k < len(vectors):  # noqa: PLR2004 - samples x elements
        raise DataError(
            f"k={k} neighbours of {len(vectors):,} vectors; choose k from 1 to {len(vectors) - 1:,}: a vector is not "
            "its own neighbour."
        )
    read = yield from relay(scanning(vectors), lambda read: 0.02 * read)
    work = _by_tree(read, k) if read.size <= _TREE_SIZE else _by_products(read, k)
    return (yield from relay(work, lambda done: 0.02 + 0.98 * done))


def _by_tree(vectors: Vectors, k: int) -> Generator[float, None, Neighbours]:
    from scipy.spatial import KDTree  # noqa: PLC0415 - takes 0.1 s, for which `import innerview` must not wait

    values = vectors.raw(slice(None)).cpu().double().numpy()
    # A tree of the distinct points: where many are equal, a k-d tree searches all of them for each of them.
    positions = _Positions(values)
    tree = KDTree(positions.distinct)
    asked = min(k + 1, len(positions.distinct))
    indices = np.empty((vectors.count, k), np.int64)
    distances = np.empty((vectors.count, k), np.float32)
    start, step = 0, 64
    while start < vectors.count:
        begun = perf_counter()
        rows = np.arange(start, min(start + step, vectors.count))
        far, near = tree.query(values[rows], asked, workers=torch.get_num_threads())
        near, far = np.reshape(near, (len(rows), asked)), np.reshape(far, (len(rows), asked))
        near, far = positions.points(near, far, k + 1)
        indices[rows], far = _others(rows, near, far)
        distances[rows] = far / vectors.scale
        start += step
        # How long a query takes depends on the data by factors of a hundred; so the step follows what was measured.
        step = int(step * min(4.0, max(0.25, _STEP_SECONDS / (perf_counter() - begun)))) + 1
        yield min(1.0, start / vectors.count)
    return Neighbours(indices, distances)


class _Positions:
    """The distinct positions `distinct` [P, D] of points [N, D], and which points share each."""

    def __init__(self, points: np.ndarray) -> None:
        order = np.lexsort(points.T)
        first = np.ones(len(points), bool)
        first[1:] = (points[order[1:]] != points[order[:-1]]).any(1)
        self.distinct = points[order[first]]
        self._order = order
        self._starts = first.nonzero()[0]
        self._sizes = np.diff(self._starts, append=len(points))

    def points(self, near: np.ndarray, far: np.ndarray, wanted: int) -> tuple[np.ndarray, np.ndarray]:
        """The first `wanted` points of those at the positions `near` [R, P], which are at distances `far` [R, P]."""
        if len(self._starts) == len(self._order):
            return self._order[near], far
        ends = np.cumsum(self._sizes[near], axis=1)
        place = np.stack([(ends <= rank).sum(1) for rank in range(wanted)], axis=1)
        position = np.take_along_axis(near, place, 1)
        before = np.take_along_axis(ends, place, 1) - self._sizes[position]
        points = self._order[self._starts[position] + np.arange(wanted) - before]
        return points, np.take_along_axis(far, place, 1)


def _others(rows: np.ndarray, near: np.ndarray, far: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Drop each vector itself from its k + 1 nearest [R, k + 1]: [R, k]."""
    left_out = near == rows[:, None]
    # Among k + 1 or more duplicates a vector may not have found itself; then the last goes.
    left_out[:, -1] |= ~left_out.any(1)
    return near[~left_out].reshape(len(rows), -1), far[~left_out].reshape(len(rows), -1)


def _by_products(vectors: Vectors, k: int) -> Generator[float, None, Neighbours]:
    indices = np.empty((vectors.count, k), np.int64)
    distances = np.empty((vectors.count, k), np.float32)
    library = _Library.of(vectors)
    step = _ROWS if library is None else max(1, int(_LIBRARY_FLOPS / (2 * vectors.count * vectors.size)))
    # Where the user lets float32 products be rounded to fewer bits, the bound in `_nearest` does not hold.
    first = torch.float32 if torch.get_float32_matmul_precision() == "highest" else torch.float64
    for start in range(0, vectors.count, step):
        rows = torch.arange(start, min(start + step, vectors.count), dtype=torch.int64, device=vectors.device)
        begin, share = start / vectors.count, len(rows) / vectors.count

        def within(done: float, begin: float = begin, share: float = share) -> float:
            return begin + share * done

        if library is not None:
            near, far, unsure = library.nearest(rows, k)
        else:
            near, far, unsure = yield from relay(_nearest(vectors, rows, k, first), within)
        if unsure.any():
            for again in unsure.nonzero()[:, 0].split(_ROWS):
                careful = _nearest(vectors, rows[again], k, torch.float64)
                near[again], far[again], _ = yield from relay(careful, lambda _, end=begin + share: end)
        indices[start : start + len(rows)] = near.cpu().numpy()
        distances[start : start + len(rows)] = (far / vectors.scale).cpu().numpy()
        yield begin + share
    return Neighbours(indices, distances)


class _Library:
    """scikit-learn's search by products, in float64 whatever the vectors are.

    On two cores it is 1.3 to 2.5 times as fast as ours (``benchmarks/quality.py``).

    Args:
        vectors: on the CPU.
        values: the same [N, D], as an array.
    """

    def __init__(self, vectors: Vectors, values: np.ndarray) -> None:
        from sklearn.neighbors import NearestNeighbors  # noqa: PLC0415 - takes half a second

        self._values = values
        self._model = NearestNeighbors(algorithm="brute").fit(values)
        self._rounding = _rounding(vectors.size, torch.float64)

    @classmethod
    def of(cls, vectors: Vectors) -> _Library | None:
        """Build the search; None for vectors that lie on an accelerator, or would need too large a copy."""
        held = vectors.array(_LIBRARY_COPY) if vectors.device.type == "cpu" else None
        return None if held is None else cls(vectors, held)

    def nearest(self, rows: torch.Tensor, k: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Search as ``_nearest``; unsure are those with a neighbour so near that rounding shows in the distance."""
        here = self._values[rows.numpy()]
        far, near = self._model.kneighbors(here, k + 1)
        near, far = _others(rows.numpy(), near, far)
        bound = self._rounding * (2 * np.linalg.norm(here.astype(np.float64), axis=1) + far[:, -1]) ** 2
        unsure = far[:, 0] ** 2 < _SURE * bound
        return torch.from_numpy(near), torch.from_numpy(far).float(), torch.from_numpy(unsure)


def _rounding(size: int, dtype: torch.dtype) -> float:
    """The part of (|x| + |y|)^2 by which rounding moves a squared distance by product at most: f(D) * u.

    u is the unit roundoff; f(D) is D in the worst case, and below 8 sqrt(D) but for odds of about 1e-14 (N. J. Higham
    and T. Mary, A new approach to probabilistic rounding error analysis, SIAM J. Sci. Comput. 41, 2019).
    """
    terms = size + 4
    return min(terms, 8 * sqrt(terms)) * torch.finfo(dtype).eps / 2


def _nearest(
    vectors: Vectors, rows: torch.Tensor, k: int, dtype: torch.dtype
) -> Generator[float, None, tuple[torch.Tensor, torch.Tensor, torch.Tensor]]:
    """The k nearest of some vectors: indices, distances [R, k], and [R] whether rounding may have hidden one of them.

    A few more than k are kept by squared distances from a product, then ordered by exact distances. Rounding moves a
    product by at most b = ``_rounding`` * (|x| + |y|)^2. If those left out were all farther by the product than the
    exact k-th plus b, nothing was missed. (A hidden y would be nearer than the k-th, hence |y| <= |x| + d_k.)
    """
    kept = min(vectors.count - 1, k + 8 + k // 8)
    here = vectors.centred(rows, dtype)
    near, cutoff = yield from _smallest(vectors, rows, here, kept)
    far = yield from _exact_distances(vectors, rows, near)
    far, order = far.sort(dim=1, stable=True)
    near, far = near.gather(1, order)[:, :k], far[:, :k]
    last = far[:, -1].to(dtype)
    bound = _rounding(vectors.size, dtype) * (2 * torch.linalg.vector_norm(here, dim=1) + last).square()
    unsure = (last > 0) & (last.square() + bound > cutoff) & (kept < vectors.count - 1)
    return near, far, unsure & (dtype == torch.float32)  # float64 is as exact as it gets


def _smallest(
    vectors: Vectors, rows: torch.Tensor, here: torch.Tensor, kept: int
) -> Generator[float, None, tuple[torch.Tensor, torch.Tensor]]:
    """Indices [R, kept] of the smallest squared distances by product, and [R] the largest of these."""
    count = len(rows)
    width = min(vectors.count, max(kept, _BUFFER_BYTES // (here.element_size() * count)))
    step = min(width, max(1, int(_FLOPS / (2 * count * vectors.size))), vectors.rows_within(itemsize=8))
    # The smallest so far, then what came since: selecting is dear, so it waits until the buffer is full.
    buffer = here.new_empty((count, kept + width))
    buffer[:, :kept] = torch.inf
    near = rows.new_zeros((count, kept))
    base, end = 0, kept
    for start in range(0, vectors.count, step):
        left, right = factors(here, vectors.centred(slice(start, start + step), here.dtype))
        columns = right.shape[1]
        if end + columns > kept + width:
            near = _keep_smallest(buffer[:, :end], near, base)
            base, end = start, kept
            yield start / vectors.count
        squares = buffer[:, end : end + columns]
        torch.mm(left, right, out=squares)
        own = ((rows >= start) & (rows < start + columns)).nonzero()[:, 0]
        squares[own, rows[own] - start] = torch.inf
        end += columns
        yield start / vectors.count
    near = _keep_smallest(buffer[:, :end], near, base)
    return near, buffer[:, :kept].amax(1)


def _keep_smallest(buffer: torch.Tensor, near: torch.Tensor, base: int) -> torch.Tensor:
    """Move the smallest to the front; their indices, where the kept had `near` and the others count from `base`."""
    kept = near.shape[1]
    smallest, at = buffer.topk(kept, dim=1, largest=False, sorted=False)
    buffer[:, :kept] = smallest
    return torch.where(at < kept, near.gather(1, at.clamp(max=kept - 1)), base + at - kept)


def _exact_distances(vectors: Vectors, rows: torch.Tensor, near: torch.Tensor) -> Generator[float, None, torch.Tensor]:
    """Distances [R, kept] from differences: |x|^2 + |y|^2 - 2 x.y leaves nothing but rounding of near duplicates."""
    kept = near.shape[1]
    step = max(1, vectors.rows_within(_GATHER_BYTES) // kept)
    parts = []
    for start in range(0, len(rows), step):
        here = vectors.raw(rows[start : start + step])[:, None]
        there = vectors.raw(near[start : start + step].reshape(-1)).reshape(len(here), kept, -1)
        # Not torch.cdist: it sums in float32 from the first to the last element, and loses a digit.
        parts.append(torch.linalg.vector_norm(there.sub_(here), dim=2).float())
        if len(parts) % _GATHERS == 0:
            yield 1.0
    return torch.cat(parts)
