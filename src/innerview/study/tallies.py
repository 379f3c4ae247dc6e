"""How good a model's outputs are, sample by sample, and added up batch by batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from innerview.errors import DataError, InnerviewError
from innerview.model.outputs import describe, mapped, tensors
from innerview.study.predictions import cross_entropy, likeliest, scores

if TYPE_CHECKING:
    from collections.abc import Callable

    from innerview.data.samples import Batch

    Metric = Callable[[Any, Any], Any]

_FIVE = 5
_HIGHEST_LOSS = 100.0  # nats: what has the probability 0 in float32


class Judged(NamedTuple):
    """What is to be said of a model's output for N samples.

    Attributes:
        predicted: int64 ``[N]`` on the CPU, -1 where the scores are NaN; None where the output is no class scores.
        labels: int64 ``[N]`` on the CPU; None without.
        top5: bool ``[N]``: whether the label is among the five likeliest; None with fewer than six classes.
        loss: float64 ``[N]``, cross-entropy in nats; NaN where a label is no class.
        metric: float64 ``[N]``; None where none was asked for.
        classes: how many there are.
    """

    predicted: Tensor | None
    labels: Tensor | None
    top5: Tensor | None
    loss: Tensor | None
    metric: Tensor | None
    classes: int


def judge(output: Any, batch: Batch, samples: int, metric: Metric | None = None) -> Judged:
    """Judge a model's output for a batch.

    Args:
        output: of any form that ``scores`` takes; of any form at all where there is a metric.
        batch: what was fed.
        samples: N.
        metric: ``metric(output, target)`` gives a number for each sample. The target is the labels where there are
            any, else what came beside the inputs, on the output's device.

    Raises:
        InnerviewError: the output is not one score per class, and there is no metric.
        DataError: the metric returned something else than N numbers. What it raises comes out as it is.
    """
    measured = None if metric is None else _measured(metric, output, batch, samples)
    try:
        probabilities = scores(output, samples)
    except InnerviewError as error:
        if metric is None:
            raise InnerviewError(
                f"{error}. What else is to be measured: metric=lambda output, target: one number for each sample"
            ) from error
        return Judged(None, None, None, None, measured, 0)
    predicted = likeliest(probabilities).cpu()
    if batch.labels is None:
        return Judged(predicted, None, None, None, measured, probabilities.shape[1])
    labels = batch.labels.to(probabilities.device)
    top5 = None
    if probabilities.shape[1] > _FIVE:
        top5 = (
            (probabilities.topk(_FIVE).indices == labels[:, None]).any(1) & (predicted.to(labels.device) >= 0)
        ).cpu()
    loss = cross_entropy(probabilities, labels).clamp(max=_HIGHEST_LOSS).double().cpu()
    return Judged(predicted, labels.cpu(), top5, loss, measured, probabilities.shape[1])


class Tally:
    """Judgements added up.

    Attributes:
        evaluated: number of samples.
        labelled: how many of them have labels; accuracies are shares of these.
        correct: how many are predicted right.
        classified: whether the outputs are class scores.
    """

    def __init__(self) -> None:
        self.evaluated = self.labelled = self.correct = 0
        self.classified = True
        self._top5: int | None = 0
        self._right = self._seen = np.zeros(0, np.int64)
        self._losses = _Mean()
        self._metrics = _Mean()

    def add(self, judged: Judged, samples: int) -> None:
        """Take in a batch."""
        self.evaluated += samples
        if judged.metric is not None:
            self._metrics.add(judged.metric)
        if judged.predicted is None:
            self.classified = False
        if judged.predicted is None or judged.labels is None or judged.loss is None:
            return
        right = (judged.predicted == judged.labels) & (judged.predicted >= 0)
        self.labelled += len(right)
        self.correct += int(right.sum())
        self._top5 = None if judged.top5 is None or self._top5 is None else self._top5 + int(judged.top5.sum())
        named = (judged.labels >= 0) & (judged.labels < judged.classes)
        seen, counted = judged.labels[named], judged.labels[named & right]
        self._seen = _longer(self._seen, np.bincount(seen.numpy(), minlength=judged.classes))
        self._right = _longer(self._right, np.bincount(counted.numpy(), minlength=judged.classes))
        self._losses.add(judged.loss[named])

    @property
    def accuracy(self) -> float | None:
        """Share of the labelled samples whose class is predicted right; None without labels."""
        return self.correct / self.labelled if self.labelled else None

    @property
    def top5(self) -> float | None:
        """Share of them whose label is among the five likeliest; None without labels, or of fewer than six classes."""
        return self._top5 / self.labelled if self.labelled and self._top5 is not None else None

    @property
    def per_class(self) -> np.ndarray | None:
        """Float64 ``[classes]``: share of each class that is predicted right, NaN where none was seen; None without."""
        if not self.labelled:
            return None
        return np.divide(self._right, self._seen, out=np.full(len(self._seen), np.nan), where=self._seen > 0)

    @property
    def loss(self) -> float | None:
        """Mean cross-entropy in nats, of a sample at most 100; None without labels."""
        return self._losses.value

    @property
    def metric(self) -> float | None:
        """The mean of the metric; None without one."""
        return self._metrics.value


class _Mean:
    """A mean under way."""

    def __init__(self) -> None:
        self._sum, self._count = 0.0, 0

    def add(self, values: Tensor) -> None:
        self._sum += float(values.sum())
        self._count += len(values)

    @property
    def value(self) -> float | None:
        return self._sum / self._count if self._count else None


def _longer(counts: np.ndarray, more: np.ndarray) -> np.ndarray:
    return more if not len(counts) else counts + more


def _measured(metric: Metric, output: Any, batch: Batch, samples: int) -> Tensor:
    device = next((tensor.device for _, tensor in tensors(output)), torch.device("cpu"))
    target = mapped(batch.beside if batch.labels is None else batch.labels, lambda tensor: tensor.to(device))
    given = metric(output, target)
    try:
        values = torch.as_tensor(given).detach().double().cpu()
    except (TypeError, ValueError, RuntimeError):
        values = None
    if values is None or values.shape not in ((samples,), (samples, 1)):
        what = describe((given,), {}) if isinstance(given, Tensor) else f"{type(given).__name__} {given!r:.60}"
        raise DataError(
            f"the metric gave {what} for {samples} samples; it gives one number for each, as in "
            "metric=lambda output, target: (output - target).square().flatten(1).mean(1)"
        )
    return values.reshape(samples)
