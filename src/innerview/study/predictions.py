"""The model's prediction for each sample, as far as it was asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from innerview.study.class_scores import verdict
from innerview.study.score import Score

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor


class Predictions:
    """Predictions of some of ``total`` samples, as ``data.order()`` has them; of all in the end.

    Attributes:
        known: bool ``[total]``: which samples were predicted.
        predicted: int64 ``[total]``, -1 where not predicted yet, or where the scores are NaN.
        correct: int8 ``[total]``: 1, 0, or -1 where not predicted yet or unlabelled.
        loss: float32 ``[total]``: cross-entropy ``-ln p(label)`` in nats; NaN where not predicted yet or unlabelled.
        possible: whether the model may be a classifier; False once its output was found to be something else.
    """

    def __init__(self, total: int) -> None:
        self.possible = True
        self.known = np.zeros(total, bool)
        self.predicted = np.full(total, -1, np.int64)
        self.correct = np.full(total, -1, np.int8)
        self.loss = np.full(total, np.nan, np.float32)

    def add(self, samples: Sequence[int] | np.ndarray, log_probabilities: Tensor, labels: Tensor | None) -> None:
        """Take N samples, by their indices; taking some again changes nothing.

        Scores and labels are as for ``verdict``.
        """
        found, places = verdict(log_probabilities, labels), np.asarray(samples, np.int64)
        self.predicted[places] = found.predicted.numpy()
        self.correct[places] = found.correct.char().masked_fill(found.labels < 0, -1).numpy()
        self.loss[places] = found.loss.numpy()
        self.known[places] = True

    @property
    def done(self) -> int:
        """The number of samples predicted."""
        return int(self.known.sum())

    @property
    def score(self) -> Score:
        """The accuracy over the labelled samples predicted so far; without the counts by class."""
        return Score(self.done, int((self.correct >= 0).sum()), int((self.correct == 1).sum()))

    @property
    def accuracy(self) -> Score | None:
        """The score once a sample with a label was predicted; None before."""
        return self.score if (self.correct >= 0).any() else None
