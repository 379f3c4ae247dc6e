"""What the values of an activation are like, in numbers that can be merged: batches, steps, workers and ranks alike."""

from __future__ import annotations

from math import gcd
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

SAMPLE = 16_384
NEAR_ZERO = 1e-3

# Two bins an octave from 2^-20 to 2^17, mirrored; one bin around zero, and one beyond each end. Their edges are the
# float32 numbers with at most one bit of mantissa, so a value's bin can be read off its bits.
_LOWEST, _HIGHEST = -20, 17
_POSITIVE = np.append(
    (2.0 ** np.arange(_LOWEST, _HIGHEST)[:, None] * (1.0, 1.5)).ravel(),
    2.0**_HIGHEST,
)
EDGES = np.concatenate([[-np.inf], -_POSITIVE[::-1], _POSITIVE, [np.inf]])
BINS = len(EDGES) - 1
_CENTRE = BINS // 2
_FIRST_CODE = (_LOWEST + 127) * 2  # of 2^-20: its exponent, and the first bit of its mantissa

# The columns of `scalars`.
COLUMNS = (
    "count",
    "nonfinite",
    "mean",
    "squares",
    "low",
    "high",
    "sampled",
    "zeros",
    "near_zeros",
    "saturated",
    "saturable",
    "gradient_count",
    "gradient_nonfinite",
    "gradient_mean",
    "gradient_squares",
)
_AT = {name: column for column, name in enumerate(COLUMNS)}
# The rows of `channels`.
CHANNEL_ROWS = ("count", "mean", "std", "low", "high")

# Where the slope of the activation function is under a twentieth of its greatest.
_SATURATION = {"sigmoid": 0.0127, "tanh": 0.0253}
_KINDS = {
    "Sigmoid": "sigmoid",
    "Hardsigmoid": "sigmoid",
    "Tanh": "tanh",
    "Hardtanh": "tanh",
    "Softsign": "tanh",
    "Softmax": "softmax",
    "Softmax2d": "softmax",
}

# Above this ratio of mean to deviation, the difference of squares in float32 has lost most of its digits.
_CANCELLING = 30.0


class Statistics(NamedTuple):
    """Of one activation, or of many along leading axes.

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
    """The way in which a module of this class can saturate: "sigmoid", "tanh", "softmax", or "" for none."""
    return _KINDS.get(kind, "")


def empty(*leading: int, channels: int = 0) -> Statistics:
    """Statistics of nothing, which change nothing when merged."""
    scalars = np.zeros((*leading, len(COLUMNS)))
    scalars[..., _AT["low"]] = np.inf
    scalars[..., _AT["high"]] = -np.inf
    return Statistics(scalars, np.zeros((*leading, BINS), np.float32), empty_channels(*leading, channels=channels))


def empty_channels(*leading: int, channels: int) -> np.ndarray:
    """The ``channels`` of nothing: float32 ``[..., len(CHANNEL_ROWS), C]``."""
    result = np.zeros((*leading, len(CHANNEL_ROWS), channels), np.float32)
    result[..., 3, :] = np.inf
    result[..., 4, :] = -np.inf
    return result


def merge(one: Statistics, other: Statistics) -> Statistics:
    """Statistics of all values of both, which have the same shapes.

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
    return Statistics(
        scalars,
        one.histogram + other.histogram,
        merge_channels(one.channels, other.channels),
    )


