"""What passes of the model left of a layer: its output for the samples run so far, for whoever needs it again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from innerview.data.samples import Data
    from innerview.study.subject import Subject

    Row = tuple[Tensor, Tensor | None]

_SHARE = 0.5  # of the memory for results, that the output of one layer may take


class Outputs:
    """A layer's output for some samples, on the CPU, as long as the memory for it bears it.

    Attributes:
        nbytes: bytes that it takes.
        means: by sample, the mean of each channel where the output itself is too large to be kept.
        padded: whether padding was left out of them.
    """

    def __init__(self, budget: float) -> None:
        self.nbytes = 0
        self.means: dict[int, Tensor] = {}
        self.padded = False
        self._budget = budget
        self._rows: dict[int, Row] = {}

    def has_room(self, nbytes: int) -> bool:
        """Tell whether so many bytes more may be kept."""
        return self.nbytes + nbytes <= self._budget

    def keep(self, samples: Sequence[int], values: Tensor, counts: Tensor | None) -> None:
        """Keep the output for N samples, ``[N, ...]``, and which positions of it count."""
        values, counts = values.cpu(), None if counts is None else counts.cpu()
        self.nbytes += values.nbytes + (0 if counts is None else counts.nbytes)
        for place, sample in enumerate(samples):
            self._rows[sample] = values[place], None if counts is None else counts[place]

    def keep_means(self, samples: Sequence[int], means: Tensor) -> None:
        """Keep the mean of each channel, ``[N, C]``."""
        means = means.cpu()
        self.nbytes += means.nbytes
        self.means.update(zip(samples, means, strict=True))

    def __contains__(self, sample: int) -> bool:
        return sample in self._rows

    def get(self, sample: int) -> Row | None:
        """The output for a sample, and which positions of it count; None where it is not kept."""
        return self._rows.get(sample)


class Kept(NamedTuple):
    """The output for N samples, ``[N, ...]``, and which positions count, as ``innerview.data.padding.over`` has it."""

    values: Tensor
    counts: Tensor | None


def together(samples: Sequence[int], *of: Outputs) -> Kept:
    """The output for as many of these samples, from the first on, as have one shape; each is in one of these."""
    rows: list[Row] = []
    for sample in samples:
        row = next(row for each in of if (row := each.get(sample)) is not None)
        if rows and not _alike(row, rows[0]):
            break
        rows.append(row)
    counts = [counts for _, counts in rows if counts is not None]
    return Kept(torch.stack([values for values, _ in rows]), torch.stack(counts) if counts else None)


def outputs_of(subject: Subject, layer: str, data: Data) -> Outputs:
    """What is kept of a layer; forgotten when the model is found changed, or for what is asked more lately."""
    key = ("outputs", layer, data, subject.state)
    known: Any = subject.cache.get(key)
    if known is None:
        known = Outputs(_SHARE * subject.cache.budget)
        subject.cache.put(key, known)
    return known


def _alike(one: Row, other: Row) -> bool:
    if one[0].shape != other[0].shape or (one[1] is None) != (other[1] is None):
        return False
    return one[1] is None or other[1] is None or one[1].shape == other[1].shape
