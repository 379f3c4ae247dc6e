"""The model's prediction for each sample, as far as it was asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from innerview.study.class_scores import verdict
from innerview.study.score import Score

if TYPE_CHECKING:
    from torch import Tensor


class Predictions:
    """Predictions of the first ``done`` of ``total`` samples.

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
        """Take the next samples, the first at most ``done``, in order; taking some again changes nothing.

        Scores and labels are as for ``verdict``.
        """
        found = verdict(log_probabilities, labels)
        part = slice(start, start + len(found.predicted))
        self.predicted[part] = found.predicted.numpy()
        self.correct[part] = found.correct.char().masked_fill(found.labels < 0, -1).numpy()
        self.loss[part] = found.loss.numpy()
        self.done = max(self.done, part.stop)

    @property
    def score(self) -> Score:
        """The accuracy over the labelled samples predicted so far; without the counts by class."""
        return Score(self.done, int((self.correct >= 0).sum()), int((self.correct == 1).sum()))

    @property
    def accuracy(self) -> Score | None:
        """The score once a sample with a label was predicted; None before."""
        return self.score if (self.correct >= 0).any() else None
