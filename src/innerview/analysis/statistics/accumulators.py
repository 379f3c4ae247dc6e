"""Statistics of an activation's values that can be merged: over batches, steps, workers and ranks."""

from __future__ import annotations

from math import isfinite
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from innerview.analysis.statistics.spread import in_memory, one_by_one

SAMPLE = 16_384
NEAR_ZERO = 1e-3

# Two bins an octave from 2^-20 to 2^17, mirrored; one bin around zero, and one beyond each end. Their edges are the
# float32 numbers with at most one bit of mantissa, so a value's bin can be read off its bits.
_LOWEST, _HIGHEST = -20, 17
_POSITIVE = np.append((2.0 ** np.arange(_LOWEST, _HIGHEST)[:, None] * (1.0, 1.5)).ravel(), 2.0**_HIGHEST)
EDGES = np.concatenate([[-np.inf], -_POSITIVE[::-1], _POSITIVE, [np.inf]])
BINS = len(EDGES) - 1
_CENTRE = BINS // 2
_CODE_SHIFT = 22  # leaves the sign, the exponent and the first bit of the mantissa of a float32
_CODES = 1 << 10
_FIRST_CODE = (_LOWEST + 127) * 2  # of 2^-20

# The columns of `scalars`.
COLUMNS = (
    *("count", "nonfinite", "mean", "squares", "low", "high"),
    *("sampled", "zeros", "near_zeros", "saturated", "saturable"),
    *("gradient_count", "gradient_nonfinite", "gradient_mean", "gradient_squares"),
)
_AT = {name: column for column, name in enumerate(COLUMNS)}
_NUMBERS = 6  # that `summarise` puts in front: values, sampled, zeros, near zeros, saturated, saturable
# The rows of `channels`.
CHANNEL_ROWS = ("count", "mean", "std", "low", "high")

# From these distances to its limits on, the slope of the activation function is under a twentieth of its greatest.
_SATURATION = {"sigmoid": 0.0127, "tanh": 0.0253}
_KINDS = {
    **dict.fromkeys(("Sigmoid", "Hardsigmoid"), "sigmoid"),
    **dict.fromkeys(("Tanh", "Hardtanh", "Softsign"), "tanh"),
    **dict.fromkeys(("Softmax", "Softmax2d"), "softmax"),
}

# Where the mean is over 30 times the deviation, the difference of squares in float32 has lost most of its digits.
_CANCELLING = 900.0
# Fewer values than this in a row are not worth a vector instruction.
_SHORT = 32
# Values that are added up in float32 at a time, while they are in the cache: 1 MB.
_CACHED = 2**18
# Values that are masked at a time: 64 MB of float32.
_PART = 2**24


class Statistics(NamedTuple):
    """Statistics of one activation, or of many along leading axes.

    Attributes:
        scalars: float64 ``[..., len(COLUMNS)]``. ``count`` is of the values looked at, ``nonfinite`` of NaN and Inf
            among them; ``mean``, ``squares`` (sum of squared differences from the mean), ``low`` and ``high`` are of
            the finite ones. ``zeros``, ``near_zeros`` (at most ``NEAR_ZERO`` in size) and ``saturated`` are counts
            among the ``sampled`` values; ``saturable`` is what to divide ``saturated`` by.
        histogram: float32 ``[..., BINS]``, counts of the finite sampled values in the bins of ``EDGES``; a value on an
            edge belongs to the bin farther from zero.
        channels: float32 ``[..., len(CHANNEL_ROWS), C]``, of each channel's finite values.
    """

    scalars: np.ndarray
    histogram: np.ndarray
    channels: np.ndarray

    def column(self, name: str) -> np.ndarray:
        """One column of ``scalars``, a view."""
        return self.scalars[..., _AT[name]]


def saturating(kind: str) -> str:
    """Name how a module of this class can saturate: "sigmoid", "tanh", "softmax", or "" if it cannot."""
    return _KINDS.get(kind, "")


def empty(*leading: int, channels: int = 0) -> Statistics:
    """Make statistics of nothing, which change nothing when merged."""
    scalars = np.zeros((*leading, len(COLUMNS)))
    scalars[..., _AT["low"]] = np.inf
    scalars[..., _AT["high"]] = -np.inf
    return Statistics(scalars, np.zeros((*leading, BINS), np.float32), empty_channels(*leading, channels=channels))


def empty_channels(*leading: int, channels: int) -> np.ndarray:
    """Make the ``channels`` of nothing: float32 ``[..., len(CHANNEL_ROWS), C]``."""
    result = np.zeros((*leading, len(CHANNEL_ROWS), channels), np.float32)
    result[..., 3, :] = np.inf
    result[..., 4, :] = -np.inf
    return result


