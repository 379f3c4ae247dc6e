"""Confidence intervals of an accuracy."""

from __future__ import annotations

from math import sqrt

_Z95 = 1.959963984540054  # the standard normal's 97.5 % quantile


def wilson_interval(correct: int, evaluated: int) -> tuple[float, float]:
    """Compute the 95 % Wilson score interval of a proportion.

    Args:
        correct: number of successes.
        evaluated: number of trials.

    Returns:
        Lower and upper bound, from 0 to 1; (0, 1) when nothing was evaluated.

    Source: E. B. Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927).
    """
    if evaluated == 0:
        return 0.0, 1.0
    share = correct / evaluated
    weight = _Z95**2 / evaluated
    centre = (share + weight / 2) / (1 + weight)
    spread = _Z95 * sqrt(share * (1 - share) / evaluated + weight / (4 * evaluated)) / (1 + weight)
    return max(0.0, centre - spread), min(1.0, centre + spread)
