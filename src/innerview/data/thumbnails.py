"""Small pictures of samples."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from innerview.analysis.pictures.picture import image_pixels, lean, thumbnail
from innerview.data.inputs import as_text, main_input, picture

if TYPE_CHECKING:
    from collections.abc import Sequence

    from innerview.data.samples import Data

_SIDE = 48  # pixels at most; drawn at 24 to 48 CSS pixels
_NUMBERS = 8  # of a sample that is not a picture


class Thumbnail(NamedTuple):
    """A small picture of a sample, uint8 ``[S, S, 3]``, or the first numbers of one that is not an image.

    ``label`` is the name of its class; None without one.
    """

    label: str | None
    picture: np.ndarray | None
    text: str


def make_thumbnail(data: Data, index: int) -> Thumbnail:
    """Read a sample and make it small.

    Raises:
        DataError: there is no such sample, or nothing of it can be shown.
    """
    batch = data.batch([index])
    value = main_input(batch)
    label = None if batch.labels is None else data.class_name(int(batch.labels[0]))
    shown = picture(value)
    if shown is not None:
        pixels = image_pixels(shown, data.mean, data.std)[0]
        return Thumbnail(label, thumbnail(pixels, min(_SIDE, max(pixels.shape[:2]))), "")
    return Thumbnail(label, None, as_text(value, _NUMBERS))


def stacked(thumbnails: Sequence[Thumbnail]) -> np.ndarray | None:
    """All pictures in one array, as large as the largest: uint8 ``[N, S, S, 3]``, or ``[N, S, S, 1]`` if all are grey.

    None where there are none, or where some of the samples are not images.
    """
    pictures = [one.picture for one in thumbnails if one.picture is not None]
    if not pictures or len(pictures) < len(thumbnails):
        return None
    side = max(len(picture) for picture in pictures)
    return lean(np.stack([thumbnail(picture, side) for picture in pictures]))
