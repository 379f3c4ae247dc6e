"""Rules that keep less of a vector: its part in a subspace, some of its elements, or some of its bits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Generator

FLOAT_BITS = 32  # of the numbers themselves: nothing to round
_COLUMNS = 512  # made orthonormal at a time


@dataclass(frozen=True, eq=False)
class Subspace:
    """The first columns of an orthonormal matrix.

    Attributes:
        matrix: float32 ``[d, R]``, orthonormal columns.
        mean: float32 ``[d]``, taken out before and added again after; None: nothing is.
    """

    matrix: torch.Tensor
    mean: torch.Tensor | None

    def apply(self, rows: torch.Tensor, rank: int) -> torch.Tensor:
        """Project float rows ``[..., d]``: ``mean + (x - mean) V V.T``, where V is the first ``rank`` columns."""
        basis = self.matrix[:, :rank].to(rows)
        if self.mean is None:
            return rows @ basis @ basis.T
        mean = self.mean.to(rows)
        return (rows - mean) @ basis @ basis.T + mean

    def parameters(self, rank: int) -> int:
        """The number of numbers that the projection itself needs."""
        return len(self.matrix) * (rank + (self.mean is not None))


@dataclass(frozen=True, eq=False)
class Chosen:
    """The first elements in an order; the others become their mean.

    Attributes:
        order: int64 ``[d]``, a permutation.
        mean: float32 ``[d]``.
    """

    order: torch.Tensor
    mean: torch.Tensor

    def apply(self, rows: torch.Tensor, rank: int) -> torch.Tensor:
        """Replace all but the first ``rank`` elements of float rows ``[..., d]`` by the mean."""
        keep = torch.zeros(len(self.order), dtype=torch.bool, device=rows.device)
        keep[self.order[:rank].to(rows.device)] = True
        return torch.where(keep, rows, self.mean.to(rows))

    def parameters(self, rank: int) -> int:  # noqa: ARG002 - the same at every rank
        """The number of numbers that the projection itself needs: which are kept, and the mean of the others."""
        return len(self.order)


@dataclass(frozen=True, eq=False)
class Levels:
    """Numbers rounded to ``2**bits`` evenly spaced levels from the lowest to the highest of their dimension.

    Attributes:
        low: float32 ``[d]``.
        high: float32 ``[d]``.
    """

    low: torch.Tensor
    high: torch.Tensor

    def apply(self, rows: torch.Tensor, bits: int) -> torch.Tensor:
        """Round float rows ``[..., d]``; what is outside becomes the nearest end. 32 bits: numbers as they are."""
        if bits >= FLOAT_BITS:
            return rows
        low, high = self.low.to(rows), self.high.to(rows)
        steps = 2**bits - 1
        step = (high - low) / steps
        step = torch.where(step > 0, step, torch.ones_like(step))
        # Codes are rounded, and only then limited: NaN stays NaN.
        return torch.minimum(low + ((rows - low) / step).round().clamp(0, steps) * step, high)

    def parameters(self, bits: int) -> int:  # noqa: ARG002 - the same at every rank
        """The number of numbers that the projection itself needs: both ends of each range."""
        return 2 * len(self.low)


Rule = Subspace | Chosen | Levels


def random_basis(size: int, rank: int, seed: int) -> Generator[None, None, torch.Tensor]:
    """Draw orthonormal columns whose directions are uniformly distributed (Haar): float32 ``[size, rank]``.

    The first columns are the same, up to rounding, whatever the rank. The random numbers are drawn on the CPU.

    Source: F. Mezzadri, How to generate random matrices from the classical compact groups, Notices of the AMS 54
    (2007): Q of a Gaussian matrix is uniform once the diagonal of R is made positive.
    """
    random = torch.Generator().manual_seed(seed)
    kind = {"dtype": torch.float32, "device": "cpu"}
    basis = torch.empty(size, rank, **kind)
    for start in range(0, rank, _COLUMNS):
        before = basis[:, :start]
        # Column by column, so that a column does not depend on how many follow it.
        width = min(_COLUMNS, rank - start)
        block = torch.stack([torch.randn(size, generator=random, **kind) for _ in range(width)], 1)
        yield
        for _ in range(2):  # what is left of the columns before after one pass is rounding, which counts
            block -= before @ (before.T @ block)
            block, triangle = torch.linalg.qr(block)
            block *= torch.where(triangle.diagonal() < 0, -1.0, triangle.new_ones(()))
            yield
        basis[:, start : start + width] = block
    return basis
