"""The choice of ranks to try: from coarse to fine, where a curve over them rises."""

from __future__ import annotations

from math import log2, sqrt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


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
    return sorted(min(max(round(sqrt(low * high)), low + 1), high - 1) for _, low, high in steepest[: max(0, most)])
