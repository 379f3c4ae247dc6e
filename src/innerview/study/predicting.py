"""Predict every sample of a subject."""

from __future__ import annotations

from typing import TYPE_CHECKING

from innerview.jobs.worker import steps
from innerview.study.class_scores import scores, verdict

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
    order = subject.data.order()
    todo = order[~predictions.known[order]]
    for part in steps(len(todo), job):
        # Two may ask at once, on two threads even: neither does what the other has done.
        samples = todo[part.start : part.stop]
        samples = samples[~predictions.known[samples]]
        for places, batch in subject.data.batches(samples.tolist()):
            found = scores(subject.output(batch), len(places), subject.data.columns)
            predictions.add(samples[places.start : places.stop], verdict(found, batch.labels))
        yield predictions
    subject.judged(predictions.done)
