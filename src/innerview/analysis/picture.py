"""A model's input as a picture for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Sequence

_BYTE = 255


def image_pixels(
    value: torch.Tensor, mean: Sequence[float] | None = None, std: Sequence[float] | None = None
) -> tuple[np.ndarray, str]:
    """Make an input visible: undo its normalisation, or stretch its range.

    Args:
        value: ``[C, H, W]`` or ``[H, W]``; uint8, or floats.
        mean: of the normalisation ``(x - mean) / std``, one number a channel or one for all.
        std: likewise.

    Returns:
        uint8 ``[H, W, 3]``, and a sentence that says how it was made. One channel is grey; of two, or of more than
        four, only the first ones are shown; a fourth is taken for opacity and left out.
    """
    planes = value.detach().cpu()
    planes = planes[None] if planes.ndim == 2 else planes  # noqa: PLR2004 - [H, W]
    if planes.dtype == torch.uint8:
        scaled, how = planes.float() / _BYTE, "the pixels as they are"
    else:
        floats = torch.nan_to_num(planes.float(), posinf=0.0, neginf=0.0)
        scaled, how = _unit_range(floats, mean, std)
    count = len(scaled)
    scaled = scaled[:1].expand(3, -1, -1) if count in (1, 2) else scaled[:3]
    if count not in (1, 3, 4):
        how += f"; {'the first' if count == 2 else 'the first three'} of {count} channels"  # noqa: PLR2004 - two planes
    pixels = (scaled.clamp(0, 1) * _BYTE).round().to(torch.uint8)
    return np.ascontiguousarray(pixels.permute(1, 2, 0).numpy()), how


def thumbnail(pixels: np.ndarray, size: int) -> np.ndarray:
    """A small square picture; the shorter side is centred between margins of the picture's own edge colour.

    Args:
        pixels: uint8 ``[H, W, 3]``.
        size: of the square, in pixels.

    Returns:
        uint8 ``[size, size, 3]``; averaged when made smaller, repeated when made larger.
    """
    height, width = pixels.shape[:2]
    side = max(height, width)
    scale = size / side
    high, wide = max(1, round(height * scale)), max(1, round(width * scale))
    planes = torch.from_numpy(np.ascontiguousarray(pixels)).permute(2, 0, 1)[None].float()
    if scale < 1:
        small = functional.interpolate(planes, (high, wide), mode="area")
    else:
        small = functional.interpolate(planes, (high, wide), mode="nearest")
    top, left = (size - high) // 2, (size - wide) // 2
    padded = functional.pad(small, (left, size - wide - left, top, size - high - top), mode="replicate")
    return np.ascontiguousarray(padded[0].round().to(torch.uint8).permute(1, 2, 0).numpy())


def _unit_range(
    values: torch.Tensor, mean: Sequence[float] | None, std: Sequence[float] | None
) -> tuple[torch.Tensor, str]:
    if mean is not None and std is not None and len(mean) in (1, len(values)) and len(std) in (1, len(values)):
        undone = values * _per_channel(std) + _per_channel(mean)
        return undone, "the normalisation of the data undone"
    low, high = (values.min(), values.max()) if values.numel() else (torch.tensor(0.0), torch.tensor(1.0))
    if low >= 0 and high <= 1:
        return values, "the values from 0 to 1 as they are"
    span = high - low
    stretched = (values - low) / span if span > 0 else torch.full_like(values, 0.5)
    return stretched, f"stretched from {low:.3g} (black) to {high:.3g} (white)"


def _per_channel(values: Sequence[float]) -> torch.Tensor:
    return torch.tensor(list(values), dtype=torch.float32).reshape(-1, 1, 1)
