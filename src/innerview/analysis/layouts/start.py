"""The positions that t-SNE and UMAP begin with."""

from __future__ import annotations

import numpy as np

from innerview.errors import DataError

FLAT = (2, 3)  # how many dimensions a picture may have
_ROUNDING = 1e-12  # by so much the mean of equal numbers may be off: that is no width


def unit_start(start: np.ndarray | None, count: int, dimensions: int) -> np.ndarray | None:
    """Positions of another picture, whatever their scale.

    Args:
        start: ``[N, d]``, or None.
        count: N, the number of samples.
        dimensions: d.

    Returns:
        float64 ``[N, d]`` with mean 0 and standard deviation 1 along the widest axis; None without a start, or where
        all positions are the same.

    Raises:
        DataError: d is neither 2 nor 3, or ``start`` is of another shape or not finite.
    """
    if dimensions not in FLAT:
        raise DataError(f"dimensions={dimensions!r}; an embedding is drawn in 2 or in 3.")
    if start is None:
        return None
    if start.shape != (count, dimensions):
        raise DataError(
            f"start has the shape {list(start.shape)}; {count:,} samples in {dimensions} dimensions begin at "
            f"{[count, dimensions]}."
        )
    if not np.isfinite(start).all():
        raise DataError("start has positions that are not finite; leave it out, or replace them.")
    centred = start.astype(np.float64)
    largest = np.abs(centred).max()
    if largest > 0:
        centred /= largest  # so that no square overflows
    centred -= centred.mean(0)
    width = centred.std(0).max()
    return centred / width if width > _ROUNDING else None
