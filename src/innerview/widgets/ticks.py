"""Ticks of an axis: few, and at round numbers."""

from __future__ import annotations

import numpy as np

_MOST = 4


def round_ticks(low: float, high: float, most: int = _MOST) -> np.ndarray:
    """Return at most ``most`` round numbers, evenly spaced, between two numbers."""
    power = 10.0 ** np.floor(np.log10(high - low))
    steps = [part * power for part in (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)]
    step = next(one for one in steps if np.floor(high / one) - np.ceil(low / one) < most)
    # Whole multiples, rounded: 3 * 0.1 would be written with all its digits.
    return np.array(
        [float(f"{place * step:.12g}") for place in np.arange(np.ceil(low / step), np.floor(high / step) + 1)]
    )


def log_ticks(low: float, high: float) -> np.ndarray:
    """Return a few round numbers between two positive ones, spaced for a logarithmic scale."""
    first, last = int(np.floor(np.log10(low))), int(np.ceil(np.log10(high)))
    for parts in ((1, 2, 5), (1, 3), (1,)):
        ticks = [part * 10.0**power for power in range(first, last + 1) for part in parts]
        ticks = [tick for tick in ticks if low <= tick <= high]
        if len(ticks) <= _MOST:
            break
    if not ticks:
        return round_ticks(low, high)
    return np.array(ticks[:: -(-len(ticks) // _MOST)])
