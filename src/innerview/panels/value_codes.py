"""Histograms of values as numbers from 0 to 255, to be drawn as a picture over time, and the ticks beside it."""

from __future__ import annotations

from functools import cache

import numpy as np

from innerview.analysis.statistics.accumulators import BINS, EDGES

_MOST_TICKS = 7


def codes(counts: np.ndarray) -> np.ndarray:
    """Histograms, float ``[R, B]`` in the bins of ``EDGES``, as uint8 ``[R, B]``: 0 for none, 255 for all of a record.

    The logarithm of each bin's share, as fastai's "colourful dimension" draws it.
    """
    # Merged records count more values: shares of one record's, on the scale that log(1 + count) has for 10,000 of them.
    shares = np.log1p(1e4 * counts.astype(float) / np.maximum(counts.sum(1), 1)[:, None]) / np.log1p(1e4)
    return np.where(counts > 0, 1 + np.rint(254 * shares), 0).astype(np.uint8)


def filled(counts: np.ndarray) -> tuple[int, int] | None:
    """The first bin to show and the one after the last, with one empty bin at each side; None without any count."""
    bins = np.flatnonzero(counts.any(0))
    return (max(0, int(bins[0]) - 1), min(BINS, int(bins[-1]) + 2)) if len(bins) else None


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
