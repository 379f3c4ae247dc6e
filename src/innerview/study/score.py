"""The score of a model's outputs, added up over samples."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from innerview.analysis.statistics.proportions import wilson_interval

if TYPE_CHECKING:
    from torch import Tensor

    from innerview.study.class_scores import Verdict

_FIVE = 5


@dataclass(frozen=True, eq=False)
class Score:
    """Counts and sums over samples; ``+`` adds those of other samples.

    A figure that cannot be had is None: all but the metric without a labelled sample or without class scores.

    Attributes:
        evaluated: number of samples.
        labelled: how many of them have class scores and a label; accuracies are shares of these.
        correct: how many of these are predicted right.
        among_five: how many of these have their label among the five likeliest classes.
        seen: int64 ``[classes]``: samples by label; a label beyond the classes is in none of them.
        right: int64 ``[classes]``: those of them that are predicted right.
        total_loss: of the samples in ``seen``, in nats.
        total_metric: of all samples; None where no metric was asked for.
    """

    evaluated: int = 0
    labelled: int = 0
    correct: int = 0
    among_five: int = 0
    seen: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    right: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    total_loss: float = 0.0
    total_metric: float | None = None

    @classmethod
    def of(cls, samples: int, verdict: Verdict | None, metric: Tensor | None = None) -> Score:
        """Add up a batch of samples.

        ``verdict`` is None where the output is not class scores; ``metric`` is float64 ``[N]`` where one was asked for.
        """
        measured = None if metric is None else float(metric.sum())
        if verdict is None:
            return cls(samples, total_metric=measured)
        named = (verdict.labels >= 0) & (verdict.labels < verdict.classes)
        return cls(
            samples,
            int((verdict.labels >= 0).sum()),
            int(verdict.correct.sum()),
            int(verdict.top5.sum()),
            verdict.labels[named].bincount(minlength=verdict.classes).numpy(),
            verdict.labels[named & verdict.correct].bincount(minlength=verdict.classes).numpy(),
            float(verdict.loss[named].sum()),
            measured,
        )

    def __add__(self, other: Score) -> Score:
        metrics = [one.total_metric for one in (self, other) if one.total_metric is not None]
        return Score(
            self.evaluated + other.evaluated,
            self.labelled + other.labelled,
            self.correct + other.correct,
            self.among_five + other.among_five,
            _added(self.seen, other.seen),
            _added(self.right, other.right),
            self.total_loss + other.total_loss,
            sum(metrics) if metrics else None,
        )

    @property
    def accuracy(self) -> float | None:
        """Share of the labelled samples whose class is predicted right, from 0 to 1."""
        return self.correct / self.labelled if self.labelled else None

    @property
    def value(self) -> float | None:
        """The accuracy, by the name that goes with ``low`` and ``high``."""
        return self.accuracy

    @property
    def low(self) -> float | None:
        """Lower bound of the accuracy's 95 % Wilson interval."""
        return wilson_interval(self.correct, self.labelled)[0] if self.labelled else None

    @property
    def high(self) -> float | None:
        """Upper bound of the accuracy's 95 % Wilson interval."""
        return wilson_interval(self.correct, self.labelled)[1] if self.labelled else None

    @property
    def top5(self) -> float | None:
        """Share of the labelled samples whose label is among the five likeliest; None with fewer than six classes."""
        return self.among_five / self.labelled if self.labelled and len(self.seen) > _FIVE else None

    @property
    def per_class(self) -> np.ndarray | None:
        """Float64 ``[classes]``: the accuracy within each class, NaN where none was evaluated."""
        if not self.labelled or not len(self.seen):
            return None
        return np.divide(self.right, self.seen, out=np.full(len(self.seen), np.nan), where=self.seen > 0)

    @property
    def loss(self) -> float | None:
        """Mean cross-entropy in nats; infinite where a model's logit for a true class is minus infinity."""
        count = int(self.seen.sum())
        return self.total_loss / count if count else None

    @property
    def metric(self) -> float | None:
        """Mean of the metric over all samples; None without one."""
        return None if self.total_metric is None or not self.evaluated else self.total_metric / self.evaluated


def _added(counts: np.ndarray, more: np.ndarray) -> np.ndarray:
    return counts + more if len(counts) and len(more) else counts if len(counts) else more
