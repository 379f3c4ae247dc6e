"""Principal components of vectors that come in batches and are not kept."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

import torch

from innerview.analysis.precision import exact
from innerview.analysis.projections.eigen import all_eigenpairs, leading_eigenpairs
from innerview.analysis.projections.pca import check_rank, make_pca, use_all
from innerview.analysis.projections.rows import check_finite, check_rows
from innerview.analysis.projections.sums import Gram
from innerview.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Generator

    from innerview.analysis.projections.pca import PCA

WIDE = 8192  # up to so many dimensions the products of all pairs are kept: 0.3 GB
_ROWS = 8192  # most rows multiplied at a time, see Gram.adding
_NUMBERS = 2**23  # gathered before they are multiplied: 32 MB
_DEFAULT_RANK = 256  # of wide vectors


class StreamingPCA:
    """A PCA by one pass over the data, in memory that does not depend on the number of samples.

    Up to 8,192 dimensions the covariance is added up exactly (4 bytes a pair of dimensions, and 4 more while solving).
    Above, the ``2 rank + 32`` leading directions so far are kept, and brought up to date with every so many new rows,
    so ``rank`` has to be given first; what a direction has before it is among the leading ones is lost. With no more
    samples than are kept this too is exact; the variance lost otherwise is in ``dropped``.

    Rows are gathered, and the mean of those gathered is taken out before they are multiplied; a row along the
    difference of the means makes up for the means being different. So a mean far from zero costs no digits.

    Source of the second way and of the extra row: D. Ross, J. Lim, R.-S. Lin and M.-H. Yang, Incremental learning for
    robust visual tracking, IJCV 77 (2008).

    Args:
        dimensions: length of the vectors.
        rank: most components that will be asked for; all, or 256 above 8,192 dimensions.
        device: where to compute, "cpu" or "cuda".

    Raises:
        DataError: the rank is below 1 or above ``dimensions``.
    """

    def __init__(self, dimensions: int, rank: int | None = None, device: torch.device | str = "cpu") -> None:
        wide = dimensions > WIDE
        self.rank = (min(_DEFAULT_RANK, dimensions) if wide else dimensions) if rank is None else rank
        check_rank(self.rank, dimensions)
        self.dimensions, self.device = dimensions, torch.device(device)
        self.samples = 0
        keep = min(2 * self.rank + 32, dimensions)
        self._sums = _Leading(dimensions, keep, self.device) if wide else _Covariance(dimensions, self.device)
        size = keep if wide else max(1, min(_ROWS, _NUMBERS // dimensions))
        self._gathered = torch.empty(size + 1, dimensions, dtype=torch.float32, device=self.device)
        self._filled = 0
        # Values are gathered without the mean of the first batch; `_mean` is that of the samples, also without it.
        self._shift: torch.Tensor | None = None
        self._mean = torch.zeros(dimensions, dtype=torch.float64, device=self.device)

    @property
    def dropped(self) -> float:
        """The part of the sum of squared distances from the mean in directions no longer kept; 0: nothing is lost."""
        return self._sums.dropped

    @exact
    def adding(self, batch: torch.Tensor) -> Generator[None, None, None]:
        """Take in a batch ``[B, dimensions]``, any real dtype and device, in steps of some milliseconds.

        Closed before its end, the sums are of no more use.

        Raises:
            DataError: it is of another shape, does not hold floating-point numbers, or a value is not finite.
        """
        check_rows(batch)
        if batch.shape[1] != self.dimensions:
            raise DataError(
                f"this batch has vectors with {batch.shape[1]:,} dimensions, those before had {self.dimensions:,}"
            )
        check_finite(batch)
        if self._shift is None:
            first = batch[: len(self._gathered)].to(self.device).double().mean(0)
            self._shift = first if batch.dtype == torch.float64 else first.float()
        room = len(self._gathered) - 1
        while len(batch):
            part, batch = batch[: room - self._filled], batch[room - self._filled :]
            place = self._gathered[self._filled : self._filled + len(part)]
            torch.sub(part.to(self.device), self._shift, out=place)
            self._filled += len(part)
            yield
            if self._filled == room:
                yield from self._absorb()

    @exact
    def solving(self, rank: int | None = None, *, seed: int = 0) -> Generator[None, None, PCA]:
        """Fit the PCA of what came so far, in steps; more may follow.

        It has ``self.rank`` components unless told otherwise, but not more than there are samples. ``seed`` is of the
        random start, where only the leading ones of many are computed.

        Raises:
            DataError: nothing came yet, or the rank is below 1 or above ``self.rank``.
        """
        rank = self.rank if rank is None else rank
        if not 1 <= rank <= self.rank:
            raise DataError(f"rank {rank} of a PCA that was begun for ranks 1 to {self.rank:,}")
        yield from self._absorb()
        if self._shift is None:
            raise DataError("no batch came yet: there is nothing to fit a PCA to")
        values, vectors = yield from self._sums.solving(min(rank, self.samples), seed)
        degrees = max(self.samples - 1, 1)
        return make_pca(self._shift + self._mean, vectors, values / degrees, self._sums.total / degrees, self.samples)

    def _absorb(self) -> Generator[None, None, None]:
        """Multiply what was gathered."""
        count, self._filled = self._filled, 0
        if not count:
            return
        rows = self._gathered[:count]
        mean = rows.mean(0)
        rows -= mean
        self._gathered[count] = self._between(mean.double() - self._mean, count)
        yield
        yield from self._sums.adding(self._gathered[: count + 1])

    def _between(self, away: torch.Tensor, count: int) -> torch.Tensor:
        """Count samples whose mean is `away` from ours, and return the row that makes up for it."""
        both = self.samples + count
        row = away * sqrt(self.samples * count / both)
        self._mean += away * (count / both)
        self.samples = both
        return row


class _Covariance:
    """All products of pairs of dimensions."""

    dropped = 0.0

    def __init__(self, dimensions: int, device: torch.device) -> None:
        self.gram = Gram(dimensions, device)

    @property
    def total(self) -> float:
        return self.gram.trace()

    def adding(self, rows: torch.Tensor) -> Generator[None, None, None]:
        return self.gram.adding(rows)

    def solving(self, rank: int, seed: int) -> Generator[None, None, tuple[torch.Tensor, torch.Tensor]]:
        size = self.gram.size
        if use_all(rank, size):
            return (yield from all_eigenpairs(self.gram.matrix(), rank))
        matrix = self.gram.matrix(torch.float32)

        def product(block: torch.Tensor) -> Generator[None, None, torch.Tensor]:
            yield
            return matrix @ block

        return (yield from leading_eigenpairs(product, size, rank, seed=seed, device=matrix.device))


class _Leading:
    """The leading directions only, each a row as long as the samples' spread along it."""

    def __init__(self, dimensions: int, keep: int, device: torch.device) -> None:
        self._keep = keep
        self.rows = torch.empty(0, dimensions, dtype=torch.float32, device=device)
        self._values = torch.empty(0, dtype=torch.float64, device=device)
        self.dropped = 0.0

    @property
    def total(self) -> float:
        return float(self._values.sum()) + self.dropped

    def adding(self, rows: torch.Tensor) -> Generator[None, None, None]:
        both = (self.rows, rows)
        count = len(self.rows) + len(rows)
        gram = Gram(count, rows.device)
        pieces = [slice(start, start + 1024) for start in range(0, rows.shape[1], 1024)]
        for piece in pieces:
            yield from gram.adding(torch.cat([part[:, piece] for part in both]).T)
        keep = min(self._keep, count)
        whole = gram.trace()
        self._values, mix = yield from all_eigenpairs(gram.matrix(), keep)
        turned = (
            torch.empty(keep, rows.shape[1], dtype=torch.float32, device=rows.device)
            if keep > len(self.rows)
            else self.rows
        )
        for piece in pieces:
            turned[:, piece] = mix.T @ torch.cat([part[:, piece] for part in both])
            yield
        self.rows = turned
        self.dropped += max(0.0, whole - float(self._values.sum()))

    def solving(self, rank: int, seed: int) -> Generator[None, None, tuple[torch.Tensor, torch.Tensor]]:  # noqa: ARG002 - nothing is random
        yield
        rank = min(rank, len(self.rows))
        return self._values[:rank], torch.linalg.qr(self.rows[:rank].T).Q
