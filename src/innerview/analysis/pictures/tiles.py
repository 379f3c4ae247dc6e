"""Small pictures of one sample's activation: a tile a channel, and one channel in full.

Pixel codes: 0 to 252 run linearly from the channel's lowest to its highest finite value; 253 is -infinity, 254 is
+infinity and 255 is NaN. So ``value = low + code / 252 * (high - low)``.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from innerview.errors import LayoutError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from innerview.analysis.pictures.axes import Layout

TOP = 252  # the code of the highest finite value
MINUS_INFINITY, PLUS_INFINITY, NOT_A_NUMBER = 253, 254, 255

# Numbers worked on at a time. On a CPU the working copies of so many stay in its cache and touch few new pages of
# memory (whole layers at a time took three times as long); on a device more at a time means fewer calls. Either way
# they stay small beside a layer of any size.
_CHUNK_CPU, _CHUNK_DEVICE = 2**18, 2**24
# Between these, squares of a channel's range can be summed in float32 without overflow or underflow.
_NARROW, _WIDE = 1e-15, 1e15
_ROUND = 0.5  # added to codes, so that cutting off what follows the point rounds
_FLOAT32_MAX = torch.finfo(torch.float32).max


@dataclass(frozen=True, eq=False)
class Tiles:
    """The channels of one layer for one sample.

    Statistics are over the finite values of each channel, before any reduction, class and register tokens included.
    They are NaN for a channel without a finite value.

    Attributes:
        pixels: uint8 ``[C, h, w]``, the codes above.
        low: float32 ``[C]``, the smallest value.
        high: float32 ``[C]``, the largest value.
        mean: float32 ``[C]``.
        variance: float32 ``[C]``, over the number of values (not one less); inf where float32 cannot hold it.
        sparsity: float32 ``[C]``, the fraction that is exactly zero.
        nonfinite: uint32 ``[C]``, how many values are NaN or infinite.
        extra: uint8 ``[C, K]``, the class and register tokens of folded maps in the same codes; else None.
        full: height and width of a channel before reduction.
    """

    pixels: np.ndarray
    low: np.ndarray
    high: np.ndarray
    mean: np.ndarray
    variance: np.ndarray
    sparsity: np.ndarray
    nonfinite: np.ndarray
    extra: np.ndarray | None
    full: tuple[int, int]


def make_tiles(activation: torch.Tensor, layout: Layout, *, slices: Sequence[int] = (), budget: int = 2**22) -> Tiles:
    """Turn an activation into tiles.

    Values are read as float32: integers and float64 are rounded to it (finite ones stay finite), complex numbers
    become their magnitude.

    Args:
        activation: of one sample, any dtype, device and strides; its shape is ``layout.shape``.
        layout: how to read its axes. Maps give pixels ``[C, H, W]``, strips ``[C, 1, L]``, tokens ``[F, 1, T]`` and a
            vector ``[C, 1, 1]``.
        slices: the index shown of each of ``layout.slice_axes``; those left out are 0.
        budget: most pixels to make. Larger channels are reduced by averaging blocks, equally high and wide where
            the channel is; a block that holds a non-finite value is non-finite. Channels are never left out.

    Raises:
        LayoutError: the layout is of another shape, or there is no such slice.
    """
    rows = _rows(_select(activation, layout, slices))
    channels, (height, width), tokens = layout.channels, layout.size, layout.extra if layout.folded else 0
    block = _block(channels, height, width, budget)
    small = (-(-height // block[0]), -(-width // block[1]))
    pixels = np.empty((channels, *small), np.uint8)
    extra = np.empty((channels, tokens), np.uint8)
    stats = np.full((5, channels), np.nan, np.float32)
    nonfinite = np.zeros(channels, np.uint32)

    def fill(where: Any, codes: Any, to_bytes: Any) -> None:
        if tokens:
            extra[where] = to_bytes(codes[:, :tokens])
        maps = codes[:, tokens:].reshape(-1, height, width)
        pixels[where] = to_bytes(_average(maps, block) if block != (1, 1) else maps)

    for start, values, scratch in _chunks(rows):
        part = slice(start, start + len(values))
        codes, stats[:, part], plain = _plain(values, scratch)
        fill(part, codes, _plain_bytes)
        if not plain.all():
            hard = np.flatnonzero(~plain)
            codes, stats[:, start + hard], nonfinite[start + hard] = _careful(_host(values[hard]))
            fill(start + hard, codes, _careful_bytes)
    low, high, mean, variance, sparsity = stats
    return Tiles(pixels, low, high, mean, variance, sparsity, nonfinite, extra if tokens else None, (height, width))


def channel_values(activation: torch.Tensor, layout: Layout, channel: int, slices: Sequence[int] = ()) -> np.ndarray:
    """Read the values of one channel, unreduced; without the class and register tokens of folded maps.

    Returns:
        float32 ``[H, W]``, a copy.

    Raises:
        LayoutError: the layout is of another shape, or there is no such channel or slice.
    """
    if not 0 <= channel < layout.channels:
        raise LayoutError(f"channel {channel}: the layer has {layout.channels} channels, counted from 0")
    row = _host(_real(_select(activation, layout, slices)[channel])).reshape(-1)
    return row[layout.extra if layout.folded else 0 :].reshape(layout.size).copy()


def histogram(values: np.ndarray, bins: int = 64) -> tuple[np.ndarray, np.ndarray]:
    """Count the finite values in bins of equal width from the smallest to the largest.

    Returns:
        ``edges`` float32 ``[bins + 1]`` and ``counts`` uint32 ``[bins]``. Equal values fall into the middle of bins
        that span at least 1; with no finite value, all counts are 0 and the edges run from 0 to 1.
    """
    # In float64 the range of float32 values cannot overflow, nor can bins be too narrow to tell apart.
    finite = np.asarray(values, np.float64).ravel()
    finite = finite[np.isfinite(finite)]
    span = None
    if finite.size and finite.min() == finite.max():
        # numpy takes the value -+ 0.5, which is the value itself, and an error, for large ones.
        half = max(0.5, abs(finite[0]) * 2.0**-20)
        span = (finite[0] - half, finite[0] + half)
    counts, edges = np.histogram(finite, bins, range=span)
    return np.clip(edges, -_FLOAT32_MAX, _FLOAT32_MAX).astype(np.float32), counts.astype(np.uint32)


def _select(activation: torch.Tensor, layout: Layout, slices: Sequence[int]) -> torch.Tensor:
    """A view ``[C, spatial...]`` of the chosen slices."""
    if tuple(activation.shape) != layout.shape:
        raise LayoutError(
            f"a layout for the shape {list(layout.shape)} cannot read an activation of {list(activation.shape)}"
        )
    if not layout.shape:
        return activation.reshape(1)
    if len(slices) > len(layout.slice_axes):
        raise LayoutError(
            f"slices={list(slices)}: an activation of {list(layout.shape)} leaves {len(layout.slice_axes)} to choose"
        )
    chosen = (*slices, *[0] * (len(layout.slice_axes) - len(slices)))
    for index, axis in zip(chosen, layout.slice_axes, strict=True):
        if not 0 <= index < axis.size:
            raise LayoutError(f"slice {index} of {axis.name}: its size is {axis.size}, counted from 0")
    order = (*(axis.axis for axis in layout.slice_axes), layout.channel_axis, *layout.spatial_axes)
    return activation.permute(order)[chosen]


def _real(values: torch.Tensor) -> torch.Tensor:
    """Convert to real float32, on the same device."""
    values = values.detach()
    if values.is_complex():
        # Half-precision complex numbers have no abs() on a CPU.
        values = (values.to(torch.complex64) if values.dtype == torch.complex32 else values).abs()
    elif values.is_quantized:
        values = values.dequantize()
    if values.dtype == torch.float64:
        values = torch.where(values.isinf(), values, values.clamp(-_FLOAT32_MAX, _FLOAT32_MAX))
    return values.to(torch.float32)


def _rows(view: torch.Tensor) -> Any:
    """Make a contiguous float32 ``[C, N]``: a numpy array if in host memory, else a tensor where it is.

    On a CPU numpy is used because it stays on this thread: torch splits such work over all cores and waits for the
    last of them, which while another thread evaluates or trains a model took 50 ms in place of 2.
    """
    rows = _real(view).reshape(view.shape[0], -1 if view.numel() else view[:1].numel()).contiguous()
    return rows.numpy(force=True) if rows.device.type == "cpu" else rows


def _host(values: Any) -> np.ndarray:
    return values.numpy(force=True) if isinstance(values, torch.Tensor) else values


def _chunks(rows: Any) -> Iterator[tuple[int, Any, Any]]:
    """Cut rows: the number of the first, some rows, and room ``[2, len(rows), N]`` that is used again."""
    channels, count = rows.shape
    if not channels or not count:
        return
    on_device = isinstance(rows, torch.Tensor)
    step = min(channels, max(1, (_CHUNK_DEVICE if on_device else _CHUNK_CPU) // count))
    shape = (2, step, count)
    scratch = torch.empty(shape, dtype=torch.float32, device=rows.device) if on_device else np.empty(shape, np.float32)
    for start in range(0, channels, step):
        values = rows[start : start + step]
        yield start, values, scratch[:, : len(values)]


def _plain(values: Any, scratch: Any) -> tuple[Any, np.ndarray, np.ndarray]:
    """Compute codes and statistics of values ``[C, N]`` that are finite and not of an extreme range; N > 0.

    All is float32, and written in what numpy and torch have in common. Returns the codes ``[C, N]``, a part of
    ``scratch`` ``[2, C, N]``, to be cut to integers; statistics ``[5, C]``; and for which channels ``[C]`` this holds.
    """
    xp: Any = torch if isinstance(values, torch.Tensor) else np
    codes, squares = scratch
    count = values.shape[1]
    with np.errstate(all="ignore"):
        low, high = xp.amin(values, axis=1), xp.amax(values, axis=1)
        span = high - low
        # NaN and infinity reach the range, and fail both comparisons.
        plain = ((span > _NARROW) & (span < _WIDE)) | (span == 0)
        mean = xp.clip(xp.mean(values, axis=1), low, high)
        # Two passes: the variance of 1000.001, 1000.002, ... would drown in the rounding of a sum of squares. See
        # T. Chan, G. Golub and R. LeVeque, Algorithms for computing the sample variance, 1983.
        xp.subtract(values, mean[:, None], out=codes)
        variance = xp.sum(xp.square(codes, out=squares), axis=1) / count
        sparsity = xp.sum(values == 0, axis=1, dtype=xp.int32) / count
        scale = TOP / (span + (span == 0))
        codes *= scale[:, None]
        codes += ((mean - low) * scale + _ROUND)[:, None]
        return codes, _host(xp.stack([low, high, mean, variance, sparsity])), _host(plain)


def _plain_bytes(codes: Any) -> np.ndarray:
    with np.errstate(invalid="ignore"):  # channels that are not plain: their bytes are replaced
        return codes.astype(np.uint8) if isinstance(codes, np.ndarray) else _host(codes.to(torch.uint8))


def _careful(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Compute `_plain`'s for any float32 values, in float64, of the finite ones; and count the others ``[C]``."""
    wide = values.astype(np.float64)
    finite = np.isfinite(wide)
    count = finite.sum(axis=1)
    with np.errstate(all="ignore"):
        low = np.where(count > 0, np.where(finite, wide, np.inf).min(axis=1), np.nan)
        high = np.where(count > 0, np.where(finite, wide, -np.inf).max(axis=1), np.nan)
        mean = np.where(finite, wide, 0).sum(axis=1) / count
        variance = np.square(np.where(finite, wide - mean[:, None], 0)).sum(axis=1) / count
        sparsity = (wide == 0).sum(axis=1) / count
        span = np.where(high > low, high - low, 1)
        codes = (wide - np.nan_to_num(low)[:, None]) * (TOP / span)[:, None] + _ROUND
        stats = np.stack([low, high, mean, variance, sparsity]).astype(np.float32)
    return codes, stats, wide.shape[1] - count


