"""Pictures of a model's input for people.

In numpy, which stays on this thread: torch splits such work over all cores and waits for the last of them, which on a
machine that is busy takes a hundred times as long.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

_BYTE = 255
_LARGEST = 512  # pixels of a side: the views draw an input at about this size, and it is sent with every click


def image_pixels(
    value: torch.Tensor, mean: Sequence[float] | None = None, std: Sequence[float] | None = None
) -> tuple[np.ndarray, str]:
    """Make an input visible: undo its normalisation, or stretch its range.

    Args:
        value: ``[C, H, W]`` or ``[H, W]``; uint8, or floats.
        mean: of the normalisation ``(x - mean) / std``, one number a channel or one for all.
        std: of the normalisation, in the same form.

    Returns:
        uint8 ``[H, W, 3]``, and a sentence about how it was made. One channel is grey; of two, or of more than
        four, only the first ones are shown; a fourth is taken for opacity and left out.
    """
    value = value.detach().cpu()
    values = (value if value.dtype == torch.uint8 else value.float()).numpy()
    values = values[None] if values.ndim == 2 else values  # noqa: PLR2004 - [H, W]
    if values.dtype == np.uint8:
        scaled, how = values / np.float32(_BYTE), "pixels as they are"
    else:
        scaled, how = _unit_range(np.nan_to_num(values, posinf=0.0, neginf=0.0), mean, std)
    count = len(scaled)
    scaled = scaled[[0, 0, 0]] if count in (1, 2) else scaled[:3]
    if count not in (1, 3, 4):
        how += f"; {'the first' if count == 2 else 'the first three'} of {count} channels"  # noqa: PLR2004 - two planes
    pixels = (scaled.clip(0, 1) * _BYTE).round().astype(np.uint8)
    return np.ascontiguousarray(pixels.transpose(1, 2, 0)), how


def display_pixels(
    value: torch.Tensor, mean: Sequence[float] | None = None, std: Sequence[float] | None = None
) -> tuple[np.ndarray, str]:
    """Make an input visible, as ``image_pixels``, no larger than a view draws it.

    Returns:
        uint8 ``[h, w, 3]`` with no side over 512, all of the picture: averaged where it is larger; and the words.
    """
    pixels, how = image_pixels(value, mean, std)
    height, width = pixels.shape[:2]
    side = max(height, width)
    if side <= _LARGEST:
        return pixels, how
    return _resized(pixels, max(1, round(height * _LARGEST / side)), max(1, round(width * _LARGEST / side))), how


def lean(pixels: np.ndarray) -> np.ndarray:
    """The same pixels with one channel if they are grey: uint8 ``[..., 3]`` to ``[..., 1]``, else as they are."""
    grey = (pixels[..., 0] == pixels[..., 1]).all() and (pixels[..., 1] == pixels[..., 2]).all()
    return pixels[..., :1] if grey else pixels


def thumbnail(pixels: np.ndarray, size: int) -> np.ndarray:
    """Make a small square picture; the shorter side is centred between margins of the picture's own edge colour.

    From uint8 ``[H, W, 3]`` to uint8 ``[size, size, 3]``; averaged when made smaller, repeated when made larger.
    """
    height, width = pixels.shape[:2]
    side = max(height, width)
    scale = size / side
    high, wide = max(1, round(height * scale)), max(1, round(width * scale))
    top, left = (size - high) // 2, (size - wide) // 2
    margins = ((top, size - high - top), (left, size - wide - left), (0, 0))
    return np.pad(_resized(pixels, high, wide), margins, mode="edge")


def _resized(pixels: np.ndarray, height: int, width: int) -> np.ndarray:
    """Resize: averaged over areas when made smaller, repeated when made larger."""
    full = pixels.shape[:2]
    if max(height, width) >= max(full):
        return pixels[np.arange(height) * full[0] // height][:, np.arange(width) * full[1] // width]
    sums, rows = _sums(pixels, height)
    sums, columns = _sums(sums.swapaxes(0, 1), width)
    means = sums.swapaxes(0, 1) / (rows[:, None, None] * columns[:, None])
    return means.round().astype(np.uint8)


def _sums(values: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Sum over ``count`` equal parts of the first axis; with the length of each. What two parts share is in both."""
    size = len(values)
    parts = [slice(i * size // count, -(-(i + 1) * size // count)) for i in range(count)]
    sums = np.stack([values[part].sum(0, dtype=np.int64) for part in parts])
    return sums, np.array([part.stop - part.start for part in parts])


def _unit_range(
    values: np.ndarray, mean: Sequence[float] | None, std: Sequence[float] | None
) -> tuple[np.ndarray, str]:
    if mean is not None and std is not None and len(mean) in (1, len(values)) and len(std) in (1, len(values)):
        with np.errstate(over="ignore"):  # infinity is as white as can be
            return values * _per_channel(std) + _per_channel(mean), "normalisation undone"
    low, high = (values.min(), values.max()) if values.size else (0.0, 1.0)
    if low >= 0 and high <= 1:
        return values, "values 0 to 1 as they are"
    # Halves, since the range of float32 values need not be one.
    span = high / 2 - low / 2
    stretched = (values / 2 - low / 2) / span if span > 0 else np.full_like(values, 0.5)
    return stretched, f"stretched from {low:.3g} (black) to {high:.3g} (white)"


def _per_channel(values: Sequence[float]) -> np.ndarray:
    return np.asarray(list(values), np.float32).reshape(-1, 1, 1)
