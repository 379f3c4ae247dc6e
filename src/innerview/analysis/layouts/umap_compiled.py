"""The parts of UMAP that numba compiles, so that Jupyter need not wait for them.

umap-learn compiles the same for other needs. Its epoch (`umap.layouts`) keeps the interpreter lock, and its loop over
epochs can be neither watched nor stopped. Its neighbourhoods (`umap.umap_`) run on numba's parallel threads: that takes
three times as long to compile and, with numba's "workqueue" threading layer, ends the process when the user's cell
computes in parallel at the same time ("Concurrent access has been detected",
https://numba.readthedocs.io/en/stable/user/threading-layer.html).

Importing this module imports numba and umap-learn: import it where it is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
from umap.layouts import clip, rdist
from umap.umap_ import compute_membership_strengths, smooth_knn_dist
from umap.utils import tau_rand_int

if TYPE_CHECKING:
    import numpy as np

# Not kept on disk: numba would write into umap-learn's folder.
smooth = numba.njit(smooth_knn_dist.py_func, nogil=True, locals=smooth_knn_dist.locals)
strengths = numba.njit(compute_membership_strengths.py_func, nogil=True, locals=compute_membership_strengths.locals)


@numba.njit(nogil=True, cache=True, fastmath=True)
def epoch(  # noqa: PLR0917 - numba knows no keyword-only arguments
    points: np.ndarray,
    heads: np.ndarray,
    tails: np.ndarray,
    pull_every: np.ndarray,
    next_pull: np.ndarray,
    push_every: np.ndarray,
    next_push: np.ndarray,
    states: np.ndarray,
    a: float,
    b: float,
    rate: float,
    number: int,
) -> None:
    """Move the points along the edges that are due, and away from points drawn at random.

    The similarity of two points at distance d in the picture is 1 / (1 + a d^(2b)); L. McInnes, J. Healy and
    J. Melville, UMAP: Uniform Manifold Approximation and Projection, arXiv 1802.03426, algorithm 5.

    The edges go from ``heads`` to ``tails``, int32 ``[E]``; ``pull_every`` and ``push_every``, float64 ``[E]``, are the
    epochs between two uses of an edge and between two random points for it; ``rate`` is the length of a step, and
    ``number`` that of this epoch, from 0. Moved on in place are the points, float32 ``[N, d]``, the epochs of the next
    use and the next random point, float64 ``[E]``, and the random numbers of each point, int64 ``[N, 3]``.
    """
    count, dimensions = points.shape
    for edge in range(heads.shape[0]):
        if next_pull[edge] > number:
            continue
        head = heads[edge]
        here = points[head]
        other = points[tails[edge]]
        square = rdist(here, other)
        if square > 0.0:
            factor = -2.0 * a * b * pow(square, b - 1.0)
            factor /= a * pow(square, b) + 1.0
        else:
            factor = 0.0
        for axis in range(dimensions):
            step = clip(factor * (here[axis] - other[axis]))
            here[axis] += step * rate
            other[axis] += -step * rate
        next_pull[edge] += pull_every[edge]
        pushes = int((number - next_push[edge]) / push_every[edge])
        for _ in range(pushes):
            drawn = tau_rand_int(states[head]) % count
            other = points[drawn]
            square = rdist(here, other)
            if square > 0.0:
                factor = 2.0 * b
                factor /= (0.001 + square) * (a * pow(square, b) + 1)
            else:
                continue
            for axis in range(dimensions):
                step = clip(factor * (here[axis] - other[axis])) if factor > 0.0 else 0.0
                here[axis] += step * rate
        next_push[edge] += pushes * push_every[edge]
