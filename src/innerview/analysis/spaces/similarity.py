"""Cosine similarities of vectors as histograms: pairs of one class beside pairs of different classes."""

from __future__ import annotations

import operator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from innerview.analysis.given import as_numbers, class_numbers
from innerview.arguments import strict
from innerview.errors import DataError
from innerview.figures.cosine import cosine_figure
from innerview.jobs.progress import finish

if TYPE_CHECKING:
    from collections.abc import Generator

    Vectors = Tensor | np.ndarray

_SAMPLE = 512  # vectors whose pairs make the first estimate
_LARGEST_SAMPLE = 2**21  # numbers in them, at most: read and multiplied in some 30 ms
_CELLS = 2**16  # of the fine histogram behind the area under the curve, at least
_MARGIN = 2  # cells
_PART = 2**21  # numbers normalised at a time
_PRODUCT = 2**31  # multiplications between two yields, at most: 15 to 50 ms on two CPU cores
_BLOCK = 2**21  # cosines in a block, at most
_ROWS = 1024  # of a block: long enough for the matrix product to run at full speed


@dataclass(frozen=True, eq=False)
class CosineHistogram:
    """The number of pairs of vectors by their cosine similarity.

    Attributes:
        edges: float64 ``[bins + 1]``, equally spaced from -1 to 1. A bin holds its lower edge, the last both.
        same: int64 ``[bins]``, pairs with the same label; zeros without labels.
        other: int64 ``[bins]``, pairs with different labels; without labels, all pairs.
        auc: the probability that a pair of the same label is more similar than a pair of different labels, ties
            counting half: 0.5 when the labels make no difference, 1 when they separate completely. None without
            pairs of both kinds.
        auc_error: ``auc`` is this far from the exact value at most; None where ``auc`` is.
        overlap: the area shared by the two histograms, each scaled to area 1: 1 when they are equal, 0 when apart.
            It depends on the width of the bins. None where ``auc`` is.
        pairs: the number of pairs counted.
        sampled: True for an estimate, from the pairs among a random sample of the vectors.
        reference: the vector whose pairs with all others were counted; None for all pairs.
        excluded: the number of vectors left out because they are zero or not finite.
        note: what the numbers do not say: why there is no ``auc``, what was left out. Empty if nothing.
    """

    edges: np.ndarray
    same: np.ndarray
    other: np.ndarray
    auc: float | None
    auc_error: float | None
    overlap: float | None
    pairs: int
    sampled: bool = False
    reference: int | None = None
    excluded: int = 0
    note: str = ""

    def figure(self, title: str = "") -> Any:
        """A bqplot Figure of it, for a dashboard of one's own; see ``innerview.figures.cosine``."""
        return cosine_figure(self.edges, self.same, self.other, title)


@strict
def cosine_histogram(
    vectors: Any, labels: Any = None, reference: int | None = None, bins: int = 200
) -> CosineHistogram:
    """Count the cosine similarities of all pairs of vectors, or of one vector with all others.

    The cosine of two vectors is their dot product after each was divided by its length, computed in float32. The
    memory needed beside the vectors is one float32 copy of them and some 30 MB.

    Args:
        vectors: ``[N, ...]``, any real dtype: a tensor, an array, a table or a list of vectors; what follows the first
            axis is flattened.
        labels: N numbers or strings in a list, an array, a tensor or a pandas column.
        reference: index of the vector to compare with all others; None: each pair of two different vectors once.
        bins: the number of them, from 1 to 65,536.

    Raises:
        DataError: fewer than two vectors that are finite and not zero, or the reference is not; labels of another
            number, or with missing ones; no such reference; a number of bins that is not allowed.
        TypeError: another keyword argument.

    The area under the curve is that of the Mann-Whitney U statistic (Mann and Whitney 1947, Annals of Mathematical
    Statistics 18, 50-60), computed from a histogram of at least 65,536 cells. Within a cell the order is not known:
    half of what can be gained or lost there is ``auc_error``.
    """
    return finish(measuring_similarity(vectors, labels, reference, bins, first=False))


