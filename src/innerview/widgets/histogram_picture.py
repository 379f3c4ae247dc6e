"""Histograms over time as a picture: a column for each moment, a row for each bin, the colour the count's logarithm."""

from __future__ import annotations

import io
from functools import cache
from typing import NamedTuple

import numpy as np
from PIL import Image

from innerview.analysis.statistics.accumulators import BINS, EDGES
from innerview.training.series import gaps, interval

COLUMNS = 240
_MOST_TICKS = 7
# Of matplotlib's viridis, evenly spaced.
_VIRIDIS = "440154 472d7b 3b528b 2c728e 21918c 28ae80 5ec962 addc30 fde725"


class HistogramPicture(NamedTuple):
    """A PNG, clear where there is no count; the steps and the bin edges that it spans; ticks by their text."""

    png: bytes
    x: tuple[float, float]
    y: tuple[float, float]
    ticks: dict[str, float]


def histogram_picture(
    steps: np.ndarray, spans: np.ndarray, counts: np.ndarray, between: tuple[float, float] | None = None
) -> HistogramPicture | None:
    """Draw histograms of values, as fastai's "colourful dimension" does; None without any count.

    Args:
        steps: ``[R]``, the first step that each stands for.
        spans: ``[R]``, how many it stands for.
        counts: ``[R, B]``, in the bins of ``analysis.statistics.EDGES``.
        between: first and last step to show; all when None.
    """
    filled = np.flatnonzero(counts.any(0))
    if not len(filled):
        return None
    first, last = between or (float(steps[0]), float(steps[-1] + spans[-1]))
    moments = first + (np.arange(COLUMNS) + 0.5) * (last - first) / COLUMNS
    records = np.searchsorted(steps, moments, side="right") - 1
    # Blank where nothing was recorded: a record stands for the steps up to the next one, if that comes in time.
    until_gap = np.append(gaps(steps, spans)[1:], True)
    ends = np.where(until_gap, steps + spans + interval(steps, spans) - 1, np.inf)
    there = (records >= 0) & (moments < ends[records])
    lowest, highest = max(0, filled[0] - 1), min(BINS, filled[-1] + 2)
    chosen = counts[np.clip(records, 0, None), lowest:highest].astype(float)
    totals = np.maximum(counts.sum(1)[np.clip(records, 0, None)], 1)[:, None]
    # Merged records count more values: shares of one record's, on the scale that log(1 + count) has for 10,000 of them.
    shares = np.log1p(1e4 * chosen / totals) / np.log1p(1e4)
    codes = np.where(there[:, None] & (chosen > 0), 1 + np.rint(254 * shares), 0).astype(np.uint8)
    image = Image.fromarray(np.ascontiguousarray(codes.T[::-1]))
    image.putpalette(_palette())
    file = io.BytesIO()
    image.save(file, "PNG", transparency=0, compress_level=1)
    return HistogramPicture(
        file.getvalue(), (first, last), (float(lowest), float(highest)), value_ticks(lowest, highest)
    )


@cache
def value_ticks(lowest: int, highest: int) -> dict[str, float]:
    """Return the positions of powers of ten, and of zero, between two bin edges, by their text."""
    inner = EDGES[1:-1]
    places = np.arange(1, BINS)

    def positions(powers: range) -> dict[str, float]:
        found = {"0": BINS / 2}
        for power in powers:
            for sign in (1, -1):
                at = float(np.interp(sign * 10.0**power, inner, places))
                if lowest <= at <= highest and abs(at - BINS / 2) > 8:  # noqa: PLR2004 - bins; clear of the zero
                    found[("\u2212" if sign < 0 else "") + _power(power)] = round(at, 2)
        return {text: at for text, at in found.items() if lowest <= at <= highest}

    for stride in (1, 2, 3, 4):
        ticks = positions(range(-6 + (-6 % stride), 6, stride))
        if len(ticks) <= _MOST_TICKS:
            break
    return ticks


def _power(power: int) -> str:
    return f"{10.0**power:g}" if -4 < power < 5 else f"1e{power}"  # noqa: PLR2004 - as many digits as are read well


@cache
def _palette() -> bytes:
    anchors = np.array([[int(one[i : i + 2], 16) for i in (0, 2, 4)] for one in _VIRIDIS.split()], float)
    at = np.linspace(0, len(anchors) - 1, 255)
    ramp = np.stack([np.interp(at, np.arange(len(anchors)), anchors[:, channel]) for channel in range(3)], 1)
    return np.concatenate([[[0, 0, 0]], ramp]).round().astype(np.uint8).tobytes()