def merge_channels(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The ``channels`` of all values of both, float32 ``[..., len(CHANNEL_ROWS), C]``."""
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
    """Look at an activation once; everything stays on its device, and nothing waits for it.

    Args:
        values: of any shape and any real or complex dtype; half precision is computed with in float32.
        channel_axis: the axis that holds the channels; of a tensor without such an axis all is one channel.
        saturates: from :func:`saturating`.

    Returns:
        A flat tensor that :func:`unpack` reads. float64 where the device has it.
    """
    values = _floats(values)
    grid = _grid(values, channel_axis)
    wide = torch.float32 if values.device.type == "mps" else torch.float64
    total, dot, low, high = _rows(grid)
    count = grid.shape[0] * grid.shape[2]
    if values.device.type != "cpu" or not bool(torch.isfinite(total.sum() + dot.sum())):
        counts, mean, squares, low, high = _careful(grid, wide)
    else:
        counts = torch.full((grid.shape[1],), float(count), dtype=wide)
        mean = total.to(wide) / max(count, 1)
        squares = dot.to(wide) - count * mean**2
        if bool((count * mean**2 > _CANCELLING**2 * squares.clamp_min(0)).any()):
            counts, mean, squares, low, high = _careful(grid, wide)
        squares = squares.clamp_min(0)
    finite = counts.sum()
    overall = (mean * counts).sum() / finite.clamp_min(1)
    spread = (squares + counts * (mean - overall) ** 2).sum()
    sample = _sample(values)
    near, zeros = sample.abs() <= NEAR_ZERO, sample == 0
    saturated, saturable = _saturated(sample, saturates)
    head = torch.stack(
        [
            torch.full_like(finite, grid.numel()),
            grid.numel() - finite,
            overall,
            spread,
            low.amin().to(wide) if low.numel() else torch.full_like(finite, torch.inf),
            high.amax().to(wide) if high.numel() else torch.full_like(finite, -torch.inf),
            torch.full_like(finite, sample.numel()),
            zeros.sum().to(wide),
            near.sum().to(wide),
            saturated.to(wide),
            saturable.to(wide),
            *torch.zeros_like(finite).expand(4).unbind(),
        ]
    )
    std = (squares / counts.clamp_min(1)).sqrt()
    return torch.cat([head, _histogram(sample).to(wide), counts, mean, std, low.to(wide), high.to(wide)])


def summarise_gradient(gradient: Tensor) -> Tensor:
    """Count, non-finite count, mean and squared differences of a gradient: a tensor ``[4]`` on its device."""
    flat = _dense(_floats(gradient))
    wide = torch.float32 if flat.device.type == "mps" else torch.float64
    count = flat.numel()
    total, dot = flat.sum().to(wide), torch.dot(flat, flat).to(wide)
    if flat.device.type != "cpu" or not bool(torch.isfinite(total + dot)):
        finite = torch.isfinite(flat)
        kept = torch.where(finite, flat, 0).to(wide)
        number = finite.sum().to(wide)
        mean = kept.sum() / number.clamp_min(1)
        squares = (torch.where(finite, kept - mean, 0) ** 2).sum()
    else:
        number = torch.full_like(total, count)
        mean = total / max(count, 1)
        squares = (dot - count * mean**2).clamp_min(0)
    return torch.stack([torch.full_like(number, count), count - number, mean, squares])


def unpack(flat: np.ndarray) -> Statistics:
    """Read what :func:`summarise` returned, as a float64 array."""
    at = len(COLUMNS) + BINS
    channels = flat[at:].reshape(len(CHANNEL_ROWS), -1).astype(np.float32)
    return Statistics(flat[: len(COLUMNS)].copy(), flat[len(COLUMNS) : at].astype(np.float32), channels)


def with_gradient(statistics: Statistics, gradient: np.ndarray) -> Statistics:
    """The same with the gradient's columns filled from what :func:`summarise_gradient` returned, as an array."""
    scalars = statistics.scalars.copy()
    scalars[..., -4:] = gradient
    return statistics._replace(scalars=scalars)


def _floats(values: Tensor) -> Tensor:
    values = values.detach()
    if values.is_complex():
        values = torch.view_as_real(values)
    return values if values.dtype in (torch.float32, torch.float64) else values.float()


def _grid(values: Tensor, channel_axis: int) -> Tensor:
    """The values as ``[before, channels, after]``."""
    if channel_axis >= values.ndim:
        return values.reshape(-1, 1, 1)
    before, after = values.shape[:channel_axis], values.shape[channel_axis + 1 :]
    return values.reshape(before.numel(), values.shape[channel_axis], after.numel())


def _rows(grid: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Sum, sum of squares, smallest and largest value of each channel."""
    if not grid.numel():
        none = torch.zeros(grid.shape[1], dtype=grid.dtype, device=grid.device)
        return none, none, none + torch.inf, none - torch.inf
    return (
        grid.sum((0, 2)),
        torch.linalg.vector_norm(grid, dim=(0, 2)).square(),
        grid.amin((0, 2)),
        grid.amax((0, 2)),
    )


def _careful(grid: Tensor, wide: torch.dtype) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Finite count, mean, squared differences, smallest and largest of each channel's finite values, in two passes."""
    finite = torch.isfinite(grid)
    counts = finite.sum((0, 2)).to(wide)
    mean = torch.where(finite, grid, 0).sum((0, 2), dtype=wide) / counts.clamp_min(1)
    squares = torch.where(finite, grid.to(wide) - mean[None, :, None], 0).square().sum((0, 2))
    if not grid.numel():
        return counts, mean, squares, counts + torch.inf, counts - torch.inf
    return (
        counts,
        mean,
        squares,
        torch.where(finite, grid, torch.inf).amin((0, 2)),
        torch.where(finite, grid, -torch.inf).amax((0, 2)),
    )


def _dense(values: Tensor) -> Tensor:
    """All values in the order of memory where that is possible without a copy."""
    order = sorted(range(values.ndim), key=lambda axis: -values.stride(axis))
    return values.permute(order).reshape(-1)


def _sample(values: Tensor) -> Tensor:
    """About ``SAMPLE`` values, evenly spread."""
    flat = _dense(values)
    step = max(1, flat.numel() // SAMPLE)
    # A step that shares a factor with an axis would meet the same column, channel or corner again and again.
    while gcd(step, flat.numel()) > 1:
        step += 1
    return flat[::step]


def _histogram(sample: Tensor) -> Tensor:
    bits = sample.float().view(torch.int32)
    size = ((bits & 0x7FFFFFFF) >> 22) - (_FIRST_CODE - 1)
    size = size.clamp(0, _CENTRE)
    bins = torch.where(bits < 0, _CENTRE - size, _CENTRE + size)
    bins = torch.where(torch.isfinite(sample), bins, BINS)
    if sample.device.type == "cpu":
        return torch.bincount(bins, minlength=BINS + 1)[:BINS]
    # bincount would wait for the device, to ask it for the highest bin.
    counts = torch.zeros(BINS + 1, dtype=torch.int32, device=sample.device)
    return counts.scatter_add_(0, bins.long(), torch.ones_like(bins))[:BINS]


def _saturated(sample: Tensor, saturates: str) -> tuple[Tensor, Tensor]:
    if saturates == "softmax":
        # Each distribution has mass 1: the mass in values near 1 counts the distributions that are one-sided.
        return torch.where(sample > 1 - _SATURATION["sigmoid"], sample, 0).sum(), sample.sum()
    if saturates == "sigmoid":
        edge = _SATURATION[saturates]
        outside = (sample < edge) | (sample > 1 - edge)
    elif saturates == "tanh":
        outside = sample.abs() > 1 - _SATURATION[saturates]
    else:
        none = torch.zeros((), device=sample.device)
        return none, none
    return outside.sum(), torch.full((), sample.numel(), device=sample.device)