def measuring_similarity(
    vectors: Any,
    labels: Any = None,
    reference: int | None = None,
    bins: int = 200,
    *,
    first: bool = True,
    seed: int = 0,
) -> Generator[CosineHistogram | float, None, CosineHistogram]:
    """Count as ``cosine_histogram`` does, in steps.

    With ``first`` it begins with an estimate from all pairs among 512 vectors, drawn at random with the seed, if there
    are at least twice as many and all pairs are asked for. Its ``excluded`` counts among those drawn.

    Yields:
        The estimate, then the fraction done, 0 to 1.
    """
    source = _as_matrix(vectors)
    count = len(source)
    codes = None if labels is None else class_numbers(labels, count, "vectors")
    bins = _checked("bins", bins, range(1, _CELLS + 1))
    if reference is not None:
        reference = _checked("reference", reference, range(count))
        return (yield from _one_against_all(source, codes, reference, bins))
    size = min(_SAMPLE, _LARGEST_SAMPLE // source.shape[1])
    if first and size <= count // 2:
        drawn = np.sort(np.random.default_rng(seed).choice(count, size, replace=False))
        estimate = finish(_all_pairs(source, codes, drawn, bins))
        if estimate.pairs:
            yield replace(estimate, sampled=True)
    exact = yield from _all_pairs(source, codes, np.arange(count), bins)
    if not exact.pairs:
        raise DataError(_too_few(count, exact.excluded))
    return exact


class _Counts:
    """The fine histograms of all pairs and of those with the same label."""

    def __init__(self, bins: int) -> None:
        self.bins = bins
        self.cells = bins * -(-_CELLS // bins)
        # Cells beyond -1 and 1, for what rounding brings there, and last one for pairs that are not to be counted.
        self.nowhere = self.cells + 2 * _MARGIN
        self.all, self.same = (np.zeros(self.nowhere + 1, np.int64) for _ in range(2))

    def cells_of(self, some: Tensor, others: Tensor, space: Tensor) -> np.ndarray:
        """Find the cells of the cosines of unit vectors ``[M, D]`` and ``[N, D]``: int64 ``[M, N]``."""
        half = self.cells / 2
        cosines = space[: len(some) * len(others)].view(len(some), len(others))
        # The product scales the cosines at no cost. The rest is done by numpy, at 1.5 ns a value, where a cosine of
        # 4,096 numbers takes 20 to 50: torch would share each pass between threads, which have to wait for each other
        # at its end, and that doubled the time of the whole on a machine where other programs were running.
        scaled = cosines.addmm_(some, others.T, beta=0, alpha=half).cpu().numpy()
        scaled += half + _MARGIN
        return scaled.astype(np.int64)

    def add(self, cells: np.ndarray, alike: np.ndarray) -> None:
        """Count the cells of all pairs, and those of the pairs among them with the same label."""
        self.all += np.bincount(cells.ravel(), minlength=self.nowhere + 1)
        self.same += np.bincount(alike, minlength=self.nowhere + 1)

    def result(self, *, labelled: bool, reference: int | None, excluded: int) -> CosineHistogram:
        every, same = self._inner(self.all), self._inner(self.same)
        other = every - same
        coarse_same, coarse_other = same.reshape(self.bins, -1).sum(1), other.reshape(self.bins, -1).sum(1)
        pairs, alike = int(every.sum()), int(same.sum())
        auc = error = overlap = None
        notes = []
        if not labelled:
            notes.append("without labels, no pair is known to be of one class")
        elif alike == 0:
            notes.append("no two of these vectors have the same label")
        elif alike == pairs:
            notes.append("all of these vectors have the same label")
        else:
            # In float64: pairs times pairs may not fit 64 bits.
            ties = float(same.astype(np.float64) @ other)
            below = float(same.astype(np.float64) @ (np.cumsum(other) - other))
            comparisons = float(alike) * (pairs - alike)
            auc, error = min(1.0, (below + ties / 2) / comparisons), ties / 2 / comparisons
            overlap = float(np.minimum(coarse_same / alike, coarse_other / (pairs - alike)).sum())
        if excluded:
            notes.append(f"{excluded:,} left out: zero or not finite")
        edges, note = np.linspace(-1.0, 1.0, self.bins + 1), "; ".join(notes)
        about = {"reference": reference, "excluded": excluded, "note": note}
        return CosineHistogram(edges, coarse_same, coarse_other, auc, error, overlap, pairs, **about)

    def _inner(self, counts: np.ndarray) -> np.ndarray:
        inner = counts[_MARGIN : _MARGIN + self.cells].copy()
        inner[0] += counts[:_MARGIN].sum()
        inner[-1] += counts[_MARGIN + self.cells : self.nowhere].sum()
        return inner


def _all_pairs(
    source: Vectors, codes: np.ndarray | None, chosen: np.ndarray, bins: int
) -> Generator[float, None, CosineHistogram]:
    """Count each pair among the chosen rows once, block by block of the upper triangle of the product."""
    # Sorted by label, the pairs of one label are a few rectangles of each block: no comparison of labels a pair.
    order = chosen if codes is None else chosen[np.argsort(codes[chosen], kind="stable")]
    units, kept = yield from _unit_rows(source, order)
    count, counts = len(units), _Counts(bins)
    labels = np.arange(count) if codes is None else codes[kept]
    starts = np.r_[np.flatnonzero(np.diff(labels, prepend=-1)), count]
    blocks = _blocks(count, units.shape[1])
    # One piece of memory for every product: fresh pages would cost more than the counting.
    most = max((len(rows) * len(columns) for rows, columns in blocks), default=0)
    space = torch.empty(most, dtype=torch.float32, device=units.device)
    for done, (rows, columns) in enumerate(blocks, 1):
        cells = counts.cells_of(units[rows.start : rows.stop], units[columns.start : columns.stop], space)
        corner = cells[columns.start - rows.start :]
        if len(corner):
            # On and below the diagonal: a vector with itself, or a pair for the second time.
            corner[np.tri(*corner.shape, dtype=bool)] = counts.nowhere
        counts.add(cells, _alike(cells, rows, columns, starts))
        yield done / len(blocks)
    return counts.result(labelled=codes is not None, reference=None, excluded=len(chosen) - count)


def _blocks(count: int, width: int) -> list[tuple[range, range]]:
    """List the rows and columns of the blocks that cover the upper triangle of a ``count`` x ``count`` product.

    Their size depends on nothing else: the shape of a product may change the last bit of what it returns.
    """
    height = max(1, min(_ROWS, _PRODUCT // width // 64))
    length = max(1, min(_BLOCK // height, _PRODUCT // width // height))
    return [
        (range(top, min(top + height, left + length, count)), range(left, min(left + length, count)))
        for top in range(0, count, height)
        for left in range(top, count, length)
    ]


def _alike(cells: np.ndarray, rows: range, columns: range, starts: np.ndarray) -> np.ndarray:
    """Cut out the parts of a block in which row and column have the same label, flattened; it is sorted by label.

    ``starts`` is where each label begins, then the number of vectors; no column comes before the first row.
    """
    first = np.searchsorted(starts, columns.start, side="right") - 1
    last = np.searchsorted(starts, rows.stop, side="left")
    parts = [cells[:0, 0]]
    for begin, end in zip(starts[first:last].tolist(), starts[first + 1 : last + 1].tolist(), strict=True):
        a, b = max(begin, rows.start), min(end, rows.stop)
        c, d = max(begin, columns.start), min(end, columns.stop)
        if b > a and d > c:
            parts.append(cells[a - rows.start : b - rows.start, c - columns.start : d - columns.start].ravel())
    return np.concatenate(parts)


def _one_against_all(
    source: Vectors, codes: np.ndarray | None, reference: int, bins: int
) -> Generator[float, None, CosineHistogram]:
    """Count the pairs of one vector with all others."""
    count = len(source)
    one, good = _normalised(source, np.array([reference]))
    if not bool(good):
        raise DataError(
            f"vector {reference} cannot be the reference: it is zero or not finite, so it has no direction. "
            "Choose another"
        )
    counts = _Counts(bins)
    excluded = 0
    for part in _parts(count, source.shape[1]):
        rows = np.arange(part.start, part.stop)
        units, good = _normalised(source, rows)
        cells = counts.cells_of(units, one, torch.empty(len(units), dtype=torch.float32, device=one.device))[:, 0]
        left_out = ~good.cpu().numpy()
        excluded += int(left_out.sum())
        cells[left_out | (rows == reference)] = counts.nowhere
        counts.add(cells, cells[:0] if codes is None else cells[codes[rows] == codes[reference]])
        yield part.stop / count
    if excluded == count - 1:
        raise DataError(_too_few(count, excluded))
    return counts.result(labelled=codes is not None, reference=reference, excluded=excluded)


def _unit_rows(source: Vectors, order: np.ndarray) -> Generator[float, None, tuple[Tensor, np.ndarray]]:
    """Divide the rows by their length, in this order, float32, without those that cannot be; and say which are left."""
    device = source.device if isinstance(source, Tensor) else torch.device("cpu")
    units = torch.empty((len(order), source.shape[1]), dtype=torch.float32, device=device)
    kept = np.empty_like(order)
    filled = 0
    for part in _parts(len(order), source.shape[1]):
        rows = order[part.start : part.stop]
        values, good = _normalised(source, rows)
        chosen = good.cpu().numpy()
        stop = filled + int(chosen.sum())
        units[filled:stop] = values if chosen.all() else values[good]
        kept[filled:stop] = rows[chosen]
        filled = stop
        yield 0.0
    return units[:filled], kept[:filled]


def _normalised(source: Vectors, rows: np.ndarray) -> tuple[Tensor, Tensor]:
    """Divide these rows by their length, float32; and say which of them have a finite one that is not zero."""
    if isinstance(source, Tensor):
        values = source[torch.from_numpy(rows).to(source.device)]
    else:
        values = torch.from_numpy(np.array(source[rows]))
    values = values.to(torch.float64 if values.dtype == torch.float64 else torch.float32)
    # By the largest first: the squares of 1e30, or of 1e-30, do not fit float32.
    largest = values.abs().amax(1, keepdim=True)
    good = torch.isfinite(largest) & (largest > 0)
    values = values / torch.where(good, largest, 1.0)
    values /= torch.linalg.vector_norm(values, dim=1, keepdim=True)
    # What is left out must not be NaN: it would have no cell.
    return values.masked_fill_(~good, 0.0).to(torch.float32), good[:, 0]


def _parts(count: int, width: int) -> list[range]:
    """Cut the rows into ranges to read at a time."""
    size = max(1, _PART // width)
    return [range(start, min(start + size, count)) for start in range(0, count, size)]


def _as_matrix(vectors: Any) -> Vectors:
    """View the vectors as ``[N, D]``, without a copy if the memory allows."""
    given: Vectors = as_numbers(vectors, "vectors")
    if given.is_complex() if isinstance(given, Tensor) else given.dtype.kind == "c":
        raise DataError(f"vectors hold real numbers; got {given.dtype}")
    if given.ndim < 2 or 0 in given.shape[1:]:  # noqa: PLR2004 - [N, D]
        raise DataError(f"vectors have the shape [N, D], one row a vector; got {list(given.shape)}")
    if len(given) < 2:  # noqa: PLR2004 - a pair
        raise DataError(_too_few(len(given), 0))
    return given.reshape(len(given), -1)


def _checked(name: str, number: int, allowed: range) -> int:
    if operator.index(number) not in allowed:
        raise DataError(f"{name}={number} is not possible: choose from {allowed.start} to {allowed.stop - 1}")
    return int(number)


def _too_few(count: int, excluded: int) -> str:
    given = f"of {count:,}, {excluded:,} are zero or not finite" if excluded else f"got {count}"
    return f"a cosine similarity needs two vectors at least: {given}"
