"""An image of the user's own - a file, a PIL image, an array - made into an input like those of the data."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from innerview.data.inputs import main_input, picture, replace_input
from innerview.errors import ImageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from innerview.data.samples import Batch, Data

_PLANES = {1: "L", 3: "RGB", 4: "RGBA"}
_BYTE = 255.0
_WORD = 65535.0


class OwnInput(NamedTuple):
    """One sample that is not in the data: what is fed, its name for people, and a sentence on how it became that."""

    batch: Batch
    name: str
    how: str


def own_input(data: Data, image: Any, name: str = "") -> OwnInput:
    """Make an image into an input like the first sample of the data.

    It is given as for ``open_image``, or as a tensor of the same shape as the inputs; ``name`` is for people.

    Raises:
        ImageError: it is not an image, or the model's inputs are not images.
    """
    first = data.batch([0])
    example = main_input(first)
    if isinstance(image, Tensor):
        # A copy: what the user does to the tensor later is not shown.
        image = image.detach().cpu().clone()
    if isinstance(image, Tensor) and image.shape == example.shape:
        value, how = image.to(example.dtype), "your own input"
    else:
        opened = open_image(image, name)
        shown = picture(example)
        last = shown is not None and shown.shape != example.shape  # the channels are the last axis
        value, how = to_input(
            opened,
            example if shown is None else shown,
            transform=None if last else data.transform,
            mean=data.mean,
            std=data.std,
        )
        value = value.movedim(0, 2) if last else value
    given = name or (Path(image).name if isinstance(image, (str, Path)) else "your image")
    return OwnInput(replace_input(first, value), given, how)


def open_image(source: Any, name: str = "") -> Image.Image:
    """Read a picture: a path, the bytes of a file, a PIL image, or an array of uint8 or of floats from 0 to 1.

    An array is ``[H, W]`` or ``[H, W, 3]``. ``name`` is the file's, for the error.

    Raises:
        ImageError: it is not a picture; the message says what was given.
    """
    if isinstance(source, Image.Image):
        return source
    if isinstance(source, (str, Path)):
        try:
            source = Path(source).read_bytes()
        except OSError as error:
            raise ImageError(f"the image file {str(source)!r} cannot be read: {error.strerror or error}") from error
        return open_image(source, name)
    if isinstance(source, (bytes, bytearray, memoryview)):
        file = f"{name!r}, a file of {len(source):,} bytes," if name else f"this file of {len(source):,} bytes"
        try:
            image = Image.open(io.BytesIO(source))
            image.load()
        except UnidentifiedImageError as error:
            raise ImageError(f"{file} is not an image that Pillow reads; PNG, JPEG, GIF, BMP and WebP work") from error
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            raise ImageError(f"{file} is a broken image: {error}") from error
        # A photo's orientation is often only in its EXIF tags.
        return ImageOps.exif_transpose(_eight_bits(image))
    array = np.asarray(source)
    flat = array.ndim == 2  # noqa: PLR2004 - [H, W]
    if array.size == 0 or not (flat or (array.ndim == 3 and array.shape[2] in _PLANES)):  # noqa: PLR2004 - [H, W, C]
        raise ImageError(
            "an image is [H, W], [H, W, 3] or a tensor like the model's inputs; "
            f"got {type(source).__name__} {list(array.shape)}"
        )
    if np.issubdtype(array.dtype, np.floating):
        # Rounded: 3 / 255 * 255 may be a little less than 3.
        array = np.rint(np.nan_to_num(array.astype(np.float64).clip(0, 1)) * _BYTE)
    elif array.dtype == bool:
        array = array * int(_BYTE)
    return Image.fromarray(np.squeeze(array.astype(np.uint8)))


def to_input(
    image: Image.Image,
    example: Tensor,
    *,
    transform: Callable[[Any], Any] | None,
    mean: Sequence[float] | None,
    std: Sequence[float] | None,
) -> tuple[Tensor, str]:
    """Make a picture into an input of the same shape and scale as an example from the data, and say how it was done.

    The example is an input of one sample, ``[C, H, W]`` or ``[H, W]``. The data's own transform is tried first; where
    it does not fit, the inputs' normalisation, per channel, is applied.

    Raises:
        ImageError: the model's inputs are not images.
    """
    planes = 1 if example.ndim == 2 else example.shape[0]  # noqa: PLR2004 - axes
    bytes_wanted = example.dtype == torch.uint8
    if example.ndim not in (2, 3) or planes not in _PLANES or not (example.is_floating_point() or bytes_wanted):
        raise ImageError(
            f"an image cannot be shown to this model: its inputs are {list(example.shape)} {example.dtype}, "
            "not [channels, height, width] with 1, 3 or 4 channels"
        )
    height, width = example.shape[-2:]
    converted = image.convert(_PLANES[planes])
    if transform is not None:
        try:
            made = transform(converted)
        except Exception:  # noqa: BLE001 - a transform may expect anything, and there is a way without it
            made = None
        if isinstance(made, Tensor) and made.shape == example.shape and made.dtype == example.dtype:
            return made, f"your image, {image.width} x {image.height}, through the data's own transform"
    resized = ImageOps.fit(converted, (width, height), Image.Resampling.BILINEAR)
    pixels = torch.from_numpy(np.array(resized, np.float32) / _BYTE)
    values = pixels.reshape(height, width, planes).permute(2, 0, 1)
    if bytes_wanted:
        values = (values * _BYTE).round()
    elif mean is not None and std is not None:
        values = (values - _per_plane(mean)) / _per_plane(std)
    elif float(example.min()) < 0 or float(example.max()) > 1:
        # No normalisation is known: the example's own range is the best guess of the scale.
        values = values * (example.max() - example.min()) + example.min()
    how = f"your image, {image.width} x {image.height}, cropped and resized to {width} x {height}"
    return values.reshape(example.shape).to(example.dtype), how


def _eight_bits(image: Image.Image) -> Image.Image:
    """Scale 16 bits of grey down: Pillow's ``convert("L")`` cuts off at 255, which leaves them white."""
    if not image.mode.startswith("I"):
        return image
    scaled = np.asarray(image, np.float64).clip(0, _WORD) / _WORD * _BYTE
    return Image.fromarray(np.rint(scaled).astype(np.uint8))


def _per_plane(values: Sequence[float]) -> Tensor:
    return torch.tensor(list(values), dtype=torch.float32, device="cpu").reshape(-1, 1, 1)
