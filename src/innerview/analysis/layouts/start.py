"""The positions that t-SNE and UMAP begin with: those of another picture, or the eigenvectors of the neighbourhoods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from innerview.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable

_FLAT = (2, 3)  # the dimensions that a picture may have
_ROUNDING = 1e-12  # by so much the mean of equal numbers may be off: that is not a width
_VECTORS = 20  # of the eigensolver; see spectral_start
_RESTARTS = 300


def unit_start(start: np.ndarray | None, count: int, dimensions: int) -> np.ndarray | None:
    """Centre the positions ``[N, d]`` of another picture, and scale them to one width.

    Returns:
        float64 ``[N, d]`` with mean 0 and standard deviation 1 along the widest axis; None without a start, or where
        all positions are the same.

    Raises:
        DataError: d is neither 2 nor 3, or ``start`` is of another shape or not finite.
    """
    if dimensions not in _FLAT:
        raise DataError(f"dimensions={dimensions!r}; an embedding is drawn in 2 or in 3.")
    if start is None:
        return None
    if start.shape != (count, dimensions):
        raise DataError(
            f"start has the shape {list(start.shape)}; {count:,} samples in {dimensions} dimensions begin at "
            f"{[count, dimensions]}."
        )
    if not np.isfinite(start).all():
        raise DataError("start has positions that are not finite; leave it out, or replace them.")
    centred = start.astype(np.float64)
    largest = np.abs(centred).max()
    if largest > 0:
        centred /= largest  # so that no square overflows
    centred -= centred.mean(0)
    width = centred.std(0).max()
    return centred / width if width > _ROUNDING else None


def spectral_start(
    graph: Any,
    dimensions: int,
    random: np.random.RandomState,
    *,
    vectors: np.ndarray | None = None,
    check: Callable[[], None] = lambda: None,
) -> np.ndarray:
    """Find the slowest vibrations of the neighbourhood graph, one part of the graph after the other.

    They are the eigenvectors of the normalised Laplacian with the smallest eigenvalues above 0; M. Belkin and
    P. Niyogi, Laplacian eigenmaps for dimensionality reduction and data representation, Neural Computation 15, 2003. As
    `umap.spectral.spectral_layout`, with differences. The eigensolver keeps 20 vectors
    instead of sqrt(N), which finds the same ones 60 times sooner for 20,000 samples and never holds the interpreter for
    long. If the graph falls into parts, each is drawn by its own eigenvectors around its place, which the
    principal components of the parts' centres give: umap-learn's spectral embedding of the centres warns, and divides
    by zero, when they lie far apart.

    Args:
        graph: scipy's sparse ``[N, N]`` by rows: symmetric similarities of neighbours.
        dimensions: of the picture.
        random: where the eigensolver begins; and for what has no better place: parts too small or too even to have
            eigenvectors, and, without vectors, the places of the parts.
        vectors: ``[N, D]`` whose neighbourhoods the graph describes; only looked at when it falls into parts.
        check: called again and again; an exception it raises ends the computation.

    Returns:
        float64 ``[N, dimensions]`` in a scale of no meaning.
    """
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415 - not before it is needed

    parts, part_of = connected_components(graph, directed=False)
    if parts == 1:
        return _vibrations(graph, dimensions, random, check)
    places = _places(parts, part_of, dimensions, random, vectors)
    result = np.empty((graph.shape[0], dimensions))
    members = np.split(np.argsort(part_of, kind="stable"), np.cumsum(np.bincount(part_of))[:-1])
    for place, rows in zip(places, members, strict=True):
        check()
        apart = np.sqrt(((places - place) ** 2).sum(1))
        room = apart[apart > 0].min() / 2
        shape = _vibrations(graph[rows][:, rows], dimensions, random, check)
        result[rows] = place + shape * (room / max(np.abs(shape).max(), 1e-12))
    return result


def _vibrations(graph: Any, dimensions: int, random: np.random.RandomState, check: Callable[[], None]) -> np.ndarray:
    """Find the vibrations [N, d] of a connected graph; points at random where there are no eigenvectors to be found."""
    from scipy.sparse import diags  # noqa: PLC0415 - not before it is needed
    from scipy.sparse.linalg import ArpackError, LinearOperator, eigsh  # noqa: PLC0415 - not before it is needed

    count = graph.shape[0]
    if count > dimensions + 1:
        scale = diags(1.0 / np.sqrt(np.asarray(graph.sum(axis=0)).ravel().astype(np.float64)))
        similarity = (scale @ graph @ scale).tocsr()

        def times(vector: np.ndarray) -> np.ndarray:
            check()
            return similarity @ vector

        operator: Any = LinearOperator
        solve: Any = eigsh
        try:
            values, found = solve(
                operator(similarity.shape, matvec=times, dtype=np.float64),
                dimensions + 1,
                which="LA",
                ncv=min(count, _VECTORS),
                tol=1e-4,
                # Not all ones as in umap-learn: from there no vibration is found that a symmetric graph makes odd.
                v0=random.normal(size=count),
                maxiter=_RESTARTS,
            )
        except ArpackError:  # too many eigenvalues next to each other
            pass
        else:
            return found[:, np.argsort(-values)[1:]]
    return random.uniform(-1.0, 1.0, size=(count, dimensions))


def _places(
    parts: int, part_of: np.ndarray, dimensions: int, random: np.random.RandomState, vectors: np.ndarray | None
) -> np.ndarray:
    """A place for each part of the graph, [parts, d]; no two are the same."""
    places = random.uniform(-1.0, 1.0, size=(parts, dimensions))
    if vectors is None:
        return places
    flat = vectors.reshape(len(vectors), -1)
    centres = np.stack([flat[part_of == part].mean(0, dtype=np.float64) for part in range(parts)])
    centres -= centres.mean(0)
    left, sizes, _ = np.linalg.svd(centres, full_matrices=False)
    found = (left * sizes)[:, :dimensions]
    width = np.abs(found).max()
    if width == 0:
        return places
    # Parts whose centres coincide, or lie on a line, still need a place each: hence the little that is random.
    places *= 0.01
    places[:, : found.shape[1]] += found / width
    return places
