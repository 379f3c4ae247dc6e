"""The main input of a batch: found, shown, replaced, and put on the model's device."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_map

from innerview.data.samples import Batch
from innerview.errors import DataError
from innerview.model.outputs import without_methods

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import nn

_PLANES = (1, 3, 4)  # grey, colour, and colour with transparency


def main_input(batch: Batch) -> Tensor:
    """Find the first tensor fed for the first sample that is not a mask, without the batch axis.

    Raises:
        DataError: no tensor is fed.
    """
    value, inside = _main(batch)[1:]
    value = without_methods(value)
    return value if inside else value.select(_axis(batch, value), 0)


def full_input(batch: Batch) -> Tensor:
    """The same for all samples, with the batch axis; a list of one tensor a sample gives the first.

    Raises:
        DataError: no tensor is fed.
    """
    return _main(batch)[1]


def _main(batch: Batch) -> tuple[tuple[Any, ...], Tensor, bool]:
    """Find the main input: its keys and positions from args and kwargs inwards, itself, and whether a list holds it."""
    masks = []
    for path, value, name in _tensors(batch):
        # A list of tensors holds one for each sample, as torchvision's detection models take them.
        inside = len(path) > 1 and isinstance(path[-1], int)
        if "mask" in name:
            masks.append((path, value, inside))
        else:
            return path, value, inside
    if masks:
        return masks[0]
    raise DataError("this data feeds no tensor to the model, so there is no input to show")


def _axis(batch: Batch, value: Tensor) -> int:
    return batch.axis if batch.axis < value.ndim else 0


def _tensors(batch: Batch) -> Iterator[tuple[tuple[Any, ...], Tensor, str]]:
    for key, entry in (*enumerate(batch.args), *batch.kwargs.items()):
        entries = entry.items() if isinstance(entry, Mapping) else ()
        if isinstance(entry, Tensor) and entry.ndim:
            yield (key,), entry, str(key)
        elif isinstance(entry, (list, tuple)) and entry and isinstance(entry[0], Tensor):
            yield (key, 0), entry[0], str(key)
        for name, value in entries:
            if isinstance(value, Tensor) and value.ndim:
                yield (key, name), value, str(name)


def picture(value: Tensor) -> Tensor | None:
    """An input that can be shown as a picture, as ``[C, H, W]`` or ``[H, W]``; None for any other.

    Args:
        value: of one sample. The channels may be the last axis too, as they are in files: ``[H, W, C]``.
    """
    if not (value.is_floating_point() or value.dtype == torch.uint8):
        return None
    if value.ndim == 2:  # noqa: PLR2004 - [H, W]
        return value if min(value.shape) >= 8 else None  # noqa: PLR2004 - a smaller one is rather a few features
    if value.ndim != 3:  # noqa: PLR2004 - with channels
        return None
    if value.shape[0] in _PLANES and min(value.shape[1:]) > 1:
        return value
    if value.shape[2] in _PLANES and min(value.shape[:2]) > max(4, value.shape[2]):
        return value.movedim(2, 0)
    return None


def as_text(value: Tensor, most: int) -> str:
    """Write out the first ``most`` numbers of an input that is not a picture."""
    flat = value.flatten()[:most].tolist()
    text = " ".join(f"{number:.4g}" if isinstance(number, float) else str(number) for number in flat)
    return f"{text} …" if value.numel() > most else text


def replace_input(batch: Batch, value: Tensor) -> Batch:
    """Return the batch of one sample with another main input, and without its label."""
    (key, *rest), old, inside = _main(batch)
    new = value if inside else value.unsqueeze(_axis(batch, old)).to(old.dtype)

    def swap(position: Any, entry: Any) -> Any:
        if position != key:
            return entry
        if not rest:
            return new
        if isinstance(entry, Mapping):
            return {**entry, rest[0]: new}
        return type(entry)([new, *entry[1:]])

    args = tuple(swap(position, entry) for position, entry in enumerate(batch.args))
    return Batch(args, {name: swap(name, entry) for name, entry in batch.kwargs.items()}, None, axis=batch.axis)


def placed(batch: Batch, model: nn.Module) -> Batch:
    """Move a batch to the model's device; floats become of the precision that the model's weights are of."""
    weight = next((p for p in model.parameters() if p.is_floating_point()), None)
    weight = next(model.buffers(), None) if weight is None else weight
    if weight is None:
        return batch
    # A model of several precisions chooses by itself.
    one = weight.is_floating_point() and len({p.dtype for p in model.parameters() if p.is_floating_point()}) == 1

    def move(value: Any) -> Any:
        if not isinstance(value, Tensor):
            # Graphs and other batches that are objects move themselves.
            return value.to(weight.device) if callable(getattr(value, "to", None)) else value
        same = value.is_floating_point() and one and value.dtype.itemsize >= 4 and weight.dtype.itemsize <= 8  # noqa: PLR2004 - not fp8
        return value.to(weight.device, weight.dtype if same else None)

    return batch._replace(args=tree_map(move, batch.args), kwargs=tree_map(move, batch.kwargs))
