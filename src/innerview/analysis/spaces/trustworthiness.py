"""Trust in a picture: whether neighbours in the plane are also neighbours in the space that it shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from innerview.analysis.spaces.neighbours import finding_neighbours
from innerview.analysis.spaces.vectors import Vectors, factors, scanning
from innerview.errors import DataError
from innerview.jobs.progress import relay

if TYPE_CHECKING:
    from collections.abc import Generator

_ROW_BYTES = 1 << 24  # of squared distances from a block of samples to all
_FLOPS = 1e9  # of one product in float64, about 20 ms on two cores


def measuring_trustworthiness(
    vectors: torch.Tensor | np.ndarray,
    points: torch.Tensor | np.ndarray,
    k: int = 10,
    *,
    sample: int | None = None,
    seed: int = 0,
) -> Generator[float, None, float]:
    """Measure the trustworthiness of points as a picture of vectors: every false neighbour costs by its true rank.

    T = 1 - 2 / (N k (2 N - 3 k - 1)) * sum over i and its k neighbours j in the picture of max(0, r(i, j) - k), where
    j is the r(i, j)-th neighbour of i among the vectors (J. Venna and S. Kaski, Neighborhood preservation in nonlinear
    projection methods, 2001; as scikit-learn's `sklearn.manifold.trustworthiness`, without its N x N matrix).

    Args:
        vectors: [N, D], what is pictured; may be memory-mapped.
        points: [N, d], the picture.
        k: neighbours looked at, below N / 2.
        sample: sum over so many random samples i only (their ranks are still among all N): an unbiased estimate for
            large N, whose error falls with the square root of `sample`. None: all.
        seed: of the choice.

    Yields:
        The fraction done.

    Returns:
        T, from 0 to 1.

    Raises:
        DataError: vectors or points that are not [N, D] or not finite, different N, k or sample out of range.
    """
    n = len(vectors)
    if len(points) != n:
        raise DataError(f"{n:,} vectors, but {len(points):,} points; all must be of the same samples.")
    if not 1 <= k < n / 2:
        raise DataError(f"k={k}, but trustworthiness of {n:,} samples needs k from 1 to {(n - 1) // 2}.")
    if sample is not None and sample < 1:
        raise DataError(f"sample={sample}; expected at least 1, or None for all samples.")
    read = yield from relay(scanning(vectors), lambda done: 0.05 * done)
    near = (yield from relay(finding_neighbours(points, k), lambda done: 0.05 + 0.15 * done)).indices
    chosen = np.arange(n)
    if sample is not None and sample < n:
        chosen = np.sort(np.random.default_rng(seed).choice(n, sample, replace=False))
    penalty = 0
    step = max(1, _ROW_BYTES // (8 * n))
    for start in range(0, len(chosen), step):
        rows, done = chosen[start : start + step], 0.2 + 0.8 * start / len(chosen)
        squares = yield from relay(_squares_to_all(read, rows), lambda _, done=done: done)
        columns = torch.from_numpy(near[rows]).to(read.device)
        for column in columns.T:
            rank = (squares < squares.gather(1, column[:, None])).sum(1) + 1
            penalty += int((rank - k).clamp_(min=0).sum())
            yield done
    return 1 - 2 * penalty / (len(chosen) * k * (2 * n - 3 * k - 1))


def _squares_to_all(vectors: Vectors, rows: np.ndarray) -> Generator[None, None, torch.Tensor]:
    """Squared distances [R, N] from some vectors to all; infinite to themselves."""
    index = torch.from_numpy(rows).to(vectors.device)
    here = vectors.centred(index, torch.float64)
    squares = here.new_empty((len(rows), vectors.count))
    step = min(max(1, int(_FLOPS / (2 * len(rows) * vectors.size))), vectors.rows_within(itemsize=8))
    for start in range(0, vectors.count, step):
        columns = slice(start, min(start + step, vectors.count))
        torch.mm(*factors(here, vectors.centred(columns, torch.float64)), out=squares[:, columns])
        yield
    squares[torch.arange(len(rows), dtype=torch.int64, device=index.device), index] = torch.inf
    return squares
