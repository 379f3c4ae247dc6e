"""The model's prediction for each sample, as far as it was asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from innerview.errors import DataError
from innerview.jobs.worker import steps
from innerview.study.class_scores import scores, verdict
from innerview.study.score import Score

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from torch import Tensor

    from innerview.data.samples import Batch, Data
    from innerview.jobs.worker import Job
    from innerview.session.inspector import Inspector


class Predictions:
    """Predictions of the first ``done`` samples of a data set.

    Args:
        total: number of samples in all.

    Attributes:
        predicted: int64 ``[total]``, -1 where not predicted yet, or where the scores are NaN.
        correct: int8 ``[total]``: 1, 0, or -1 where not predicted yet or unlabelled.
        loss: float32 ``[total]``: cross-entropy ``-ln p(label)`` in nats; NaN where not predicted yet or unlabelled.
        done: how many of the samples were predicted, from the first on.
    """

    def __init__(self, total: int) -> None:
        self.predicted = np.full(total, -1, np.int64)
        self.correct = np.full(total, -1, np.int8)
        self.loss = np.full(total, np.nan, np.float32)
        self.done = 0

    def add(self, start: int, log_probabilities: Tensor, labels: Tensor | None) -> None:
        """Take the next samples in order; taking some again changes nothing.

        Args:
            start: index of the first of them, at most ``done``.
            log_probabilities: ``[N, classes]``, as ``scores`` returns them.
            labels: int64 ``[N]``, negative for a sample without one; or None.
        """
        found = verdict(log_probabilities, labels)
        part = slice(start, start + len(found.predicted))
        self.predicted[part] = found.predicted.numpy()
        self.correct[part] = found.correct.char().masked_fill(found.labels < 0, -1).numpy()
        self.loss[part] = found.loss.numpy()
        self.done = max(self.done, part.stop)

    @property
    def score(self) -> Score:
        """The accuracy over the labelled samples predicted so far; without what is counted by class."""
        return Score(self.done, int((self.correct >= 0).sum()), int((self.correct == 1).sum()))


def predicting(inspector: Inspector, job: Job | None = None) -> Generator[Predictions, None, None]:
    """Predict every sample that was not predicted yet, in steps short enough to let a click through.

    Yields:
        ``inspector.predictions`` after each step.
    """
    predictions = inspector.predictions
    for part in steps(len(inspector.data), job, start=predictions.done):
        if predictions is not inspector.predictions:
            return  # the model was changed meanwhile: what is left would mix two models
        # Two may ask at once, on two threads even: each continues where the other has come to.
        start = predictions.done
        for first, count, batch in _batches(inspector.data, start, part.stop):
            predictions.add(first, scores(inspector.output(batch), count), batch.labels)
        yield predictions
    inspector.judged = predictions.done


def _batches(data: Data, start: int, stop: int) -> Iterator[tuple[int, int, Batch]]:
    """First index, number of samples and batch: all at once, or one by one where they differ in shape."""
    if stop <= start:
        return
    try:
        batches = [(start, stop - start, data.batch(range(start, stop)))]
    except DataError:
        if stop - start == 1:
            raise
        batches = ((index, 1, data.batch([index])) for index in range(start, stop))
    yield from batches
