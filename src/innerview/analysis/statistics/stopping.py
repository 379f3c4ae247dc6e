"""When enough samples were evaluated: growing parts of them, and the ranks whose figures would still tell something."""

from __future__ import annotations

from itertools import count
from math import ceil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from innerview.analysis.statistics.proportions import Paired

_FIRST = 32  # samples of the first part
_PLATEAU = 64  # samples by which a rank above one that keeps the accuracy is judged
# The quantile for which the chance is 5 %, at most, that the mean of 32, 48, 64, 96, ... samples drawn from a total is
# ever further from the total's mean, in standard errors, if there is one look, or two, three, ... From 400,000 normal
# walks, for the total, of those with as many looks, for which it is largest.
_CRITICAL = (1.96, 2.23, 2.36, 2.44, 2.50, 2.55, 2.59, 2.62, 2.66, 2.68, 2.71, 2.73, 2.77, 2.78, 2.80)
_CRITICAL += (2.82, 2.84, 2.85, 2.87, 2.89, 2.90, 2.91, 2.93, 2.94, 2.95, 2.96, 2.97, 2.99, 3.00, 3.01)


def parts(total: int) -> list[int]:
    """The sizes of the parts after which to look: 32, 48, 64, 96, 128, ... up to all samples."""
    found: list[int] = []
    for power in count():
        for size in (_FIRST << power, (_FIRST << power) * 3 // 2):
            if size >= total:
                return [*found, total]
            found.append(size)
    raise AssertionError


def critical(total: int) -> float:
    """The normal quantile that keeps the error of all looks, one after each of ``parts(total)``, at 5 % together.

    The same for every look, as by S. J. Pocock, Group sequential methods in the design and analysis of clinical trials,
    Biometrika 64 (1977), for parts that grow as these do, and a total that is reached.
    """
    looks = len(parts(total)) - 1  # at the end nothing is left to chance
    return _CRITICAL[min(max(looks, 1), len(_CRITICAL)) - 1]


def undecided(found: Sequence[Paired], total: int, within: float, tolerated: float) -> list[bool]:
    """Tell of each rank whether more samples would say something that matters.

    What matters is the rank up to which the accuracy is kept. A rank is decided

    - when all its samples are evaluated;
    - when the 95 % interval of its change, of all samples, is no wider than ``within``. A width that is reached at a
      random time keeps its confidence in the limit: Y. S. Chow and H. Robbins, On the asymptotic theory of fixed-width
      sequential confidence intervals, Annals of Mathematical Statistics 36 (1965);
    - when its loss is larger than tolerated for certain. That is a test at every look, so the interval is the wider
      one of ``critical``;
    - when a lower rank, of as many samples, keeps the accuracy as far as is known: at no less than 64 samples. Should
      that rank lose it later, this one is undecided again.

    Args:
        found: ``[K]``, by ascending rank, compressed against not compressed. None of a sample was judged: undecided.
        total: how many samples there are.
        within: the width asked for, as a share.
        tolerated: the loss of accuracy that counts as none, as a share.

    Returns:
        bool ``[K]``.
    """
    z = critical(total)
    answer: list[bool] = []
    kept_by = 0  # the samples by which some lower rank keeps the accuracy
    for one in found:
        clear = one.interval(z, total)[1] < -tolerated
        beyond = min(_PLATEAU, total) <= one.samples <= kept_by
        answer.append(one.samples < total and not (one.samples > 0 and (one.width(total) <= within or clear or beyond)))
        if not clear and one.change >= -tolerated:
            kept_by = max(kept_by, one.samples)
    return answer


def samples_needed(one: Paired, total: int, within: float) -> int:
    """How many samples it takes, as far as is known, until the interval of the change is as narrow as asked."""
    if not one.samples or within <= 0:
        return total
    wanted = one.samples * (one.width() / within) ** 2  # of any number of others
    return min(total, max(one.samples, ceil(wanted / (1 + wanted / total))))
