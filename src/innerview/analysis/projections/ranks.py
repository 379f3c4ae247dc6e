"""The choice of ranks to try: from coarse to fine, where a curve over them rises."""

from __future__ import annotations

from math import log2, sqrt
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

_NEAR = 1.15  # two ranks of such a ratio need none in between


def powers_of_two(largest: int) -> list[int]:
    """List 1, 2, 4, ... and the largest rank itself."""
    return [2**power for power in range(int(log2(largest)) + 1) if 2**power < largest] + [largest]


def between(ranks: Sequence[int], values: Sequence[float], tolerance: float, most: int) -> list[int]:
    """Choose ranks to try next: the middle, on a logarithmic scale, of each gap over which the curve changes most.

    Called again and again with all that is known, it halves the gaps that hold a rise until no two neighbours differ
    by more than the tolerance, or lie next to each other. Ranks are ascending; a gap beside a NaN is left as it is; of
    more than ``most`` gaps those with the largest changes go first.
    """
    gaps = zip(ranks, ranks[1:], values, values[1:], strict=False)
    found = [(abs(after - before), low, high) for low, high, before, after in gaps if high - low > 1]
    steepest = sorted((gap for gap in found if gap[0] > tolerance), key=lambda gap: (-gap[0], gap[1]))
    return sorted(_middle(low, high) for _, low, high in steepest[: max(0, most)])


def rising(values: Sequence[float] | np.ndarray, weights: Sequence[float] | np.ndarray) -> np.ndarray:
    """The curve nearest to the values that never falls: float64 ``[K]``, by weighted least squares.

    Ranks of one fit are nested, so a larger one is taken to keep no less; what falls is the chance of the samples.

    Source: R. E. Barlow, D. J. Bartholomew, J. M. Bremner and H. D. Brunk, Statistical inference under order
    restrictions (1972); solved by scikit-learn.
    """
    from sklearn.isotonic import isotonic_regression  # noqa: PLC0415 - slow to import

    return isotonic_regression(np.asarray(values, np.float64), sample_weight=np.asarray(weights, np.float64))


def keeping(changes: Sequence[float] | np.ndarray, weights: Sequence[float], tolerated: float) -> int | None:
    """The place of the smallest rank whose change, as ``rising`` has it, is a loss of no more than tolerated.

    Changes are ``[K]`` by ascending rank, the weights how many samples each is of; None where no rank keeps so much.
    """
    kept = np.flatnonzero(rising(changes, weights) >= -tolerated - 1e-12)  # sums of a mean are rounded
    return int(kept[0]) if len(kept) else None


def beside(ranks: Sequence[int], place: int | None) -> list[int]:
    """The middle of the gap below a rank, given by its place, unless the two are near; nothing for None."""
    if not place or ranks[place] - ranks[place - 1] <= 1 or ranks[place] <= _NEAR * ranks[place - 1]:
        return []
    return [_middle(ranks[place - 1], ranks[place])]


def _middle(low: int, high: int) -> int:
    return min(max(round(sqrt(low * high)), low + 1), high - 1)
