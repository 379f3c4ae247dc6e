"""What passes of the model left of a layer: its output for the samples run so far, for whoever needs it again."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from innerview.data.samples import Data
    from innerview.study.cache import Cache

_SHARE = 0.5  # of the memory for results, that the output of one layer may take


class Kept(NamedTuple):
    """The output for a sample, ``[...]``, or for N together, ``[N, ...]``, and which positions of it count.

    The latter as ``innerview.data.padding.over`` has it; None where all do.
    """

    values: Tensor
    counts: Tensor | None


class Rows(Protocol):
    """What is kept of some samples, by their indices."""

    def get(self, sample: int) -> Kept | None:
        """What is kept of a sample; None where nothing is."""
        ...


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
        self._rows: dict[int, Kept] = {}

    def has_room(self, nbytes: int) -> bool:
        """Tell whether so many bytes more may be kept."""
        return self.nbytes + nbytes <= self._budget

    def keep(self, samples: Sequence[int], values: Tensor, counts: Tensor | None) -> None:
        """Keep the output for N samples, ``[N, ...]``, and which positions of it count."""
        values, counts = values.cpu(), None if counts is None else counts.cpu()
        self.nbytes += values.nbytes + (0 if counts is None else counts.nbytes)
        for place, sample in enumerate(samples):
            self._rows[sample] = Kept(values[place], None if counts is None else counts[place])

    def keep_means(self, samples: Sequence[int], means: Tensor) -> None:
        """Keep the mean of each channel, ``[N, C]``."""
        means = means.cpu()
        self.nbytes += means.nbytes
        self.means.update(zip(samples, means, strict=True))

    def __contains__(self, sample: int) -> bool:
        return sample in self._rows

    def get(self, sample: int) -> Kept | None:
        """The output for a sample; None where it is not kept."""
        return self._rows.get(sample)


def together(samples: Sequence[int], *of: Rows) -> Kept:
    """The output for as many of these samples, from the first on, as have one shape; each is in one of these."""
    rows: list[Kept] = []
    for sample in samples:
        row = next(row for each in of if (row := each.get(sample)) is not None)
        if rows and not _alike(row, rows[0]):
            break
        rows.append(row)
    counts = [counts for _, counts in rows if counts is not None]
    return Kept(torch.stack([values for values, _ in rows]), torch.stack(counts) if counts else None)


def known_outputs(cache: Cache, state: int, layer: str, data: Data) -> Outputs | None:
    """What is kept of a layer in this state of the model; forgotten for what is asked more lately."""
    return cache.get(("outputs", layer, data, state))


def outputs_of(cache: Cache, state: int, layer: str, data: Data) -> Outputs:
    """The same; made where nothing is kept yet."""
    known = known_outputs(cache, state, layer, data)
    if known is None:
        known = Outputs(_SHARE * cache.budget)
        cache.put(("outputs", layer, data, state), known)
    return known


def _alike(one: Kept, other: Kept) -> bool:
    if one.values.shape != other.values.shape or (one.counts is None) != (other.counts is None):
        return False
    return one.counts is None or other.counts is None or one.counts.shape == other.counts.shape
