"""Mean, variance and range of each dimension of vectors that come in batches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from innerview.analysis.projections.pca import check_finite

if TYPE_CHECKING:
    from collections.abc import Generator

_NUMBERS = 2**22  # taken in at a time


class Moments:
    """Added up in float64, batch by batch.

    Source of the update: T. Chan, G. Golub and R. LeVeque, Updating formulae and a pairwise algorithm for computing
    sample variances, COMPSTAT 1982.

    Attributes:
        count: how many vectors.
        mean: float64 ``[dimensions]``.
        low: ``[dimensions]``, the smallest values.
        high: ``[dimensions]``, the largest values.
    """

    def __init__(self, dimensions: int, device: torch.device | str = "cpu") -> None:
        self.device = torch.device(device)
        self.count = 0
        self.mean = torch.zeros(dimensions, dtype=torch.float64, device=device)
        self.low = torch.full_like(self.mean, torch.inf)
        self.high = torch.full_like(self.mean, -torch.inf)
        self._squares = torch.zeros_like(self.mean)

    @property
    def variance(self) -> torch.Tensor:
        """float64 ``[dimensions]``, over one less than the number of vectors."""
        return self._squares / max(self.count - 1, 1)

    def adding(self, vectors: torch.Tensor) -> Generator[None, None, None]:
        """Take in float vectors ``[N, dimensions]``, in steps.

        Raises:
            DataError: a value is not finite.
        """
        for part in vectors.split(max(1, _NUMBERS // len(self.mean))):
            values = part.to(self.device)
            check_finite(values)
            values = values.float() if values.dtype in (torch.float16, torch.bfloat16) else values
            mean = values.mean(0)
            off = values - mean
            both = self.count + len(values)
            # The mean was rounded; what is left of it in the differences is taken out of both.
            left = off.mean(0).double()
            away = mean.double() + left - self.mean
            self._squares += off.square_().sum(0).double() - len(values) * left**2
            self._squares += away**2 * (self.count * len(values) / both)
            self.mean += away * (len(values) / both)
            self.count = both
            self.low = torch.minimum(self.low, values.amin(0).double())
            self.high = torch.maximum(self.high, values.amax(0).double())
            yield
