"""The cosine similarities of a layer's samples."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from innerview.analysis.projections.pca import PCA, fitting_pca
from innerview.analysis.spaces.similarity import CosineHistogram, measuring_similarity
from innerview.errors import DataError
from innerview.jobs.progress import relay, silent
from innerview.study.projections import divide, projecting
from innerview.study.representations import MOST_ELEMENTS, SAMPLES, Pool, representing
from innerview.study.sweep import sweep

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from torch import Tensor

    from innerview.jobs.progress import Portion
    from innerview.jobs.worker import Job
    from innerview.study.representations import Representation
    from innerview.study.subject import Subject

_SMALLEST_RANK = 8
COMPARED = 500  # samples, where the answer to a slider is waited for


def similarity(
    subject: Subject,
    layer: str,
    reference: int | None = None,
    rank: int | None = None,
    bins: int = 200,
    *,
    pool: Pool = "all",
    samples: int | Sequence[int] | None = SAMPLES,
    correct_only: bool = False,
    seed: int = 0,
    job: Job | Portion | None = None,
) -> Generator[CosineHistogram | None, None, CosineHistogram]:
    """The histogram of cosine similarities between a layer's samples, of one class and of different ones.

    Args:
        subject: whose model and data are used.
        layer: a name in ``subject.layers``.
        reference: one sample, compared with all others; None compares all pairs.
        rank: keep that many principal components first, fitted on other samples than those compared.
        bins: of the histogram, from -1 to 1.
        pool: how an activation becomes a vector; see ``embed``.
        samples: how many, or which ones.
        correct_only: only samples that the model gets right.
        seed: for everything that is drawn at random.
        job: told the fraction done.

    Yields:
        First an estimate from some of the pairs, then None.

    Raises:
        UnknownLayerError, UnseenLayerError, ForwardError: as ``representing``.
        DataError: a rank or a reference out of range, or too few samples to fit and compare.
    """
    if reference is not None and not 0 <= reference < len(subject.data):
        raise DataError(f"there is no sample {reference}: the samples are 0 to {len(subject.data) - 1}")
    how: dict[str, Any] = {"pool": pool, "correct_only": correct_only, "seed": seed, "job": job}
    vectors = yield from silent(representing(subject, layer, samples=samples, **how))
    compared, indices = vectors.vectors, vectors.indices
    first: Tensor | None = None
    if reference is not None and reference not in indices:
        # It was not drawn: it joins for the comparison.
        alone = yield from silent(representing(subject, layer, samples=[reference], **{**how, "correct_only": False}))
        first = alone.vectors
    elif reference is not None:
        first = compared[indices == reference]
    if rank is not None:
        fitted = yield from _fitted(vectors, rank, seed, without=reference)
        subject.cache.trim()
        held_out = slice(len(indices) // 2, None)
        compared, indices = _compressed(fitted, compared[held_out], rank), indices[held_out]
        first = None if first is None else _compressed(fitted, first, rank)
    if first is not None:
        others = indices != reference
        compared = torch.cat([first, compared[others]])
        indices = np.concatenate([np.array([reference]), indices[others]])
    compared, labels, note = _labelled(compared, indices, subject.data.labels, reference)
    yield None
    place = None if reference is None else 0
    return (yield from _noted(measuring_similarity(compared, labels, place, bins, seed=seed), note, job))


def compressed_similarity(
    subject: Subject, layer: str, rank: int, basis: str = "pca", axis: str = "channels", *, job: Job | None = None
) -> Generator[CosineHistogram | None, None, CosineHistogram]:
    """The cosine similarities between samples of a layer that is compressed, as the layers after it see them.

    The projection is that of ``projections.projecting``, with its errors; it is not fitted to the samples compared.
    The steps are those of ``similarity``.
    """
    projection = yield from projecting(subject, layer, rank, basis, axis, job=job)
    indices = divide(subject).evaluated[:COMPARED]
    compressed = []
    for found in sweep(subject, layer, indices.tolist(), job):
        compressed.append(projection.apply(found.unpadded).flatten(1))
        yield None
    vectors, labels, note = _labelled(torch.cat(compressed), indices, subject.data.labels, None)
    return (yield from _noted(measuring_similarity(vectors, labels), note))


def ranks(subject: Subject, layer: str, samples: int = SAMPLES) -> list[int]:
    """Ranks worth comparing: the largest that can be fitted, and its halves down to 8."""
    size = subject.seen(layer).size or 0
    largest = min(size, MOST_ELEMENTS, min(samples, len(subject.data)) // 2 - 1)
    halves = [2**power for power in range(12, 2, -1) if 2**power < largest]
    return [largest, *halves] if largest >= _SMALLEST_RANK else []


def _labelled(
    vectors: Tensor, indices: np.ndarray, labels: np.ndarray | None, reference: int | None
) -> tuple[Tensor, np.ndarray | None, str]:
    """Leave out the samples without a label; or all labels, where too few are left or the reference has none.

    Returns the vectors, their labels, and a sentence on the samples left out.
    """
    if labels is None or (known := labels[indices] >= 0).all():
        return vectors, None if labels is None else labels[indices], ""
    if reference is not None and labels[reference] < 0:
        return vectors, None, f"sample {reference} has no label"
    if known.sum() < 2:  # noqa: PLR2004 - a pair
        return vectors, None, ""
    note = f"{(~known).sum():,} samples without a label left out"
    return vectors[torch.from_numpy(known)], labels[indices[known]], note


def _noted(
    work: Generator[CosineHistogram | float, None, CosineHistogram], note: str, job: Job | Portion | None = None
) -> Generator[CosineHistogram | None, None, CosineHistogram]:
    """Add a note to each histogram of ``measuring_similarity``, and tell the job the fraction done."""

    def noted(found: CosineHistogram) -> CosineHistogram:
        return replace(found, note="; ".join(filter(None, [note, found.note])))

    def step(found: CosineHistogram | float) -> CosineHistogram | None:
        if isinstance(found, CosineHistogram):
            return noted(found)
        if job is not None:
            job.fraction = found
        return None

    return noted((yield from relay(work, step)))


def _fitted(vectors: Representation, rank: int, seed: int, without: int | None) -> Generator[None, None, PCA]:
    """Principal components of the first half of the samples, fitted once for every rank; not to the one compared."""
    half = slice(len(vectors.indices) // 2)
    fitted_to = vectors.vectors[half]
    if without is not None and without in vectors.indices[half]:
        fitted_to = fitted_to[torch.from_numpy(vectors.indices[half] != without)]
    else:
        without = None
    most = min(len(fitted_to) - 1, fitted_to.shape[1])
    if not 1 <= rank <= most:
        raise DataError(
            f"rank={rank}: PCA is fitted on {len(fitted_to):,} of the {len(vectors.indices):,} samples, with "
            f"{fitted_to.shape[1]:,} elements each, so the rank is 1 to {most:,}"
        )
    if vectors.components is None or vectors.components[0] != without:
        vectors.components = without, (yield from fitting_pca(fitted_to, most, seed=seed))
    return vectors.components[1]


def _compressed(fitted: PCA, vectors: Tensor, rank: int) -> Tensor:
    """The vectors with only their first principal components left, as the rest of the network would see them."""
    return fitted.mean + fitted.coordinates(vectors)[:, :rank] @ fitted.components[:, :rank].T
