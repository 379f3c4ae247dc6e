"""The product of a tall matrix with itself, added up as its rows come."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Generator

_BLOCK = 512  # a block of products stays in the processor's cache, and takes a few milliseconds


class Gram:
    """``R.T @ R`` for rows ``R [n, size]`` that are never held together.

    Each product is made in float32 and added up in float64, so that the error does not grow with the number of rows.
    It is symmetric, so only blocks on and above its diagonal are computed and kept: for 4,096 columns 0.6 times the
    time of ``R.T @ R`` and 75 MB.

    Args:
        size: number of columns.
        device: where the rows are; it has to know float64.
    """

    def __init__(self, size: int, device: torch.device | str = "cpu") -> None:
        self.size = size
        self.device = torch.device(device)
        edges = [slice(start, min(start + _BLOCK, size)) for start in range(0, size, _BLOCK)]
        self._blocks = [
            (
                rows,
                columns,
                torch.zeros(rows.stop - rows.start, columns.stop - columns.start, dtype=torch.float64, device=device),
            )
            for row, rows in enumerate(edges)
            for columns in edges[row:]
        ]

    def adding(self, rows: torch.Tensor) -> Generator[None, None, None]:
        """Add float32 rows ``[n, size]``, a few milliseconds at a time; closed before its end, the sums are of no use.

        Some thousand rows at a time are best: fewer, and adding up takes longer than multiplying; more, and the
        rounding of float32 grows.
        """
        for left, right, total in self._blocks:
            total.add_(rows[:, left].T @ rows[:, right])
            yield

    def merge(self, other: Gram) -> None:
        """Add the sums of another one of the same size."""
        for (_, _, total), (_, _, more) in zip(self._blocks, other._blocks, strict=True):
            total.add_(more.to(total.device))

    def trace(self) -> float:
        """The sum of squares of all that was added."""
        return sum(float(total.diagonal().sum()) for left, right, total in self._blocks if left == right)

    def matrix(self, dtype: torch.dtype = torch.float64) -> torch.Tensor:
        """The whole product ``[size, size]``, both triangles."""
        whole = torch.empty(self.size, self.size, dtype=dtype, device=self.device)
        for left, right, total in self._blocks:
            whole[left, right] = total
            whole[right, left] = total.T
        return whole
