"""What the model says of each sample, as far as it has been asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from innerview.analysis.statistics.accuracy import wilson_interval
from innerview.errors import InnerviewError
from innerview.model.outputs import activation

if TYPE_CHECKING:
    from collections.abc import Sequence


class Accuracy(NamedTuple):
    """A share of correct predictions with its 95 % Wilson interval, from 0 to 1."""

    value: float
    low: float
    high: float
    evaluated: int


class Predictions:
    """Predictions of the first ``done`` samples of a data set.

    Args:
        total: number of samples in all.

    Attributes:
        predicted: int64 ``[total]``, -1 where not predicted yet, or where the scores are NaN.
        correct: int8 ``[total]``: 1, 0, or -1 where not predicted yet or unlabelled.
        loss: float32 ``[total]``: cross-entropy ``-ln p(label)``; NaN where not predicted yet or unlabelled.
        done: how many of the samples were predicted, from the first on.
    """

    def __init__(self, total: int) -> None:
        self.predicted = np.full(total, -1, np.int64)
        self.correct = np.full(total, -1, np.int8)
        self.loss = np.full(total, np.nan, np.float32)
        self.done = 0

    def add(self, start: int, probabilities: Tensor, labels: Tensor | None) -> None:
        """Take the next samples in order; taking some again changes nothing.

        Args:
            start: index of the first of them, at most ``done``.
            probabilities: ``[N, classes]``.
            labels: int64 ``[N]``, or None.
        """
        winners = likeliest(probabilities).cpu()
        part = slice(start, start + len(winners))
        self.predicted[part] = winners.numpy()
        if labels is not None:
            labels = labels.cpu()
            self.correct[part] = ((winners == labels) & (winners >= 0)).numpy()
            self.loss[part] = cross_entropy(probabilities.cpu(), labels).numpy()
        self.done = max(self.done, part.stop)

    @property
    def accuracy(self) -> Accuracy | None:
        """Accuracy over the labelled samples predicted so far; None before there are any."""
        judged = self.correct[self.correct >= 0]
        if judged.size == 0:
            return None
        hits = int(judged.sum())
        return Accuracy(hits / judged.size, *wilson_interval(hits, judged.size), judged.size)


def scores(output: Any, samples: int | None = None) -> Tensor:
    """Class probabilities from a model's output.

    Args:
        output: any output whose main tensor is ``[N, classes]``: logits, log-probabilities or probabilities.
        samples: N, to be sure of it: some outputs have a row for each position of a sequence, or each crop.

    Returns:
        float32 ``[N, classes]``, rows adding up to 1; NaN where the output is not finite.

    Raises:
        InnerviewError: the output is not one score per class; says what it is.
    """
    tensor, _ = activation(output)
    if tensor is None or tensor.ndim != 2 or tensor.shape[1] < 2 or not tensor.is_floating_point():  # noqa: PLR2004 - [N, classes]
        what = type(output).__name__ if tensor is None else f"{list(tensor.shape)} {tensor.dtype}"
        raise InnerviewError(f"no class probabilities: the model's output is {what}, not one score per class")
    if samples is not None and len(tensor) != samples:
        raise InnerviewError(f"no class probabilities: the model's output has {len(tensor)} rows for {samples} samples")
    values = tensor.float()
    # Some models end in a softmax: taking another would flatten their probabilities.
    if bool((values >= 0).all()) and torch.allclose(
        values.sum(1), torch.ones(len(values), device=values.device), atol=1e-3
    ):
        return values
    return values.softmax(1)


def likeliest(probabilities: Tensor) -> Tensor:
    """The class of each row ``[N, classes]``; -1 where a probability is NaN."""
    # A model that diverged predicts nothing: argmax would take its first NaN for the likeliest class.
    return probabilities.argmax(1).masked_fill(probabilities.isnan().any(1), -1)


def cross_entropy(probabilities: Tensor, labels: Tensor) -> Tensor:
    """``-ln p(label)`` of each row ``[N, classes]``, in nats; NaN where the label is none of the classes."""
    named = (labels >= 0) & (labels < probabilities.shape[1])
    chosen = probabilities.gather(1, labels.where(named, 0)[:, None]).squeeze(1)
    return -chosen.log().masked_fill(~named, torch.nan)


def top(probabilities: Tensor, names: Sequence[str], count: int = 5) -> list[tuple[str, float]]:
    """The likeliest classes of one sample.

    Args:
        probabilities: ``[classes]``.
        names: of the classes; a class beyond them is named by its number.
        count: how many at most.

    Returns:
        ``(name, probability)``, likeliest first.
    """
    best = probabilities.topk(min(count, len(probabilities)))
    return [
        (str(names[index]) if index < len(names) else str(index), float(value))
        for value, index in zip(best.values.tolist(), best.indices.tolist(), strict=True)
    ]
