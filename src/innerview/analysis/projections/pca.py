"""Principal components of vectors held in memory, or in a memory-mapped file."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import torch

from innerview.analysis.precision import exact, working_device
from innerview.analysis.projections.eigen import all_eigenpairs, leading_eigenpairs
from innerview.analysis.projections.rows import check_finite, check_rows
from innerview.analysis.projections.sums import Gram
from innerview.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

_CHUNK = 2**22  # numbers centred at a time: 16 MB stay in a processor's cache for both products
_SMALL = 512  # matrices up to this size are decomposed whole
_FEW = 8  # a whole decomposition is the quicker one for more than one in so many of the eigenvectors


@dataclass(frozen=True, eq=False)
class PCA:
    """Orthogonal directions, each with the most variance that those before it leave.

    Attributes:
        mean: float32 ``[D]``.
        components: float32 ``[D, r]``, orthonormal columns. Of each, the number that is largest in size is positive.
        variances: float64 ``[r]``, along each column, descending; divided by one less than the number of samples.
        total_variance: the sum over all D directions.
        samples: the number of vectors it was made from.
    """

    mean: torch.Tensor
    components: torch.Tensor
    variances: torch.Tensor
    total_variance: float
    samples: int

    @property
    def explained(self) -> torch.Tensor:
        """Float64 ``[r]``: the fraction of the variance within the first 1, 2, ... r components; 1 if there is none."""
        if self.total_variance <= 0:
            return torch.ones_like(self.variances)
        return (self.variances.cumsum(0) / self.total_variance).clamp(max=1)

    def coordinates(self, vectors: torch.Tensor) -> torch.Tensor:
        """Compute the coordinates, float32 ``[N, r]``, of vectors ``[N, D]`` of any real dtype along the components."""
        found = [
            torch.sub(chunk.to(self.mean.device), self.mean).float() @ self.components
            for chunk in vectors.split(_rows_at_a_time(vectors.shape[1]))
        ]
        return torch.cat(found) if found else self.components.new_empty(0, self.components.shape[1])


def make_pca(
    mean: torch.Tensor, components: torch.Tensor, variances: torch.Tensor, total_variance: float, samples: int
) -> PCA:
    """Make a PCA, with the signs of its components settled: eigenvectors come with either."""
    largest = components.gather(0, components.abs().argmax(0, keepdim=True))
    signs = torch.where(largest < 0, -1.0, largest.new_ones(()))
    return PCA(mean.float(), components * signs, variances.double(), float(total_variance), samples)


@exact
def fitting_pca(vectors: torch.Tensor, rank: int, *, seed: int = 0) -> Generator[None, None, PCA]:
    """Fit a PCA to vectors ``[N, D]``, any real dtype, in steps of some milliseconds; no more components than N or D.

    Nothing of the size of the data is copied: each pass over it centres some rows at a time. Where few components are
    wanted, eigenvectors come from a block Krylov method with one pass over the data a product, otherwise from the
    decomposition of the whole matrix of products, of features or of samples, whichever are fewer.

    Raises:
        DataError: the vectors are not ``[N, D]`` with real numbers, there are none, one is not finite, or the rank
            is below 1.
    """
    check_rows(vectors)
    check_rank(rank, vectors.shape[1])
    samples, features = vectors.shape
    short = min(samples, features)
    rank = min(rank, short)
    mean, total = yield from _moments(vectors)
    table = _Centred(vectors, mean)
    if use_all(rank, short):
        gram = Gram(short, table.device)
        for rows in table:
            yield from gram.adding(rows)
        values, found = yield from all_eigenpairs(gram.matrix(), rank)
    else:
        product = partial(_product, table)
        values, found = yield from leading_eigenpairs(product, short, rank, seed=seed, device=table.device)
    if table.flipped:
        # Eigenvectors over the samples; the same combinations of the samples are those over the features.
        across = torch.empty(features, rank, dtype=torch.float32, device=table.device)
        start = 0
        for rows in table:
            across[start : start + len(rows)] = rows @ found
            start += len(rows)
            yield
        # Also makes whole what has no variance, where the combination is zero.
        found = torch.linalg.qr(across).Q
    return make_pca(mean, found, values / max(samples - 1, 1), total / max(samples - 1, 1), samples)


def check_rank(rank: int, dimensions: int) -> None:
    """Raise a DataError unless the rank is from 1 to the number of dimensions."""
    if not 1 <= rank <= dimensions:
        raise DataError(f"rank {rank} of vectors with {dimensions:,} dimensions: it can be 1 to {dimensions:,}")


def use_all(rank: int, size: int) -> bool:
    """True if a whole decomposition takes less time than the search for the leading eigenvectors."""
    return size <= _SMALL or rank * _FEW > size


def _rows_at_a_time(width: int) -> int:
    return max(1, _CHUNK // width)


def _moments(vectors: torch.Tensor) -> Generator[None, None, tuple[torch.Tensor, float]]:
    """Compute the mean, and the sum of squared distances from it."""
    device = working_device(vectors)
    chunks = vectors.split(_rows_at_a_time(vectors.shape[1]))
    # A first estimate of the mean is taken out before anything is squared: data with a mean far from zero would lose
    # all digits of its variance otherwise.
    first = chunks[0].to(device).double().mean(0)
    ahead = torch.zeros_like(first)
    squares = torch.zeros((), dtype=torch.float64, device=device)
    narrow = first if vectors.dtype == torch.float64 else first.float()
    for chunk in chunks:
        off = torch.sub(chunk.to(device), narrow)
        ahead += off.sum(0)
        squares += off.square_().sum()  # torch's sum adds in pairs; its norm and dot are a thousand times less exact
        yield
    if not bool(torch.isfinite(ahead).all() & torch.isfinite(squares)):
        check_finite(vectors)
    ahead /= len(vectors)
    return narrow + ahead, max(0.0, float(squares - len(vectors) * (ahead**2).sum()))


class _Centred:
    """The vectors without their mean, as a tall table: its columns are the features or the samples, the fewer ones."""

    def __init__(self, vectors: torch.Tensor, mean: torch.Tensor) -> None:
        self.device = working_device(vectors)
        self.flipped = vectors.shape[1] > vectors.shape[0]
        mean = mean if vectors.dtype == torch.float64 else mean.float()
        self._table, self._mean = (vectors.T, mean[:, None]) if self.flipped else (vectors, mean[None])

    def __iter__(self) -> Iterator[torch.Tensor]:
        size = _rows_at_a_time(self._table.shape[1])
        for start in range(0, len(self._table), size):
            mean = self._mean[start : start + size] if self.flipped else self._mean
            yield torch.sub(self._table[start : start + size].to(self.device), mean).float()


def _product(table: _Centred, block: torch.Tensor) -> Generator[None, None, torch.Tensor]:
    total = torch.zeros_like(block)
    for rows in table:
        total.addmm_(rows.T, rows @ block)
        yield
    return total
