"""All layers of a history at a glance: the latest record of each, and how its standard deviation went."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from innerview.analysis.statistics.accumulators import COLUMNS

if TYPE_CHECKING:
    from innerview.training.tables import LayerTable


@dataclass(frozen=True, eq=False)
class Overview:
    """Of ``L`` layers in execution order.

    Attributes:
        layers: their names.
        mean, std, near_zeros, dead: float64 ``[L]``, of the latest record in which a layer was called, as of a
            ``Series``; NaN where there is none.
        histogram: float32 ``[L, B]``, of the same record.
        stds: float64 ``[L, P]``, standard deviations from the first record to the last; NaN where there is none.
    """

    layers: tuple[str, ...]
    mean: np.ndarray
    std: np.ndarray
    near_zeros: np.ndarray
    dead: np.ndarray
    histogram: np.ndarray
    stds: np.ndarray


def overview(table: LayerTable, layers: tuple[str, ...], points: int) -> Overview:
    """Look at every layer of a table at once.

    Args:
        table: of a history.
        layers: which, in which order; those that the table does not have are NaN.
        points: at most so many standard deviations of each, evenly spaced along the records.
    """
    rows = table
    known = np.array([name in table.places for name in layers], bool)
    places = [table.places[name] for name in layers if name in table.places]
    chosen = np.array([at for at, _ in places], int)
    some = np.unique(np.linspace(0, len(rows) - 1, min(points, len(rows))).astype(int)) if len(rows) else []
    nan = np.full(len(layers), np.nan)
    result = Overview(
        layers,
        nan.copy(),
        nan.copy(),
        nan.copy(),
        nan.copy(),
        np.zeros((len(layers), rows["histogram"].shape[-1]), np.float32),
        np.full((len(layers), max(1, len(some))), np.nan),
    )
    if not len(rows) or not len(chosen):
        return result
    latest = _latest(_column(rows["scalars"], "count")[:, chosen] > 0)
    scalars = rows["scalars"][latest, chosen]
    count = _column(scalars, "count") - _column(scalars, "nonfinite")
    sampled = _column(scalars, "sampled")
    with np.errstate(invalid="ignore", divide="ignore"):
        result.mean[known] = np.where(count > 0, _column(scalars, "mean"), np.nan)
        result.std[known] = np.sqrt(_column(scalars, "squares") / np.where(count > 0, count, np.nan))
        result.near_zeros[known] = _column(scalars, "near_zeros") / np.where(sampled > 0, sampled, np.nan)
        past = rows["scalars"][np.ix_(some, chosen)]
        finite = _column(past, "count") - _column(past, "nonfinite")
        result.stds[known] = np.sqrt(_column(past, "squares") / np.where(finite > 0, finite, np.nan)).T
    result.histogram[known] = rows["histogram"][latest, chosen]
    for place, row, (_, channels) in zip(np.flatnonzero(known), latest, places, strict=True):
        counts, _, _, _, high = rows["channels"][row, :, channels]
        seen = counts > 0
        if seen.any():
            result.dead[place] = 1 - (high[seen] > 0).mean()
    return result


def _latest(called: np.ndarray) -> np.ndarray:
    """The last row in which each layer was called, the last of all where there is none: int ``[L]``."""
    last = len(called) - 1 - np.argmax(called[::-1], axis=0)
    return np.where(called.any(0), last, len(called) - 1)


def _column(scalars: np.ndarray, name: str) -> np.ndarray:
    return scalars[..., COLUMNS.index(name)]
