"""What the network still gets right when one layer's output is compressed."""

from __future__ import annotations

from dataclasses import dataclass
from math import log2
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from innerview.analysis.accuracy import wilson_interval
from innerview.errors import DataError, InnerviewError
from innerview.model import state
from innerview.model.replay import Recording
from innerview.predictions import scores
from innerview.projections import FITTED_ON, divide, projecting
from innerview.sweep import batch_size

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from torch import Tensor

    from innerview.analysis.projection import Projection
    from innerview.inspector import Inspector
    from innerview.jobs import Job


@dataclass(frozen=True, eq=False)
class Compression:
    """What is left when a layer's output is projected on fewer dimensions.

    Attributes:
        layer, basis, axis, rank: what was compressed, and how; see ``innerview.fit_projection``.
        accuracy: share of the samples evaluated that are classified correctly; None without labels.
        low, high: its 95 % Wilson interval.
        evaluated: number of samples evaluated so far.
        baseline_accuracy: of the same samples without compression.
        agreement: share of them whose predicted class is as without compression.
        matrix_shape: of the projection: dimensions and rank; None where it is no matrix.
        explained_variance: share of the variance that it keeps, of the samples it was fitted to.
        note: how it was evaluated, a sentence for the reader.
    """

    layer: str
    basis: str
    axis: str
    rank: int
    accuracy: float | None
    low: float | None
    high: float | None
    evaluated: int
    baseline_accuracy: float | None
    agreement: float
    matrix_shape: tuple[int, int] | None
    explained_variance: float
    note: str


@dataclass(frozen=True, eq=False)
class AccuracyCurve:
    """Accuracy against rank.

    Attributes:
        ranks: int64 ``[K]``, ascending.
        accuracy, low, high: float64 ``[K]`` with the bounds of its 95 % Wilson interval; NaN without labels.
        baseline_accuracy: without compression; None without labels.
        points: a Compression for each rank.
    """

    ranks: np.ndarray
    accuracy: np.ndarray
    low: np.ndarray
    high: np.ndarray
    baseline_accuracy: float | None
    points: list[Compression]

    def to_frame(self) -> Any:
        """A pandas DataFrame with one row a rank."""
        import pandas as pd  # noqa: PLC0415 - slow to import

        columns = ("rank", "accuracy", "low", "high", "agreement", "explained_variance", "matrix_shape", "evaluated")
        table = pd.DataFrame([{name: getattr(point, name) for name in columns} for point in self.points])
        return table.set_index("rank")


def compressing(
    inspector: Inspector,
    layer: str,
    ranks: Sequence[int] | None = None,
    *,
    basis: str = "pca",
    axis: str = "channels",
    samples: int | None = None,
    fit: Any = None,
    fit_samples: int = FITTED_ON,
    seed: int = 0,
    job: Job | None = None,
) -> Generator[list[Compression] | None, None, list[Compression]]:
    """Compress a layer's output at several ranks, and see what the network still gets right.

    The projection is fitted to one part of the data and evaluated on the other, in a seeded random order. What comes
    before the layer is computed once a batch, what comes after it once a batch and rank.

    Args:
        inspector: whose model and data are used.
        layer: a name in ``inspector.layers``.
        ranks: as many as wanted; None: powers of two up to all dimensions.
        basis: of the projection; see ``innerview.fit_projection``.
        axis: likewise.
        samples: how many to evaluate at most; None: all that the projection is not fitted to.
        fit: training data to fit to; see ``innerview.projections.projecting``.
        fit_samples: likewise.
        seed: of the order, and of a random basis.
        job: told the fraction done.

    Yields:
        After each batch the estimates so far, one for each rank in ascending order; None in between.

    Raises:
        UnknownLayerError, UnseenLayerError: no such layer, or its output is not made of floating point numbers.
        DataError: a rank out of range, or too few samples.
        InnerviewError: the model is no classifier, or was changed while it was evaluated.
        ForwardError: the model rejects a batch.
    """
    before = state.fingerprint(inspector.model)
    wanted = None if ranks is None else sorted({int(rank) for rank in ranks})
    if wanted is not None and (not wanted or wanted[0] < 1):
        raise DataError(f"ranks={list(ranks or [])}: a rank is 1 or more")
    if samples is not None and samples < 1:
        raise DataError(f"samples={samples}: at least one sample is evaluated")
    parts = divide(inspector, fit, fit_samples, seed)
    projection = yield from projecting(
        inspector, layer, wanted[-1] if wanted else None, basis, axis, fit=fit, fit_samples=fit_samples, seed=seed
    )
    evaluated_on = parts.evaluated[:samples]
    chosen = _powers(projection.largest) if wanted is None else [min(rank, projection.largest) for rank in wanted]
    tallies = [_Tally(projection.at(rank)) for rank in dict.fromkeys(chosen)]
    note = parts.note
    size = batch_size(inspector, layer)
    found: list[Compression] = []
    for start in range(0, len(evaluated_on), size):
        part = evaluated_on[start : start + size].tolist()
        how = yield from _evaluate(inspector, layer, part, tallies, before)
        done = start + len(part)
        if job is not None:
            job.fraction = done / len(evaluated_on)
        notes = "; ".join(filter(None, [note, projection.note, how]))
        found = [tally.result(layer, notes) for tally in tallies]
        yield found
    return found


