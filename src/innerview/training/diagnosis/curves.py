"""Readings off a curve: what holds until now, what it was lately, how widely values spread."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from innerview.training.series import interval

if TYPE_CHECKING:
    from collections.abc import Sequence

    from innerview.training.series import LayerSeries, Weights

Course = TypeVar("Course", "LayerSeries", "Weights")
# A state must show in this many records in a row before it is called one: a single bad batch does not count.
HOLD = 5
# Of each layer: some rules compare the last so many records with those before.
ENOUGH = 2 * HOLD + 1


def held(bad: np.ndarray, records: int = HOLD) -> int | None:
    """The first record from which on ``bad`` ``[R]`` holds until the last one; None when those are too few."""
    good = np.flatnonzero(~np.asarray(bad, bool))
    first = int(good[-1]) + 1 if len(good) else 0
    return first if len(bad) - first >= records else None


def last_step(where: LayerSeries | Weights) -> int:
    """The last step that the records stand for."""
    return int(where.steps[-1] + where.spans[-1] - 1)


def fullest(courses: Sequence[Course]) -> Course:
    """The one with the most records, whose steps the others are compared at; the first of several."""
    return max(courses, key=lambda course: len(course.steps))


def side_by_side(
    records: LayerSeries | Weights, courses: Sequence[LayerSeries | Weights], values: Sequence[np.ndarray]
) -> np.ndarray:
    """Bring values of each course, at its own steps, to the steps of ``records`` ``[R]``: a table, a row for each.

    Layers are recorded in turn: each step takes the nearest record of a course. Of two it is the earlier one; and where
    the next one is further than the course's records usually are from each other, it is the last one until then: the
    course rested. NaN before the first.
    """
    rows = []
    for course, own in zip(courses, values, strict=True):
        before = np.searchsorted(course.steps, records.steps, "right") - 1
        after = np.minimum(before + 1, len(own) - 1)
        ahead = course.steps[after] - records.steps
        behind = np.where(before < 0, np.inf, records.steps - course.steps[before])
        near = (ahead > 0) & (ahead < behind) & (ahead <= interval(course.steps, course.spans))
        at = np.where(near, after, before)
        rows.append(np.where(at < 0, np.nan, own[at]))
    return np.stack(rows)


def recent(values: np.ndarray) -> float:
    """The median of the last few numbers that are finite; NaN when there are none."""
    finite = values[np.isfinite(values)][-HOLD:]
    return median(finite.tolist()) if len(finite) else float("nan")


def early(values: np.ndarray) -> float:
    """The median of the first few numbers that are finite; NaN when there are none."""
    return recent(values[::-1])


def smooth(values: np.ndarray) -> np.ndarray:
    """The median over each record and those before it, ``HOLD`` in all: one wild batch does not show in it."""
    padded = np.pad(values, ((0, 0), (HOLD - 1, 0)), mode="edge")
    return np.median(sliding_window_view(padded, HOLD, axis=1), axis=-1)


def middle(table: np.ndarray) -> np.ndarray:
    """The median over the rows of a table, ``[R]``; NaN at records without a number, such as skipped steps."""
    result = np.full(table.shape[1], np.nan)
    known = np.isfinite(table).any(axis=0)
    result[known] = np.nanmedian(table[:, known], axis=0)
    return result


def over(values: np.ndarray, by: np.ndarray) -> np.ndarray:
    """The quotients; NaN where what is divided by is not above zero."""
    return np.divide(values, by, out=np.full(len(values), np.nan), where=by > 0)


def spread(series: LayerSeries) -> np.ndarray:
    """The spread of a channel's values over samples and places: the root mean square over channels, ``[R]``.

    A bias adds to the deviation of all values but not to this, so it falls to zero when the layer says the same of
    every input.
    """
    if series.channel_std.size == 0:
        return series.std
    return np.sqrt(np.square(series.channel_std, dtype=np.float64).mean(axis=1))


def path(layer: str) -> str:
    """The module of a call: ``block`` of ``block#2``."""
    return layer.partition("#")[0]
