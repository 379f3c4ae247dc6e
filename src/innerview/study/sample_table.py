"""Some samples as a table: their labels, and what the model makes of them."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from innerview.errors import InnerviewError
from innerview.jobs.progress import finish
from innerview.study.predicting import predicting

if TYPE_CHECKING:
    import numpy as np

    from innerview.study.subject import Subject


def sample_table(subject: Subject, samples: np.ndarray) -> Any:
    """Tabulate samples, int64 ``[N]``, as a pandas DataFrame; see ``Inspector.brush_frame`` for its columns."""
    import pandas as pd  # noqa: PLC0415 - slow to import

    data, predictions = subject.data, subject.predictions
    frame = pd.DataFrame(index=pd.Index(samples, name="sample"))
    with suppress(InnerviewError):
        finish(predicting(subject))
    predicted = predictions.done == len(data)
    if data.labels is not None:
        frame["label"] = [data.class_name(int(label)) for label in data.labels[samples]]
    if predicted:
        frame["predicted"] = [data.class_name(int(label)) for label in predictions.predicted[samples]]
    if predicted and data.labels is not None:
        correct = predictions.correct[samples]
        frame["correct"] = pd.arrays.BooleanArray(correct == 1, correct < 0)
        frame["loss"] = predictions.loss[samples]
    return frame
