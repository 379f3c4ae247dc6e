"""Vectors read by blocks: checked once, then centred and scaled so that distances between them come out exact.

The vectors may be a memory-mapped file larger than the memory, or lie on an accelerator: nothing here copies them all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from innerview.analysis.precision import working_device
from innerview.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Generator

BLOCK_BYTES = 1 << 24  # of one block read at a time
_SAFE = (1e-12, 1e12)  # extents whose squares neither overflow nor vanish in float32, summed over any number of axes


class Vectors:
    """`count` finite vectors of `size` elements on `device`, as `scanning` returns them.

    `mean` is the mean of each element (float64 [size]). All reads are multiplied by `scale`: 1, unless the values are
    so large or small that squares of them would overflow or vanish.
    """

    def __init__(
        self, values: torch.Tensor | np.ndarray, low: torch.Tensor, high: torch.Tensor, mean: torch.Tensor
    ) -> None:
        self._values = values
        self.count, self.size = values.shape
        self.mean = mean
        self.device = mean.device
        # Integers and float64 hold differences that float32 would lose; float16 and bfloat16 gain nothing by more.
        narrow = str(values.dtype).removeprefix("torch.") in {"float16", "bfloat16", "float32", "uint8", "int8", "bool"}
        self._dtype = torch.float32 if narrow else torch.float64
        extent = float((high - low).max())
        self.scale = 1.0 if extent == 0 or _SAFE[0] <= extent <= _SAFE[1] else 1 / extent

    def raw(self, index: slice | torch.Tensor) -> torch.Tensor:
        """Read some vectors [len(index), size], not centred, in float32 or, where that would lose digits, float64."""
        return self._scaled(_read(self._values, index, self._dtype))

    def array(self, most: int) -> np.ndarray | None:
        """Read all vectors on the CPU as ``raw`` gives them, without a copy where that can be.

        None where the copy would take more than ``most`` bytes.
        """
        held = self._values
        if isinstance(held, torch.Tensor) and held.dtype == self._dtype:
            held = held.numpy()
        wanted = np.dtype(np.float64 if self._dtype == torch.float64 else np.float32)
        if isinstance(held, np.ndarray) and held.dtype == wanted and held.flags.c_contiguous and self.scale == 1.0:
            return held
        return self.raw(slice(None)).numpy() if self.count * self.size * wanted.itemsize <= most else None

    def centred(self, index: slice | torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
        """Read some vectors minus the mean of all [len(index), size].

        Centring keeps a product of `factors` exact for data far from the origin.
        """
        wide = torch.float64 if dtype == torch.float64 else self._dtype
        return self._scaled(_read(self._values, index, wide) - self.mean.to(wide)).to(dtype)

    def rows_within(self, size: int = BLOCK_BYTES, itemsize: int = 4) -> int:
        """The number of vectors that fit into `size` bytes; at least 1."""
        return max(1, size // max(1, self.size * itemsize))

    def _scaled(self, values: torch.Tensor) -> torch.Tensor:
        return values if self.scale == 1.0 else values * self.scale


def scanning(values: torch.Tensor | np.ndarray, what: str = "vectors") -> Generator[float, None, Vectors]:
    """Read all vectors once, to see that they are finite and where they lie.

    Args:
        values: [N, D], N >= 2, of any real type; a tensor on any device (one of Apple's is copied to the CPU, which has
            float64), or an array, which may be memory-mapped.
        what: what the messages call them.

    Yields:
        The fraction read.

    Raises:
        DataError: not two axes, fewer than two vectors, no elements, complex or not numbers, or some are not finite
            (they are counted).
    """
    _check(values, what)
    if isinstance(values, torch.Tensor):
        values = values.detach().to(working_device(values))
    count, size = values.shape
    device = values.device if isinstance(values, torch.Tensor) else torch.device("cpu")
    low = torch.full((size,), torch.inf, dtype=torch.float64, device=device)
    high, total = -low, torch.zeros_like(low)
    step = max(1, BLOCK_BYTES // (8 * size))
    bad = 0
    for start in range(0, count, step):
        block = _read(values, slice(start, start + step), torch.float64)
        low, high = torch.minimum(low, block.amin(0)), torch.maximum(high, block.amax(0))
        total += block.sum(0)
        # A sum is finite only if every term is; the count is made only where it is needed.
        if not bool(block.sum().isfinite()):
            bad += int((~block.isfinite().all(1)).sum())
        yield min(1.0, (start + step) / count)
    if bad:
        raise DataError(
            f"{bad:,} of {count:,} {what} hold NaN or infinite values; leave those out, for example with "
            f"{what}[isfinite({what}).all(1)]."
        )
    return Vectors(values, low, high, total / count)


def factors(rows: torch.Tensor, columns: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Make [R, D + 2] and [D + 2, C] whose product is the squared distances of rows [R, D] and columns [C, D].

    |x|^2 + |y|^2 - 2 x.y as one product, so that nothing has to be added to it in a second pass over memory. Its error
    grows with |x| and |y|, so centre both first; it may come out slightly below 0.
    """
    of_rows, of_columns = rows.square().sum(1, keepdim=True), columns.square().sum(1, keepdim=True)
    left = torch.cat([rows * -2, of_rows, torch.ones_like(of_rows)], 1)
    return left, torch.cat([columns, torch.ones_like(of_columns), of_columns], 1).T


def _check(values: torch.Tensor | np.ndarray, what: str) -> None:
    if values.ndim != 2:  # noqa: PLR2004 - samples x elements
        raise DataError(f"{what} have shape {tuple(values.shape)}; expected two axes, samples x elements.")
    if len(values) < 2 or values.shape[1] < 1:  # noqa: PLR2004 - one vector does not have a neighbour
        raise DataError(f"{what} have shape {tuple(values.shape)}; at least two samples of one element are needed.")
    real = not values.is_complex() if isinstance(values, torch.Tensor) else values.dtype.kind in "fiub"
    if not real:
        raise DataError(f"{what} are of type {values.dtype}; expected real numbers.")


def _read(values: torch.Tensor | np.ndarray, index: slice | torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    if isinstance(values, torch.Tensor):
        return values[index].to(dtype)
    at = index if isinstance(index, slice) else index.numpy()
    # A copy, since torch warns about arrays that cannot be written to, as memory-mapped files opened for reading.
    return torch.from_numpy(np.array(values[at], np.float64 if dtype == torch.float64 else np.float32))