def _careful_bytes(codes: np.ndarray) -> np.ndarray:
    marks = [codes == -np.inf, codes == np.inf, np.isnan(codes)]
    plain = np.where(np.isfinite(codes), codes, 0)
    return np.select(marks, [MINUS_INFINITY, PLUS_INFINITY, NOT_A_NUMBER], plain).astype(np.uint8)


def _block(channels: int, height: int, width: int, budget: int) -> tuple[int, int]:
    """Find the smallest block, square as far as the channel allows, whose averages fit the budget."""
    longest = max(height, width, 1)

    def block(side: int) -> tuple[int, int]:
        return min(side, max(height, 1)), min(side, max(width, 1))

    def fits(side: int) -> bool:
        high, wide = block(side)
        return channels * -(-height // high) * -(-width // wide) <= budget

    return block(bisect_left(range(1, longest), x=True, key=fits) + 1)


def _average(maps: Any, block: tuple[int, int]) -> Any:
    """Average over blocks; at the right and lower edge, over what is there."""
    tensor = maps if isinstance(maps, torch.Tensor) else torch.from_numpy(maps)
    reduced = torch.nn.functional.avg_pool2d(tensor, block, ceil_mode=True, count_include_pad=False)
    return reduced if isinstance(maps, torch.Tensor) else reduced.numpy()
