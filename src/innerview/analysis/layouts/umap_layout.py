"""UMAP in pictures: it can be watched, paused and stopped.

L. McInnes, J. Healy and J. Melville, UMAP: Uniform Manifold Approximation and Projection, arXiv 1802.03426; by
umap-learn, from exact neighbours, so that its approximate search (pynndescent) has nothing to compile.
"""

from __future__ import annotations

import sys
import threading
import warnings
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from innerview.analysis.layouts.start import spectral_start, unit_start
from innerview.analysis.layouts.watched import Picture, Watch, watched
from innerview.analysis.spaces.neighbours import Neighbours
from innerview.errors import DataError
from innerview.jobs.progress import finish

if TYPE_CHECKING:
    from collections.abc import Generator

_MANY = 10_000  # samples, above which umap-learn makes do with fewer epochs
_EPOCHS, _FEWER_EPOCHS, _FEW_EPOCHS = 500, 200, 10
_PUSHES = 5.0  # random points for each use of an edge, umap-learn's default
_FEWEST = 4
_IMPORTING = threading.Lock()
_WIDTH = 10.0  # of the picture at the start
_EDGES_BETWEEN_REPORTS = 200_000  # edges times epochs, about 20 ms


def umap_layout(
    neighbours: Neighbours,
    *,
    n_neighbors: int = 15,
    min_dist: float = 0.1,
    dimensions: int = 2,
    start: np.ndarray | None = None,
    seed: int = 0,
    epochs: int | None = None,
    vectors: np.ndarray | None = None,
) -> Generator[Picture | None, None, np.ndarray]:
    """Lay samples out so that near ones stay near, with wider gaps between groups than t-SNE.

    The same neighbours, options and seed give the same points bit for bit on one machine, however often the
    computation was paused. Graph and epochs are umap-learn's; `spectral_start` says how the start differs.

    Args:
        neighbours: of N samples, at least ``n_neighbors - 1`` of each; further ones are not used.
        n_neighbors: the size of a neighbourhood, the sample itself counted, as in umap-learn; from 2 to N.
        min_dist: the least distance of points in the picture, from 0 to 1.
        dimensions: 2 or 3.
        start: ``[N, dimensions]`` positions to begin with, of which only the shape matters, not the scale. None: by
            the eigenvectors of the neighbourhood graph (spectral embedding), umap-learn's default.
        seed: of everything random.
        epochs: passes over the graph; None: 500, or 200 above 10,000 samples, as in umap-learn.
        vectors: ``[N, D]`` whose neighbours these are. They are only looked at when ``start`` is None and the graph
            falls into parts, whose centres then decide where the parts begin; without them, chance does.

    Yields:
        A Picture when there is a newer one, at most about ten a second; None after waiting 30 ms for one.

    Returns:
        float32 ``[N, dimensions]``.

    Raises:
        DataError: too few samples or neighbours, an option out of range, or positions that do not fit.
    """
    count, held = neighbours.indices.shape
    shape = unit_start(start, count, dimensions)
    rounds = epochs if epochs is not None else default_epochs(count)
    _check(count, held, n_neighbors, min_dist, rounds)
    nearest = neighbours.first(n_neighbors - 1)

    def work(watch: Watch) -> np.ndarray:
        random = np.random.RandomState(seed)  # what umap-learn draws from
        graph = _graph(nearest, watch)
        # Edges too weak to be used in so many epochs go before the start, as in umap-learn.
        weakest = graph.data.max() / (rounds if rounds > _FEW_EPOCHS else _EPOCHS)
        graph.data[graph.data < weakest] = 0.0
        graph.eliminate_zeros()
        points = shape
        if points is None:
            points = spectral_start(graph, dimensions, random, vectors=vectors, check=watch.check)
        return _descend(_spread(points, random), graph.tocoo(), random, watch, min_dist=min_dist, rounds=rounds)

    return (yield from watched(work, rounds))


def default_epochs(n: int) -> int:
    """The number of epochs for n samples, as in umap-learn: 500, or 200 above 10,000."""
    return _EPOCHS if n <= _MANY else _FEWER_EPOCHS


@cache
def warm_up() -> None:
    """Compile what UMAP needs, on a thread, once in a process, so that its first picture comes some seconds sooner.

    It returns at once, and is meant for the moment at which the user looks at what might lead to a UMAP.
    """
    threading.Thread(target=_compile, name="innerview UMAP warm-up", daemon=True).start()


