"""A projection fitted to a layer's output for training data, kept for the next who asks."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch.utils._pytree import tree_leaves

from innerview.analysis.projections.projection import FLOAT_BITS, Projection, default_rank, fitting_projection
from innerview.errors import DataError, UnseenLayerError
from innerview.jobs.progress import silent
from innerview.study.sweep import sweep

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

    import numpy as np
    from torch import Tensor

    from innerview.data.samples import Data
    from innerview.jobs.progress import Portion
    from innerview.jobs.worker import Job
    from innerview.study.subject import Subject
    from innerview.study.sweep import Swept

FITTED_ON = 1000  # samples, at most, unless told otherwise
_FEWEST = 2  # samples: one to fit, one to evaluate
_AT_LEAST = 512  # ranks of one fit, so that a slider may go further


class Parts(NamedTuple):
    """The samples that a projection is fitted to, and those left for evaluating it.

    Attributes:
        data: the training data, or the subject's own.
        fitted: indices in ``data``.
        evaluated: indices in the subject's data, in its visiting order; none of the samples fitted to.
        note: a sentence for the reader on how they were chosen.
    """

    data: Data
    fitted: np.ndarray
    evaluated: np.ndarray
    note: str


def divide(subject: Subject, fit: Any = None, fit_samples: int = FITTED_ON, seed: int = 0) -> Parts:
    """Choose the samples to fit to, at most so many, by a seeded draw.

    ``fit`` is training data in any form that an Inspector takes; None: those given to the Inspector, else a part of
    the subject's own data, up to a half.

    Raises:
        DataError: too few samples, or the training data is the data that is evaluated.
    """
    if fit_samples < 1:
        raise DataError(f"fit_samples={fit_samples}: a projection is fitted to at least one sample")
    order = subject.data.order(seed)
    data = subject.training if fit is None else _training(subject, fit)
    if data is not None:
        fitted = data.order(seed)[:fit_samples]
        return Parts(data, fitted, order, f"fitted to {len(fitted):,} samples of the training data")
    if len(order) < _FEWEST:
        raise DataError(f"{len(order)} sample: a projection is fitted to some samples and evaluated on others")
    count = min(len(order) // 2, fit_samples)
    return Parts(subject.data, order[:count], order[count:], f"fitted to {count:,} samples that are not evaluated")


def projecting(
    subject: Subject,
    layer: str,
    rank: int | None = None,
    basis: str = "pca",
    axis: str = "channels",
    *,
    fit: Any = None,
    fit_samples: int = FITTED_ON,
    seed: int = 0,
    captured: Iterable[Swept] | None = None,
    job: Job | Portion | None = None,
) -> Generator[None, None, Projection]:
    """A projection fitted to a layer's output; at once where it was fitted before and the model is unchanged.

    One fit serves all lower ranks: ``projection.at(k)`` is nested in it. It reaches to at least rank 512 where there
    are so many dimensions and samples, so that ``projection.curve`` shows what other ranks would keep. Samples with NaN
    or infinite activations are left out.

    Args:
        subject: whose model and data are used.
        layer: a name in ``subject.layers``.
        rank: of the projection; None: as high as can be (256 of more than 8,192 dimensions).
        basis: see ``innerview.fit_projection``.
        axis: see ``innerview.fit_projection``.
        fit: training data to fit to, see ``divide``.
        fit_samples: how many of them, at most.
        seed: for the draw of the samples, and for a random basis.
        captured: the layer's output for the samples fitted to, where it is there already.
        job: told the fraction done.

    Returns:
        The projection at this rank. Where the samples fitted to span fewer directions it is at the highest rank there
        is, and its note says so.

    Raises:
        UnknownLayerError, UnseenLayerError: no such layer, or its output is not made of floating point numbers.
        DataError: the rank is out of range, too few samples, none with finite activations, or activations that vary
            in shape.
        ForwardError: the model rejects a batch.
    """
    row = subject.seen(layer)
    if row.shape is None or row.batch_axis is None or "float" not in str(row.dtype):
        raise UnseenLayerError(
            f"{layer!r} cannot be compressed: its output is {row.dtype} of shape {row.shape}; "
            "it takes floating point numbers with an axis for the samples"
        )
    channel = subject.axes.layout(layer, row.shape).channel_axis if row.shape else 0
    dimensions = prod(row.shape) if axis == "all" or not row.shape else row.shape[channel]
    parts = divide(subject, fit, fit_samples, seed)
    most = FLOAT_BITS if basis == "quantise" else dimensions
    rank = default_rank(basis, dimensions) if rank is None else rank
    key = _place(subject, layer, (basis, axis), parts, (fit_samples, seed))
    fitted: _Fitted | None = subject.cache.get(key)
    if fitted is None or rank > fitted.asked:
        # A rank that does not exist is asked for as it is: the fit says what would have worked.
        asked = max(rank, min(_AT_LEAST, most)) if 1 <= rank <= most else rank
        batches = captured or sweep(subject, layer, parts.fitted.tolist(), job, data=parts.data)
        samples = _Samples(subject, layer, parts, channel if axis == "channels" else None, batches)
        given: Tensor | Iterator[Tensor] = iter(samples)
        if basis == "pca" and axis == "all" and samples.few:
            given = yield from _gathering(given)
        work = fitting_projection(
            given,
            asked,
            basis,  # type: ignore[arg-type] - checked there
            axis,  # type: ignore[arg-type] - checked there
            channel_axis=channel + 1,
            seed=seed,
        )
        projection = yield from silent(work)
        fitted = _Fitted(asked, replace(projection, note=samples.note))
        subject.cache.put(key, fitted)
    return fitted.at(rank)


def is_fitted(
    subject: Subject, layer: str, rank: int, basis: str, axis: str, *, fit: Any, fit_samples: int, seed: int
) -> bool:
    """Tell whether ``projecting`` has nothing to do for these."""
    parts = divide(subject, fit, fit_samples, seed)
    fitted: _Fitted | None = subject.cache.get(_place(subject, layer, (basis, axis), parts, (fit_samples, seed)))
    return fitted is not None and rank <= fitted.asked


def _place(subject: Subject, layer: str, how: tuple[str, str], parts: Parts, drawn: tuple[int, int]) -> tuple[Any, ...]:
    return ("projection", layer, *how, *drawn, parts.data, subject.state)


class _Fitted(NamedTuple):
    """A projection, and the rank that was asked for: with fewer samples than that it reaches less far."""

    asked: int
    projection: Projection

    @property
    def nbytes(self) -> int:
        """Bytes of its matrix."""
        return 4 * self.projection.parameters

    def at(self, rank: int) -> Projection:
        full = self.projection
        if rank <= full.largest:
            return full.at(rank)
        vectors = full.samples * prod(full.shape) // full.full_rank
        capped = f"rank {rank:,} was asked for, but {vectors:,} vectors span no more than {full.largest:,} directions"
        return replace(full, note="; ".join(filter(None, [full.note, capped])))


class _Samples:
    """The activations of the samples fitted to, batch by batch, without those that are not finite."""

    def __init__(
        self, subject: Subject, layer: str, parts: Parts, channel: int | None, batches: Iterable[Swept]
    ) -> None:
        self._layer, self._parts, self._batches = layer, parts, batches
        self._channel = channel  # where each position is a vector of channels
        elements, total = subject.layers[layer].size or 0, len(parts.fitted)
        # Of fewer vectors than dimensions the matrix of products is smaller, for which all have to be there.
        self.few = 8 * elements * total <= subject.cache.budget and total < elements
        self.note = ""

    def __iter__(self) -> Iterator[Tensor]:
        left_out = 0
        total = len(self._parts.fitted)
        for found in self._batches:
            values = found.unpadded
            finite = torch.isfinite(values.flatten(1)).all(1)
            kept = int(finite.sum())
            left_out += len(values) - kept
            if self._channel is not None and found.counts is not None:
                # Padding is no vector.
                counts = found.counts.expand_as(values).movedim(self._channel + 1, -1)[..., 0]
                for sample, there in zip(values[finite], counts[finite].flatten(1), strict=True):
                    vectors = sample.movedim(self._channel, -1).flatten(0, -2)[there]
                    yield vectors.reshape(1, -1, *[1] * (sample.ndim - 2), vectors.shape[1]).movedim(
                        -1, self._channel + 1
                    )
            elif kept:
                yield values if kept == len(values) else values[finite]
        if left_out == total:
            raise DataError(
                f"nothing can be fitted to {self._layer!r}: all {total:,} samples have NaN or infinite values there"
            )
        if left_out:
            self.note = (
                f"{left_out:,} of {total:,} samples fitted to are left out: NaN or infinite values in {self._layer!r}"
            )


def _gathering(batches: Iterator[Tensor]) -> Generator[None, None, Tensor | Iterator[Tensor]]:
    """All batches in one tensor; as they are where they vary in shape, for the fit to complain about."""
    gathered: list[Tensor] = []
    for values in batches:
        gathered.append(values)
        yield
    return torch.cat(gathered) if len({values.shape[1:] for values in gathered}) == 1 else iter(gathered)


def _training(subject: Subject, fit: Any) -> Data:
    """The user's training data as Data; the same object each time the same is given."""
    key = ("training", *map(id, tree_leaves(fit)))
    known = subject.cache.get(key)
    if known is None:
        # Held together, so that the identities in the key stay theirs.
        known = (fit, subject.data.alike(fit))
        subject.cache.put(key, known)
    return known[1]
