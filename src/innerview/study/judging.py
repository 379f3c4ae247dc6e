"""A model's output for a batch, judged: by the labels, by a metric of the user's, or by both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor

from innerview.errors import DataError, InnerviewError
from innerview.model.outputs import describe, mapped, tensors
from innerview.study.class_scores import scores, verdict
from innerview.study.score import Score

if TYPE_CHECKING:
    from collections.abc import Callable

    from innerview.data.samples import Batch
    from innerview.study.class_scores import Verdict

    Metric = Callable[[Any, Any], Any]


_AS_IN = "metric=lambda output, target: (output - target).square().flatten(1).mean(1)"


class Judged(NamedTuple):
    """The judgement of a model's output for N samples together, and for each: None where it is not class scores."""

    score: Score
    each: Verdict | None


def judge(
    output: Any, batch: Batch, samples: int, metric: Metric | None = None, columns: range | None = None
) -> Judged:
    """Judge a model's output for a batch of so many samples.

    The output has any form that ``scores`` takes, with ``columns`` as there; any form at all where there is a metric.
    ``metric(output, target)`` gives a number for each sample; the target is the labels where there are any, else
    ``batch.targets``, on the output's device.

    Raises:
        InnerviewError: the output is not one score per class, and there is no metric.
        DataError: the metric returned something other than N numbers. An error that it raises comes out as it is.
    """
    measured = None if metric is None else _measured(metric, output, batch, samples)
    try:
        found = verdict(scores(output, samples, columns), batch.labels)
    except InnerviewError as error:
        if metric is None:
            raise InnerviewError(
                f"{error}. To measure something else, give a metric: metric=lambda output, target: one number for each "
                "sample"
            ) from error
        return Judged(Score.of(samples, None, measured), None)
    return Judged(Score.of(samples, found, measured), found)


def check_metric(metric: object) -> None:
    """Raise DataError for a metric that is not a function."""
    if metric is not None and not callable(metric):
        raise DataError(
            f"metric={metric!r:.80}: a metric is a function that gives one number for each sample, as in {_AS_IN}"
        )


def _measured(metric: Metric, output: Any, batch: Batch, samples: int) -> Tensor:
    device = next((tensor.device for _, tensor in tensors(output)), torch.device("cpu"))
    target = mapped(batch.targets if batch.labels is None else batch.labels, lambda tensor: tensor.to(device))
    given = metric(output, target)
    try:
        known = given if isinstance(given, Tensor) else torch.as_tensor(given, dtype=torch.float64, device="cpu")
        values = known.detach().cpu().double()  # in this order: Apple's GPUs have no float64
    except (TypeError, ValueError, RuntimeError):
        values = None
    if values is None or values.shape not in ((samples,), (samples, 1)):
        what = describe((given,), {}) if isinstance(given, Tensor) else f"{type(given).__name__} {given!r:.60}"
        raise DataError(f"the metric gave {what} for {samples} samples; it gives one number for each, as in {_AS_IN}")
    return values.reshape(samples)