def _compile() -> None:
    indices = (np.arange(8)[:, None] + np.arange(1, 4)) % 8
    ring = Neighbours(indices, np.tile(np.arange(1, 4, dtype=np.float32), (8, 1)))
    finish(umap_layout(ring, n_neighbors=4, epochs=1))


def _compiled() -> Any:
    """Import what numba compiles, late, since numba and umap-learn take a second."""
    # One thread warms it up while another may ask: a module that is still being imported is in sys.modules already.
    with _IMPORTING:
        if "umap" not in sys.modules:
            with warnings.catch_warnings():
                # umap-learn warns where TensorFlow, which only its ParametricUMAP needs, is not installed.
                warnings.simplefilter("ignore")
                import umap  # noqa: F401, PLC0415 - here, where its warning is caught
        from innerview.analysis.layouts import umap_compiled  # noqa: PLC0415 - not before it is needed

    return umap_compiled


def _check(count: int, held: int, n_neighbors: int, min_dist: float, rounds: int) -> None:
    if count < _FEWEST:
        raise DataError(f"UMAP of {count} samples; it needs {_FEWEST} or more.")
    if not 2 <= n_neighbors <= count:  # noqa: PLR2004 - itself and another
        raise DataError(f"n_neighbors={n_neighbors} of {count:,} samples; choose from 2 to {count:,}, itself counted.")
    if held < n_neighbors - 1:
        raise DataError(
            f"n_neighbors={n_neighbors} needs {n_neighbors - 1} neighbours of each sample, but {held} are given; find "
            f"more, or choose n_neighbors up to {held + 1}."
        )
    if not 0 <= min_dist <= 1:
        raise DataError(f"min_dist={min_dist:g}; choose it from 0 to 1.")
    if rounds < 1:
        raise DataError(f"epochs={rounds}; choose 1 or more.")


def _graph(neighbours: Neighbours, watch: Watch) -> Any:
    """Build the fuzzy simplicial set: a symmetric sparse matrix [N, N] of how much two samples are neighbours.

    As `umap.umap_.fuzzy_simplicial_set`, whose arrays name each sample first among its own neighbours.
    """
    from scipy.sparse import csr_matrix  # noqa: PLC0415 - not before it is needed

    compiled = _compiled()
    watch.check()
    count, k = neighbours.indices.shape
    indices = np.hstack([np.arange(count)[:, None], neighbours.indices])
    distances = np.hstack([np.zeros((count, 1), np.float32), neighbours.distances.astype(np.float32)])
    widths, nearest = compiled.smooth(distances, float(k + 1), 64, 1.0, 1.0)
    watch.check()
    rows, columns, values, _ = compiled.strengths(
        indices, distances, widths, nearest, return_dists=False, bipartite=False
    )
    directed = csr_matrix((values, (rows, columns)), shape=(count, count))
    directed.eliminate_zeros()
    watch.check()
    other_way = directed.T.tocsr()
    return (directed + other_way - directed.multiply(other_way)).tocsr()


def _spread(points: np.ndarray, random: np.random.RandomState) -> np.ndarray:
    """Stretch to 0 to 10 along the widest axis, float32 [N, d], with a little noise: no two points are the same."""
    points = points * (_WIDTH / max(np.abs(points).max(), 1e-30))
    points = points.astype(np.float32) + random.normal(scale=1e-4, size=points.shape).astype(np.float32)
    points -= points.min(0)
    return np.ascontiguousarray(points * (_WIDTH / points.max()))


def _descend(
    points: np.ndarray, graph: Any, random: np.random.RandomState, watch: Watch, *, min_dist: float, rounds: int
) -> np.ndarray:
    """Run the epochs as `umap.layouts.optimize_layout_euclidean` does."""
    from umap.umap_ import find_ab_params, make_epochs_per_sample  # noqa: PLC0415 - not before it is needed

    compiled = _compiled()
    a, b = find_ab_params(1.0, min_dist)
    pull_every = make_epochs_per_sample(graph.data, rounds)
    push_every = pull_every / _PUSHES
    next_pull, next_push = pull_every.copy(), push_every.copy()
    limits = np.iinfo(np.int32)
    drawn = random.randint(limits.min + 1, limits.max - 1, 3).astype(np.int64)
    states = drawn + points[:, :1].astype(np.float64).view(np.int64)
    every = max(1, _EDGES_BETWEEN_REPORTS // max(1, len(graph.data)))
    rate = 1.0
    for number in range(rounds):
        compiled.epoch(
            points, graph.row, graph.col, pull_every, next_pull, push_every, next_push, states, a, b, rate, number
        )
        rate = 1.0 - number / rounds
        if number % every == 0:
            watch.report(points, number + 1)
    return points
