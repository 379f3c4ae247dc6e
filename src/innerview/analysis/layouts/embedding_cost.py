"""The cost of an embedding, known before it is computed: neighbours and seconds."""

from __future__ import annotations

import math
import sys

import torch

from innerview.analysis.layouts.tsne import INTERPOLATED, SCHEDULE
from innerview.analysis.layouts.umap_layout import default_epochs
from innerview.errors import DataError

# Seconds, measured on two cores of a server; benchmarks/embedding.py prints estimates beside what it measures.
_AFFINITY = 2.3e-7  # a neighbour
_BARNES_HUT = 4.8e-7  # a point, its logarithm (base 2) and an iteration, on one core
_SPACE = 1.7  # times longer in 3-D
_GRID, _INTERPOLATE = 0.012, 1.2e-6  # an iteration; a point and an iteration
_EPOCH = 1.0e-7  # a neighbour and an epoch
_COMPILE = 4.0  # for the first UMAP in a process


def neighbours_needed(method: str, n: int, *, perplexity: float = 30.0, n_neighbors: int = 15) -> int:
    """The number of neighbours of each of n samples that t-SNE or UMAP looks at: from 1 to ``n - 1``.

    t-SNE looks at three times its perplexity; UMAP's ``n_neighbors`` counts the sample itself.

    Raises:
        DataError: another method than "tsne" or "umap".
    """
    wanted = {"tsne": int(3 * perplexity), "umap": n_neighbors - 1}
    if method not in wanted:
        raise DataError(f"method={method!r}; choose 'tsne' or 'umap'.")
    return max(1, min(n - 1, wanted[method]))


def estimate_seconds(
    method: str, n: int, *, perplexity: float = 30.0, n_neighbors: int = 15, dimensions: int = 2
) -> float:
    """Estimate the seconds of an embedding of n samples once the neighbours are known; it may need half or thrice that.

    Those for compiling are in it when UMAP has not been used in this process yet.

    Raises:
        DataError: another method than "tsne" or "umap".
    """
    k = neighbours_needed(method, n, perplexity=perplexity, n_neighbors=n_neighbors)
    if method == "umap":
        compiling = 0.0 if "innerview.analysis.layouts.umap_compiled" in sys.modules else _COMPILE
        return compiling + _EPOCH * n * k * default_epochs(n)
    if dimensions == 2 and n >= INTERPOLATED:  # noqa: PLR2004 - the plane
        iteration = _GRID + _INTERPOLATE * n
    else:
        iteration = _BARNES_HUT * n * math.log2(max(n, 2)) / torch.get_num_threads()
        iteration *= 1.0 if dimensions == 2 else _SPACE  # noqa: PLR2004 - the plane
    return _AFFINITY * n * k + iteration * sum(phase.iterations for phase in SCHEDULE)
