"""Predict every sample of a subject."""

from __future__ import annotations

from typing import TYPE_CHECKING

from innerview.errors import DataError
from innerview.jobs.worker import steps
from innerview.study.class_scores import scores

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from innerview.data.samples import Batch, Data
    from innerview.jobs.worker import Job
    from innerview.study.predictions import Predictions
    from innerview.study.subject import Subject


def predicting(subject: Subject, job: Job | None = None) -> Generator[Predictions, None, None]:
    """Predict every sample that was not predicted yet, in steps short enough to let a click through.

    Yields ``subject.predictions`` after each step; the job is told the fraction done.

    Raises:
        InnerviewError: the model is not a classifier, or was changed meanwhile.
        ForwardError: the model rejects a batch.
    """
    predictions = subject.predictions
    for part in steps(len(subject.data), job, start=predictions.done):
        # Two may ask at once, on two threads even: each continues where the other has come to.
        start = predictions.done
        for first, count, batch in _batches(subject.data, start, part.stop):
            predictions.add(first, scores(subject.output(batch), count), batch.labels)
        yield predictions
    subject.judged(predictions.done)


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