def curve_of(points: list[Compression]) -> AccuracyCurve:
    """The curve through some compressions of one layer, in ascending order of their rank."""

    def column(name: str) -> np.ndarray:
        return np.array([getattr(point, name) for point in points], np.float64)  # None becomes NaN

    return AccuracyCurve(
        np.array([point.rank for point in points], np.int64),
        column("accuracy"),
        column("low"),
        column("high"),
        points[0].baseline_accuracy,
        points,
    )


class _Tally:
    """Counts of one rank."""

    def __init__(self, projection: Projection) -> None:
        self.projection = projection
        self.evaluated = self.agreed = self.labelled = self.correct = self.baseline = 0

    def add(self, predicted: Tensor, before: Tensor, labels: Tensor | None) -> None:
        """Take the predicted classes ``[n]`` with and without compression."""
        self.evaluated += len(predicted)
        self.agreed += int((predicted == before).sum())
        if labels is not None:
            self.labelled += len(labels)
            self.correct += int((predicted == labels).sum())
            self.baseline += int((before == labels).sum())

    def result(self, layer: str, note: str) -> Compression:
        """The estimate so far."""
        labelled = self.labelled > 0
        low, high = wilson_interval(self.correct, self.labelled) if labelled else (None, None)
        return Compression(
            layer,
            self.projection.basis,
            self.projection.axis,
            self.projection.rank,
            self.correct / self.labelled if labelled else None,
            low,
            high,
            self.evaluated,
            self.baseline / self.labelled if labelled else None,
            self.agreed / self.evaluated,
            self.projection.matrix_shape,
            self.projection.explained_variance,
            note,
        )


def _powers(largest: int) -> list[int]:
    return [2**power for power in range(int(log2(largest)) + 1) if 2**power < largest] + [largest]


def _evaluate(
    inspector: Inspector, layer: str, samples: list[int], tallies: list[_Tally], fingerprint: object
) -> Generator[None, None, str]:
    """One batch at every rank; what was not replayed is said."""
    axis = inspector.layers[layer].batch_axis or 0
    batch = inspector.data.batch(samples)
    recording: Recording | None = None
    recorded: object = None
    before = torch.empty(0)
    for tally in tallies:
        # The model is free for a click between two ranks, or for the next cell: then a snapshot comes in its place.
        with inspector.lent(batch) as (model, ready, rewind):
            if state.fingerprint(inspector.model) != fingerprint:
                raise InnerviewError("the model was changed while it was evaluated; evaluate it again")
            if recording is None or recorded is not model:
                recording, recorded = Recording(model, ready.args, ready.kwargs, layer, restore_rng=rewind), model
                before = scores(recording.output, len(samples)).argmax(1).cpu()
            edited = tally.projection.apply(recording.activation.movedim(axis, 0)).movedim(0, axis)
            output = recording.rerun(edited)
            predicted = scores(output, len(samples)).argmax(1).cpu()
        tally.add(predicted, before, None if batch.labels is None else batch.labels.cpu())
        yield None
    return "" if recording is None else recording.note
