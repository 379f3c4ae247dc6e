"""Model inputs as pictures for people: normalisation undone, and thumbnails."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np
import torch
from PIL import Image

from innerview.errors import ImageError

if TYPE_CHECKING:
    from collections.abc import Sequence

_COLOURS = 3
_BYTE = 255
_ROUNDING = 1e-4  # how far a resize or a float16 may carry a value out of 0 to 1


def image_pixels(
    x: torch.Tensor,
    mean: Sequence[float] | torch.Tensor | float | None = None,
    std: Sequence[float] | torch.Tensor | float | None = None,
) -> tuple[np.ndarray, str]:
    """Turn a model's input into a picture.

    With ``mean`` and ``std`` the picture is ``x * std + mean``, cut to 0 to 1. Without them, bytes and values from
    0 to 1 are shown as they are, all others are stretched from the smallest to the largest.

    Args:
        x: ``[C, H, W]`` or ``[H, W]``. One channel is shown as grey, three as red, green, blue; of two the first is
            shown, of four or more the first three.
        mean: one number a channel, or one for all, that the normalisation subtracted.
        std: likewise, what it divided by.

    Returns:
        uint8 ``[H, W, 3]``, and a short sentence that says how it was made.

    Raises:
        ImageError: x has another number of axes or holds no pixel, or mean and std are not one number a channel.
    """
    if x.ndim not in (2, 3) or x.numel() == 0:
        raise ImageError(f"an image has the shape [C, H, W] or [H, W], each at least 1; got {list(x.shape)}")
    image = x if x.ndim == 3 else x[None]  # noqa: PLR2004 - channels, rows, columns
    whole_bytes = not (image.is_floating_point() or image.is_complex()) and image.dtype != torch.bool
    values = (image.detach().abs() if image.is_complex() else image.detach()).to("cpu", torch.float32)
    finite = torch.isfinite(values)
    known = values[finite]
    low, high = (known.min().item(), known.max().item()) if known.numel() else (0.0, 0.0)
    if mean is not None or std is not None:
        shift, factor = _per_channel("mean", mean, 0.0, values), _per_channel("std", std, 1.0, values)
        values = values * factor + shift
        how = "normalisation undone with the given mean and std"
    elif whole_bytes and low >= 0 and high <= _BYTE:
        values = values / _BYTE
        how = "shown as it is, 0 to 255"
    elif low >= -_ROUNDING and high <= 1 + _ROUNDING:
        how = "shown as it is, 0 to 1"
    else:
        # In float64: the range of float32 values may overflow.
        values = (values.double() - low) / ((high - low) or 1.0)
        how = f"stretched from its smallest value {low:.4g} to its largest {high:.4g}"
    if not finite.all():
        how += f"; {int((~finite).sum())} values that are NaN or infinite shown as black"
    channels = values.shape[0]
    if channels not in (1, _COLOURS):
        how += f"; {'the first' if channels < _COLOURS else 'the first 3'} of {channels} channels"
    values = values[:_COLOURS] if channels >= _COLOURS else values[:1].expand(_COLOURS, -1, -1)
    finite = finite[:_COLOURS] if channels >= _COLOURS else finite[:1]
    pixels = torch.where(finite, values, 0).clamp(0, 1).mul(_BYTE).add(0.5).to(torch.uint8)
    return pixels.permute(1, 2, 0).contiguous().numpy(), how


def thumbnail(pixels: np.ndarray, size: int) -> np.ndarray:
    """Fit a picture into a square, its proportions kept, black beside it.

    Args:
        pixels: uint8 ``[H, W, 3]``. It is averaged over areas to become smaller; to become larger its pixels are
            repeated, so that small images stay crisp.
        size: side of the square.

    Returns:
        uint8 ``[size, size, 3]``.
    """
    height, width = pixels.shape[:2]
    scale = size / max(height, width)
    fitted = (max(1, round(width * scale)), max(1, round(height * scale)))
    # Pillow's box filter averages whole areas when it makes an image smaller, and repeats the nearest pixel when larger.
    small = np.asarray(Image.fromarray(pixels).resize(fitted, Image.Resampling.BOX))
    square = np.zeros((size, size, _COLOURS), np.uint8)
    top, left = (size - small.shape[0]) // 2, (size - small.shape[1]) // 2
    square[top : top + small.shape[0], left : left + small.shape[1]] = small
    return square


def _per_channel(
    name: str, given: Sequence[float] | torch.Tensor | float | None, default: float, values: torch.Tensor
) -> torch.Tensor:
    numbers = torch.as_tensor(cast("float", default if given is None else given), dtype=torch.float32).cpu().reshape(-1)
    channels = values.shape[0]
    if numbers.numel() not in (1, channels):
        raise ImageError(
            f"{name}={numbers.tolist()} has {numbers.numel()} numbers, but the image has {channels} channels; "
            "give one number a channel, or one for all"
        )
    return numbers[:, None, None]
