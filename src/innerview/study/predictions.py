"""The model's prediction for each sample, as far as it was asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from innerview.study.score import Score

if TYPE_CHECKING:
    from collections.abc import Sequence

    from innerview.study.class_scores import Verdict


class Predictions:
    """Predictions of some of N samples, of all in the end.

    Args:
        order: int64 ``[N]``: the order in which samples are visited, of which any beginning stands for all.

    Attributes:
        known: bool ``[N]``: which samples were predicted.
        predicted: int64 ``[N]``, -1 where not predicted yet, or where the scores are NaN.
        correct: int8 ``[N]``: 1, 0, or -1 where not predicted yet or unlabelled.
        loss: float32 ``[N]``: cross-entropy ``-ln p(label)`` in nats; NaN where not predicted yet or unlabelled.
        possible: whether the model may be a classifier; False once its output was found to be something else.
    """

    def __init__(self, order: np.ndarray) -> None:
        total = len(order)
        self._order = order
        self.possible = True
        self.known = np.zeros(total, bool)
        self.predicted = np.full(total, -1, np.int64)
        self.correct = np.full(total, -1, np.int8)
        self.loss = np.full(total, np.nan, np.float32)

    def add(self, samples: Sequence[int] | np.ndarray, found: Verdict) -> None:
        """Take N samples, by their indices; taking some again changes nothing."""
        places = np.asarray(samples, np.int64)
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
        """The accuracy over the labelled samples predicted so far; without the counts by class.

        Over the beginning of the visiting order only: what was asked for by itself, say the first samples of sorted
        data, does not stand for all.
        """
        missing = np.flatnonzero(~self.known[self._order])
        correct = self.correct[self._order[: missing[0]] if len(missing) else self._order]
        return Score(len(correct), int((correct >= 0).sum()), int((correct == 1).sum()))

    @property
    def accuracy(self) -> Score | None:
        """The score once a sample with a label counts in it; None before."""
        score = self.score
        return score if score.labelled else None
