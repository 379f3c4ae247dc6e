"""Small pictures of samples."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from innerview.analysis.pictures.picture import image_pixels, thumbnail
from innerview.data.inputs import as_text, main_input, picture

if TYPE_CHECKING:
    import numpy as np

    from innerview.data.samples import Data

SIDE = 48  # pixels; drawn at 24 to 48 CSS pixels
_NUMBERS = 8  # of a sample that is not a picture


class Thumbnail(NamedTuple):
    """A small picture of a sample, uint8 ``[SIDE, SIDE, 3]``, or the first numbers of one that is not an image.

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
        return Thumbnail(label, thumbnail(image_pixels(shown, data.mean, data.std)[0], SIDE), "")
    return Thumbnail(label, None, as_text(value, _NUMBERS))
