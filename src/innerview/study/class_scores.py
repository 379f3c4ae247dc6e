"""A model's output as the log-probabilities of the classes, and each sample's prediction by them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor

from innerview.errors import InnerviewError
from innerview.model.outputs import activation, is_table, tensors

if TYPE_CHECKING:
    from collections.abc import Sequence

_ROUGH = 1e-3  # by which the sum of a row of probabilities may miss 1, however fine their dtype
_FIVE = 5


def scores(output: Any, samples: int | None = None, columns: range | None = None) -> Tensor:
    """Take the log-probabilities of the classes from a model's output.

    Args:
        output: any output whose main tensor is ``[N, classes]``: logits, log-probabilities or probabilities.
        samples: N, to be sure of it: some outputs have a row for each position of a sequence, or each crop.
        columns: how many classes there may be, as ``Data.columns``; None where that is not known.

    Returns:
        ``[N, classes]`` on the output's device, float64 for an output in float64 and float32 for any other; NaN in a
        row with a NaN or infinite logit. Where the model itself gives probabilities, one that was rounded to 0 counts
        as the smallest positive number of its dtype, so that its logarithm is finite: 1.4e-45 in float32.

    Raises:
        InnerviewError: the output is not one score per class; the message says what it is.
    """
    tensor = _of_classes(output, columns)
    if samples is not None and len(tensor) != samples:
        raise InnerviewError(f"no class probabilities: the model's output has {len(tensor)} rows for {samples} samples")
    limits = torch.finfo(tensor.dtype)
    smallest = limits.tiny * limits.eps
    values = tensor if tensor.dtype == torch.float64 else tensor.float()
    # Rounding moves each probability by half of eps, relative to itself, and at the lower end by half of the smallest.
    if _are_probabilities(values, max(_ROUGH, 2 * limits.eps + values.shape[1] * smallest)):
        return values.log().clamp(min=math.log(smallest))
    return values.log_softmax(1)


def _of_classes(output: Any, columns: range | None) -> Tensor:
    """Choose the tensor of an output with one score per class."""
    found = [(place, tensor) for place, tensor in tensors(output) if is_table(tensor)]
    if not found:
        tensor, _ = activation(output)
        what = type(output).__name__ if tensor is None else f"{list(tensor.shape)} {tensor.dtype}"
        raise InnerviewError(f"no class probabilities: the model's output is {what}, not one score per class")
    fitting = [(place, tensor) for place, tensor in found if columns is None or tensor.shape[1] in columns]
    if not fitting:
        widths = " or ".join(str(tensor.shape[1]) for _, tensor in found)
        raise InnerviewError(
            f"no class probabilities: the model's output has {widths} columns, but the data has "
            f"{columns.start if columns else 0} classes. If a column is a class, name them all: classes=[...]"
        )
    widths = {tensor.shape[1] for _, tensor in fitting}
    # Hugging Face's outputs name it; of several of the same width the first is the main one, as Inception's.
    named = [tensor for place, tensor in fitting if "logits" in place]
    if len(widths) > 1 and not named:
        listed = " and ".join(f"{place} with {tensor.shape[1]} columns" for place, tensor in fitting)
        raise InnerviewError(
            f"no class probabilities: several of the model's outputs could be class scores, {listed}. "
            "The names of the classes tell which: classes=[...]"
        )
    return named[0] if named else fitting[0][1]


def scores_of_one(output: Any, columns: range | None = None) -> Tensor:
    """Take the log-probabilities ``[classes]`` from a model's output for one sample, on the CPU.

    Raises:
        InnerviewError: as ``scores``, or some of them are NaN.
    """
    found = scores(output, 1, columns)[0].cpu()
    if found.isnan().any():
        raise InnerviewError("no class probabilities: the model's output has NaN or infinite scores")
    return found


def _are_probabilities(values: Tensor, tolerance: float) -> bool:
    """Tell a model that ends in a softmax: another one would flatten its probabilities."""
    rows = values[values.isfinite().all(1)]  # a sample whose scores are NaN says nothing about the others
    return len(rows) > 0 and bool((rows >= 0).all()) and bool(((rows.sum(1) - 1).abs() <= tolerance).all())


class Verdict(NamedTuple):
    """The predictions of N samples beside their labels, on the CPU.

    A sample with a negative label has none: -1 and PyTorch's ``ignore_index`` of -100 are such labels.

    Attributes:
        predicted: int64 ``[N]``, -1 where the scores are NaN.
        labels: int64 ``[N]``, -1 where a sample has none.
        correct: bool ``[N]``, False where a sample has no label.
        top5: bool ``[N]``: the label is among the five likeliest classes.
        loss: float64 ``[N]``: cross-entropy ``-ln p(label)`` in nats; NaN where the label is not one of the classes.
        classes: the number of classes.
    """

    predicted: Tensor
    labels: Tensor
    correct: Tensor
    top5: Tensor
    loss: Tensor
    classes: int


def verdict(log_probabilities: Tensor, labels: Tensor | None) -> Verdict:
    """Compare scores ``[N, classes]`` with labels, int64 ``[N]`` on any device, or None where no sample has one."""
    count, classes = log_probabilities.shape
    device = log_probabilities.device
    # A model that diverged predicts nothing: argmax would take its first NaN for the likeliest class.
    broken = log_probabilities.isnan().any(1)
    predicted = log_probabilities.argmax(1).masked_fill(broken, -1)
    given = torch.full((count,), -1, dtype=torch.int64, device="cpu") if labels is None else labels
    given = given.to(device).clamp(min=-1)
    likely = log_probabilities.topk(min(_FIVE, classes)).indices
    named = (given >= 0) & (given < classes)
    chosen = log_probabilities.gather(1, given.where(named, 0)[:, None]).squeeze(1)
    return Verdict(
        predicted.cpu(),
        given.cpu(),
        ((predicted == given) & (given >= 0)).cpu(),
        ((likely == given[:, None]).any(1) & ~broken).cpu(),
        -chosen.masked_fill(~named, torch.nan).cpu().double(),
        classes,
    )


def top(log_probabilities: Tensor, names: Sequence[str]) -> list[tuple[str, float]]:
    """Name the five likeliest classes of one sample: ``(name, probability)``, likeliest first.

    ``log_probabilities`` is ``[classes]``; a class beyond ``names`` is named by its number.
    """
    best = log_probabilities.topk(min(_FIVE, len(log_probabilities)))
    return [
        (str(names[index]) if index < len(names) else str(index), value)
        for value, index in zip(best.values.exp().tolist(), best.indices.tolist(), strict=True)
    ]
