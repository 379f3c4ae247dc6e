"""Intervals of shares, and of the change of a share where the same samples were judged twice."""

from __future__ import annotations

from math import sqrt
from typing import NamedTuple

Z95 = 1.959963984540054  # the standard normal's 97.5 % quantile


def wilson_interval(correct: int, evaluated: int, z: float = Z95) -> tuple[float, float]:
    """Compute the Wilson score interval of a proportion, from 0 to 1; (0, 1) when nothing was evaluated.

    ``z`` is the standard normal's quantile: that of a 95 % interval unless told otherwise.

    Source: E. B. Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927).
    """
    if evaluated == 0:
        return 0.0, 1.0
    share = correct / evaluated
    weight = z**2 / evaluated
    centre = (share + weight / 2) / (1 + weight)
    spread = z * sqrt(share * (1 - share) / evaluated + weight / (4 * evaluated)) / (1 + weight)
    return max(0.0, centre - spread), min(1.0, centre + spread)


class Paired(NamedTuple):
    """The same samples judged twice: right before, and right after.

    Attributes:
        gained: how many are wrong before and right after.
        lost: how many are right before and wrong after.
        samples: how many were judged.
    """

    gained: int
    lost: int
    samples: int

    @property
    def change(self) -> float:
        """The share that is right after, less the share that is right before; NaN of no samples."""
        return (self.gained - self.lost) / self.samples if self.samples else float("nan")

    def interval(self, z: float = Z95, total: int | None = None) -> tuple[float, float]:
        """The interval of the change, from -1 to 1: 95 %, unless another normal quantile is given.

        Only the samples whose judgement changed vary, as in McNemar's test, so it is narrower than the two intervals
        of the shares. It is Wald's with half a sample added to each of the four cells: with b gained, c lost and
        m = n + 2, the centre is ``(b - c) / m`` and the half width ``z sqrt(b + c + 1 - (b - c)^2 / m) / m``.

        Of ``total`` samples, of which these n were drawn, the others only are unknown: with f = n / total the centre is
        ``f (b - c) / n + (1 - f) (b - c) / m``, and the half width is multiplied by ``sqrt(1 - f)``.

        Sources: A. Agresti and Y. Min, Simple improved confidence intervals for comparing matched proportions,
        Statistics in Medicine 24 (2005); W. G. Cochran, Sampling techniques (1977), section 2.6, for finite totals.
        """
        if not self.samples:
            return -1.0, 1.0
        size, net = self.samples + 2, self.gained - self.lost
        spread = z * sqrt(max(0.0, self.gained + self.lost + 1 - net**2 / size)) / size
        known = 0.0 if total is None else min(1.0, self.samples / total)
        centre, spread = known * self.change + (1 - known) * net / size, spread * sqrt(1 - known)
        return max(-1.0, centre - spread), min(1.0, centre + spread)

    def width(self, total: int | None = None) -> float:
        """The width of the 95 % interval of the change; see ``interval``."""
        low, high = self.interval(total=total)
        return high - low
