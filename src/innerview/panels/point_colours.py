"""The colours of an embedding's points."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from innerview.analysis.layouts.align import neighbour_change
from innerview.errors import DataError
from innerview.jobs.progress import silent
from innerview.panels.frames import as_codes
from innerview.study.predicting import predicting
from innerview.study.representations import representing

if TYPE_CHECKING:
    from collections.abc import Generator

    from innerview.data.samples import Data
    from innerview.jobs.worker import Job
    from innerview.panels.panel import Frame
    from innerview.study.embeddings import Embedding
    from innerview.study.representations import Representation
    from innerview.study.subject import Subject

_CHANGED = 10  # neighbours that are compared to say what moved


class Before(NamedTuple):
    """The vectors that the present neighbours are compared with, and their name for people."""

    name: str
    vectors: Representation


def unavailable(data: Data, channel: int | None, now: Embedding, before: Before | None) -> dict[str, str]:
    """The colourings that cannot be had, with a sentence that says why."""
    reasons: dict[str, str] = {}
    if data.labels is None:
        reasons.update(dict.fromkeys(("class", "correct", "loss"), "the data has no labels"))
    if channel is None:
        reasons["channel"] = "click a channel of this layer in the channel grid first"
    if before is None or not np.array_equal(before.vectors.indices, now.indices):
        reasons["neighbours"] = "look at another layer of the same samples first, then at this one"
    return reasons


def colouring(
    subject: Subject, now: Embedding, by: str, *, channel: int | None, before: Before | None, job: Job
) -> Generator[Frame | None, None, None]:
    """The colour of every sample of the data, by "class", "prediction", "correct", "loss", "channel" or "neighbours".

    Raises:
        DataError: this cannot be had; says why.
    """
    reasons = unavailable(subject.data, channel, now, before)
    if by in reasons:
        raise DataError(f"the points cannot be coloured by {by}: {reasons[by]}")
    if by in ("prediction", "correct", "loss"):
        yield from silent(predicting(subject, job))
    header: dict[str, Any] = {"kind": "colours", "by": by, "names": [], "low": 0.0, "high": 0.0, "unavailable": reasons}
    predictions = subject.predictions
    categories = {
        "class": ("class", subject.data.classes, subject.data.labels),
        "prediction": ("predicted class", subject.data.classes, predictions.predicted),
        "correct": ("prediction", ["wrong", "right"], predictions.correct),
    }
    if by in categories:
        label, names, codes = categories[by]
        yield header | {"label": label, "names": names}, {"codes": as_codes(np.asarray(codes))}
        return
    values = np.full(len(subject.data), np.nan, np.float32)
    if by == "loss":
        label = "loss: -ln of the true class's probability"
        values[:] = predictions.loss
    elif by == "channel":
        label = f"mean of channel {channel}"
        means = yield from silent(representing(subject, now.layer, pool="mean", samples=now.indices.tolist(), job=job))
        values[means.indices] = means.vectors[:, channel]
    elif before is not None:
        label = f"share of the {_CHANGED} nearest neighbours that changed since {before.name}"
        k = min(_CHANGED, len(now.indices) - 1)
        old = yield from silent(before.vectors.finding_neighbours(k))
        new = yield from silent(now.representation.finding_neighbours(k))
        values[now.indices] = neighbour_change(old, new, k)
    else:
        raise DataError(f"there is no colouring by {by!r}")
    finite = values[np.isfinite(values)]
    if len(finite):
        header |= {"low": float(finite.min()), "high": float(finite.max())}
    yield header | {"label": label}, {"values": values}
