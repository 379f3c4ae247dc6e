"""t-SNE in pictures: it can be watched, paused and stopped.

L. van der Maaten and G. Hinton, Visualizing data using t-SNE, JMLR 9, 2008; by openTSNE (P. Policar, M. Strazar and
B. Zupan, openTSNE: a modular Python library for t-SNE dimensionality reduction and embedding, J. Stat. Softw. 109,
2024), from exact neighbours.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch

from innerview.analysis.layouts.start import unit_start
from innerview.analysis.layouts.watched import Picture, Watch, watched
from innerview.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from innerview.analysis.spaces.neighbours import Neighbours

_ROWS = 5_000  # of affinities between two chances to stop, about 0.1 s
INTERPOLATED = 10_000  # samples, from which on openTSNE's interpolation (in the plane only) is faster than its tree


class Phase(NamedTuple):
    """A stretch of the descent.

    Attributes:
        iterations: the number of them.
        exaggeration: the factor on the attraction; 1 is t-SNE itself, 12 first gathers the clusters.
        momentum: the share of the last step that is kept.
    """

    iterations: int
    exaggeration: float
    momentum: float


# Chosen on MNIST's pixels, perplexity 30, start by PCA; trustworthiness (k = 10) and divergence at the end:
#                                                              5,000 samples      20,000 samples
#   openTSNE's own, 250 with momentum 0.5 and 500 with 0.8     0.9824  1.464      0.9654  2.136
#   125 with 0.5 and 250 with 0.8                              0.9816  1.514      0.9657  2.252
#   75 with 0.8 and 250 with 0.8                               0.9824  1.514      0.9658  2.263
SCHEDULE = (Phase(75, 12.0, 0.8), Phase(250, 1.0, 0.8))


def tsne(
    neighbours: Neighbours,
    *,
    perplexity: float = 30.0,
    dimensions: int = 2,
    start: np.ndarray | None = None,
    seed: int = 0,
    schedule: Sequence[Phase] = SCHEDULE,
) -> Generator[Picture | None, None, np.ndarray]:
    """Lay samples out so that near ones stay near.

    The same neighbours, options and seed give the same points bit for bit on one machine, however often the
    computation was paused.

    Args:
        neighbours: of N samples, at least ``3 * perplexity`` of each (rounded down); further ones are not used.
        perplexity: the effective number of neighbours, from 1 to (N - 1) / 3.
        dimensions: 2 or 3.
        start: ``[N, dimensions]`` positions to begin with, of which only the shape matters, not the scale: a PCA
            picture, or the points of a similar computation, whose arrangement is then kept where possible. None:
            at random.
        seed: of the random start, and of the noise (1 % of the start's width) that parts equal points.
        schedule: the phases of the descent.

    Yields:
        A Picture when there is a newer one, at most about ten a second; None after waiting 30 ms for one.

    Returns:
        float32 ``[N, dimensions]``.

    Raises:
        DataError: too few samples or neighbours for this perplexity, or positions that do not fit.
    """
    count, held = neighbours.indices.shape
    origin = _origin(unit_start(start, count, dimensions), count, dimensions, seed)
    _check(count, held, perplexity)
    nearest = neighbours.first(int(3 * perplexity))
    phases = tuple(schedule)

    def work(watch: Watch) -> np.ndarray:
        affinities = _affinities(nearest, perplexity, watch)
        return _descend(origin, affinities, phases, watch)

    return (yield from watched(work, sum(phase.iterations for phase in phases)))


def _check(count: int, held: int, perplexity: float) -> None:
    largest = (count - 1) / 3
    if largest < 1:
        raise DataError(f"t-SNE of {count} samples; it needs 4 or more.")
    if not 1 <= perplexity <= largest:
        raise DataError(
            f"perplexity={perplexity:g} of {count:,} samples; choose one from 1 to {_rounded_down(largest):g}: each "
            "sample needs three times as many others."
        )
    if held < int(3 * perplexity):
        raise DataError(
            f"perplexity={perplexity:g} needs {int(3 * perplexity)} neighbours of each sample, but {held} are given; "
            f"find more, or choose a perplexity up to {_rounded_down(held / 3):g}."
        )


def _rounded_down(perplexity: float) -> float:
    return math.floor(perplexity * 10) / 10


def _origin(shape: np.ndarray | None, count: int, dimensions: int, seed: int) -> np.ndarray:
    """Scale the start [N, d] to a width of 1e-4, at which the points begin to attract each other at once.

    D. Kobak and P. Berens, The art of using t-SNE for single-cell transcriptomics, Nat. Commun. 10, 2019.
    """
    noise = np.random.default_rng(seed).normal(scale=1e-4, size=(count, dimensions))
    return noise if shape is None else shape * 1e-4 + 0.01 * noise


def _affinities(neighbours: Neighbours, perplexity: float, watch: Watch) -> Any:
    """Compute openTSNE's PerplexityBasedNN in parts, between which the work can stop."""
    from openTSNE.affinity import PrecomputedAffinities, joint_probabilities_nn  # noqa: PLC0415 - not before it is needed
    from scipy import sparse  # noqa: PLC0415 - not before it is needed

    indices, distances = neighbours
    count = len(indices)
    parts = []
    for begin in range(0, count, _ROWS):
        watch.check()
        rows = slice(begin, begin + _ROWS)
        parts.append(
            joint_probabilities_nn(
                indices[rows],
                distances[rows],
                [perplexity],
                symmetrize=False,
                normalization="point-wise",
                n_reference_samples=count,
                n_jobs=torch.get_num_threads(),
            )
        )
    watch.check()
    conditional = sparse.vstack(parts, format="csr")
    joint = conditional + conditional.T
    joint /= joint.sum()
    watch.check()
    return PrecomputedAffinities(joint, normalize=False)


def _descend(origin: np.ndarray, affinities: Any, phases: tuple[Phase, ...], watch: Watch) -> np.ndarray:
    from openTSNE.tsne import TSNEEmbedding, kl_divergence_bh, kl_divergence_fft  # noqa: PLC0415 - not before it is needed

    plane = origin.shape[1] == 2  # noqa: PLR2004 - dimensions
    gradient = kl_divergence_fft if plane and len(origin) >= INTERPOLATED else kl_divergence_bh
    done = 0

    # Watched here: where openTSNE calls back, it computes the divergence as well, which takes a third of an iteration.
    def watched_gradient(points: np.ndarray, *given: Any, should_eval_error: bool, **options: Any) -> Any:
        nonlocal done
        if not should_eval_error:  # as it is once after each phase
            watch.report(points, done)
            done += 1
        return gradient(points, *given, should_eval_error=should_eval_error, **options)

    method: Any = watched_gradient  # a function is documented, but not in the type
    embedding = TSNEEmbedding(origin, affinities, negative_gradient_method=method, n_jobs=torch.get_num_threads())
    for phase in phases:
        embedding.optimize(phase.iterations, inplace=True, exaggeration=phase.exaggeration, momentum=phase.momentum)
    return np.array(embedding, dtype=np.float32)
