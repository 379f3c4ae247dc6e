"""Predict every sample of a subject."""

from __future__ import annotations

from typing import TYPE_CHECKING

from innerview.jobs.worker import steps
from innerview.study.class_scores import scores

if TYPE_CHECKING:
    from collections.abc import Generator

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
        for places, batch in subject.data.batches(range(start, part.stop)):
            found = scores(subject.output(batch), len(places), subject.data.columns)
            predictions.add(start + places.start, found, batch.labels)
        yield predictions
    subject.judged(predictions.done)
