"""An image of the user's own, made into an input like those of the data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from torch import Tensor

from innerview.data.image import open_image, to_input
from innerview.data.inputs import main_input, replace_input

if TYPE_CHECKING:
    from innerview.data.samples import Batch, Data


class OwnInput(NamedTuple):
    """A batch of one that is not in the data.

    Attributes:
        batch: what is fed to the model.
        name: of the file, or what the user called it.
        how: how it became an input, for people.
    """

    batch: Batch
    name: str
    how: str


def own_input(data: Data, image: Any, name: str = "") -> OwnInput:
    """Make an input like those of the data.

    Args:
        data: whose first sample says what an input looks like, and how it is normalised.
        image: a path, the bytes of a file, a PIL image, an array ``[H, W]`` or ``[H, W, 3]``, or a tensor of the same
            shape as the inputs.
        name: of the image.

    Raises:
        ImageError: it is no image, or the model's inputs are none.
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
        value, how = to_input(opened, example, transform=data.transform, mean=data.mean, std=data.std)
    given = name or (Path(image).name if isinstance(image, (str, Path)) else "your image")
    return OwnInput(replace_input(first, value), given, how)