def merge(one: Statistics, other: Statistics) -> Statistics:
    """Merge two statistics of the same shapes into those of all values of both.

    Source of the update of mean and squares: T. Chan, G. Golub and R. LeVeque, Updating formulae and a pairwise
    algorithm for computing sample variances, COMPSTAT 1982. Associative and commutative, up to rounding.
    """
    a, b = one.scalars, other.scalars
    scalars = a + b
    scalars[..., _AT["low"]] = np.minimum(a[..., _AT["low"]], b[..., _AT["low"]])
    scalars[..., _AT["high"]] = np.maximum(a[..., _AT["high"]], b[..., _AT["high"]])
    for prefix in ("", "gradient_"):
        count, lost, mean, squares = (_AT[prefix + name] for name in ("count", "nonfinite", "mean", "squares"))
        scalars[..., mean], scalars[..., squares] = _chan(
            (a[..., count] - a[..., lost], a[..., mean], a[..., squares]),
            (b[..., count] - b[..., lost], b[..., mean], b[..., squares]),
        )
    return Statistics(scalars, one.histogram + other.histogram, merge_channels(one.channels, other.channels))


def merge_channels(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Merge two ``channels``, float32 ``[..., len(CHANNEL_ROWS), C]``."""
    a, b = one.astype(np.float64), other.astype(np.float64)
    result = np.empty_like(one)
    count_a, count_b = a[..., 0, :], b[..., 0, :]
    mean, squares = _chan(
        (count_a, a[..., 1, :], a[..., 2, :] ** 2 * count_a), (count_b, b[..., 1, :], b[..., 2, :] ** 2 * count_b)
    )
    result[..., 0, :] = count_a + count_b
    result[..., 1, :] = mean
    result[..., 2, :] = np.sqrt(squares / np.maximum(count_a + count_b, 1))
    result[..., 3, :] = np.minimum(one[..., 3, :], other[..., 3, :])
    result[..., 4, :] = np.maximum(one[..., 4, :], other[..., 4, :])
    return result


_Moments = tuple[np.ndarray, np.ndarray, np.ndarray]  # count, mean, squared differences


def _chan(one: _Moments, other: _Moments) -> tuple[np.ndarray, np.ndarray]:
    (count_a, mean_a, squares_a), (count_b, mean_b, squares_b) = one, other
    both = np.maximum(count_a + count_b, 1)
    away = mean_b - mean_a
    # From the larger side, so that nothing is lost where one side is empty.
    mean = np.where(count_a >= count_b, mean_a + away * (count_b / both), mean_b - away * (count_a / both))
    return mean, squares_a + squares_b + away**2 * (count_a * count_b / both)


def summarise(values: Tensor, channel_axis: int = 1, saturates: str = "") -> Tensor:
    """Look at an activation once; everything stays on its device, and on a GPU nothing waits for it.

    Args:
        values: of any shape and any real or complex dtype; half precision is computed with in float32.
        channel_axis: the axis that holds the channels; of a tensor without such an axis all is one channel.
        saturates: from :func:`saturating`.

    Returns:
        A flat tensor that :func:`unpack` reads; float64 where the device has it.
    """
    values = _floats(values)
    grid = _grid(values, channel_axis)
    sample = one_by_one(values, SAMPLE)
    if sample.device.type == "cpu":
        # Calls of NumPy take a third of the time of torch's, and what is looked at is often small.
        counts = [grid.numel(), len(sample), *_near_edges(sample.numpy(), saturates)]
        channels = _quick(grid) if grid.numel() else _nothing(grid).numpy()
        return torch.from_numpy(np.concatenate([counts, _histogram(sample).numpy(), channels.reshape(-1)]))
    channels = _careful(grid) if grid.numel() else _nothing(grid)
    counts = [
        torch.full((), grid.numel(), dtype=channels.dtype, device=sample.device),
        torch.full((), len(sample), dtype=torch.int64, device=sample.device),
        *_near_edges(sample, saturates),
    ]
    return torch.cat([torch.stack(counts), _histogram(sample).to(channels), channels.reshape(-1)])


def summarise_gradient(gradient: Tensor) -> Tensor:
    """Reduce a gradient to its count, non-finite count, mean and squared differences: ``[4]`` on its device."""
    flat = in_memory(_floats(gradient))
    count = flat.numel()
    if flat.device.type == "cpu":
        parts = flat.split(_CACHED)
        total, dot = sum(part.sum().item() for part in parts), sum(torch.dot(part, part).item() for part in parts)
        if isfinite(total) and isfinite(dot):
            mean = total / max(count, 1)
            return torch.tensor([count, 0, mean, max(dot - count * mean**2, 0)], dtype=torch.float64, device="cpu")
    finite = torch.isfinite(flat)
    kept = torch.where(finite, flat, 0).to(_wide(flat))
    number = finite.sum().to(kept)
    mean = kept.sum() / number.clamp_min(1)
    squares = (torch.where(finite, kept - mean, 0) ** 2).sum()
    return torch.stack([torch.full_like(number, count), count - number, mean, squares])


def unpack(flat: np.ndarray) -> Statistics:
    """Read what :func:`summarise` returned, as a float64 array."""
    (number, *sampled), histogram = flat[:_NUMBERS], flat[_NUMBERS : _NUMBERS + BINS]
    counts, mean, squares, low, high = flat[_NUMBERS + BINS :].reshape(len(CHANNEL_ROWS), -1)
    finite, overall, spread = _pooled(counts, mean, squares)
    lowest, highest = low.min(initial=np.inf), high.max(initial=-np.inf)
    seen = [number, number - finite, overall, spread, lowest, highest, *sampled]
    scalars = np.zeros(len(COLUMNS))
    scalars[: len(seen)] = seen  # those of the gradient come last, and later
    std = np.sqrt(squares / np.maximum(counts, 1))
    channels = np.array([counts, mean, std, low, high], np.float32)
    return Statistics(scalars, histogram.astype(np.float32), channels)


def with_gradient(statistics: Statistics, gradient: np.ndarray) -> Statistics:
    """Fill the gradient's columns, in a copy, with what :func:`summarise_gradient` returned, as an array."""
    scalars = statistics.scalars.copy()
    scalars[..., -4:] = gradient
    return statistics._replace(scalars=scalars)


def _floats(values: Tensor) -> Tensor:
    values = values.detach()
    if values.is_complex():
        values = torch.view_as_real(values)
    return values if values.dtype in (torch.float32, torch.float64) else values.float()


def _wide(values: Tensor) -> torch.dtype:
    return torch.float32 if values.device.type == "mps" else torch.float64


def _grid(values: Tensor, channel_axis: int) -> Tensor:
    """View the values as ``[before, channels, after]``, without a copy if they lie with the channels last."""
    if channel_axis >= values.ndim:
        return values.reshape(-1, 1, 1)
    channels = values.shape[channel_axis]
    if not values.is_contiguous():
        last = values.movedim(channel_axis, -1)
        if last.is_contiguous():
            return last.reshape(-1, channels, 1) if channels else last.reshape(0, 0, 1)
    before, after = values.shape[:channel_axis], values.shape[channel_axis + 1 :]
    return values.reshape(before.numel(), channels, after.numel())


def _quick(grid: Tensor) -> np.ndarray:
    """Reduce each channel to its finite count, mean, squares, smallest and largest: float64 ``[5, C]``.

    Sums, sums of squares and ranges, each in one pass along the memory: over what is after the channels, or, where that
    is short, over what is before. Channels that are not finite, or lose too many digits so, are done again with care.
    """
    before, channels, after = grid.shape
    if before > 1 and after < _SHORT <= before * after and grid.numel() <= _CACHED:
        grid = grid.movedim(1, 0).reshape(1, channels, -1)  # a copy, but quicker than many short rows
        before, after = 1, before * after
    if after >= _SHORT:
        rows = grid.reshape(-1, after)
        found = rows.sum(1), torch.linalg.vector_norm(rows, dim=1), rows.amin(1), rows.amax(1)
        # What is left is small, and NumPy's calls take a third of the time of torch's.
        total, norm, low, high = (each.numpy().reshape(before, channels) for each in found)
        dot = np.square(norm, dtype=np.float64)
        rest = 0
    else:
        parts = [
            (part.sum(0), (part * part).sum(0), part.amin(0), part.amax(0))
            for part in grid.split(max(1, _CACHED // max(1, channels * after)))
        ]
        total, dot, low, high = (np.array([part.numpy() for part in each]) for each in zip(*parts, strict=True))
        rest = (0, 2)
    total, dot = total.sum(rest, dtype=np.float64), dot.sum(rest, dtype=np.float64)
    low, high = low.min(rest), high.max(rest)
    number = before * after
    with np.errstate(all="ignore"):
        mean = total / number
        level = number * np.square(mean)
        # Values below 1e-23 have squares of zero in float32, but a level in float64.
        squares = np.maximum(dot - level, 0)
        # NaN and infinities are in the sums; the comparison is False for them, too.
        good = (level <= _CANCELLING * squares) & np.isfinite(squares) | (dot == 0)
    result = np.array([np.full_like(mean, number), mean, squares, low, high])
    redone = (~good).nonzero()[0]
    if len(redone):
        result[:, redone] = _careful(grid[:, redone]).numpy()
    return result


def _nothing(grid: Tensor) -> Tensor:
    """Reduce channels without values."""
    none = torch.zeros(grid.shape[1], dtype=_wide(grid), device=grid.device)
    return torch.stack([none, none, none, none + torch.inf, none - torch.inf])


def _careful(grid: Tensor) -> Tensor:
    """Reduce as ``_quick`` does, the finite values only, in two passes, a part at a time."""
    parts = [_part(part) for part in grid.split(max(1, _PART // max(1, grid[0].numel())))]
    counts, mean, squares, low, high = torch.stack(parts, 1)
    return torch.stack([*_pooled(counts, mean, squares), low.amin(0), high.amax(0)])


def _part(grid: Tensor) -> Tensor:
    wide = _wide(grid)
    finite = torch.isfinite(grid)
    counts = finite.sum((0, 2)).to(wide)
    mean = torch.where(finite, grid, 0).sum((0, 2), dtype=wide) / counts.clamp_min(1)
    squares = torch.where(finite, grid - mean[None, :, None].to(wide), 0).square().sum((0, 2))
    low = torch.where(finite, grid, torch.inf).amin((0, 2)).to(wide)
    high = torch.where(finite, grid, -torch.inf).amax((0, 2)).to(wide)
    return torch.stack([counts, mean, squares, low, high])


def _pooled(counts: Any, mean: Any, squares: Any) -> tuple[Any, Any, Any]:
    """Pool the count, mean and squared differences of several lots: tensors, or arrays."""
    total = counts.sum(0)
    pooled = (counts * mean).sum(0) / total.clip(1)
    return total, pooled, (squares + counts * (mean - pooled) * (mean - pooled)).sum(0)


def _histogram(sample: Tensor) -> Tensor:
    sample = sample.float()
    if sample.device.type == "cpu":
        counts = np.bincount(sample.numpy().view(np.uint32) >> _CODE_SHIFT, minlength=_CODES)
        return torch.from_numpy(np.bincount(_BIN_OF_CODE.numpy(), counts, BINS + 1)[:BINS])
    codes = (sample.view(torch.int32) >> _CODE_SHIFT) & (_CODES - 1)
    # bincount would wait for the device, to ask it for the highest code.
    counts = torch.zeros(_CODES, dtype=torch.int32, device=sample.device)
    counts.scatter_add_(0, codes.long(), torch.ones_like(codes))
    bins = torch.zeros(BINS + 1, dtype=counts.dtype, device=sample.device)
    return bins.index_add_(0, _BIN_OF_CODE.to(sample.device, non_blocking=True), counts)[:BINS]


def _bins_of_codes() -> Tensor:
    """Tabulate the bin of each code; NaN and infinities are given the one after the last."""
    codes = torch.arange(_CODES, dtype=torch.int64, device="cpu")
    size = (codes & (_CODES // 2 - 1)) - (_FIRST_CODE - 1)
    bins = torch.where(codes < _CODES // 2, _CENTRE + size.clamp(0, _CENTRE), _CENTRE - size.clamp(0, _CENTRE))
    return torch.where(codes & (_CODES // 2 - 2) == _CODES // 2 - 2, BINS, bins)


_BIN_OF_CODE = _bins_of_codes()


def _near_edges(sample: Any, saturates: str) -> list[Any]:
    """Count the zeros, near zeros and saturated values of a tensor, or an array, and then what could be saturated."""
    sizes = abs(sample)
    zeros, near_zeros = (sizes == 0).sum(), (sizes <= NEAR_ZERO).sum()
    if saturates == "softmax":
        # Each distribution has mass 1: the mass in values near 1 counts the distributions that are one-sided.
        one_sided = (sample * (sample > 1 - _SATURATION["sigmoid"])).sum()
        return [zeros, near_zeros, one_sided, sample.sum()]
    if saturates == "sigmoid":
        edge = _SATURATION[saturates]
        outside = (sample < edge) | (sample > 1 - edge)
    elif saturates == "tanh":
        outside = sizes > 1 - _SATURATION[saturates]
    else:
        return [zeros, near_zeros, 0 * zeros, 0 * zeros]
    return [zeros, near_zeros, outside.sum(), 0 * zeros + len(sample)]
