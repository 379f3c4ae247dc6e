"""The main input of a batch: found, shown, replaced, and put on the model's device."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_map

from innerview.data.samples import Batch
from innerview.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import nn


def main_input(batch: Batch) -> Tensor:
    """Find the first tensor fed for the first sample that is not a mask, without the batch axis.

    Raises:
        DataError: no tensor is fed.
    """
    value, inside = _main(batch)[1:]
    return value if inside else value[0]


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


def is_image(value: Tensor) -> bool:
    """Tell an input ``[C, H, W]`` or ``[H, W]`` that can be shown as a picture."""
    if not (value.is_floating_point() or str(value.dtype) == "torch.uint8"):
        return False
    return (value.ndim == 3 and value.shape[0] in (1, 3, 4) and min(value.shape[1:]) > 1) or (  # noqa: PLR2004 - axes
        value.ndim == 2 and min(value.shape) >= 8  # noqa: PLR2004 - a smaller [H, W] is rather a few features
    )


def as_text(value: Tensor, most: int) -> str:
    """Write out the first ``most`` numbers of an input that is not a picture."""
    flat = value.flatten()[:most].tolist()
    text = " ".join(f"{number:.4g}" if isinstance(number, float) else str(number) for number in flat)
    return f"{text} …" if value.numel() > most else text


def replace_input(batch: Batch, value: Tensor) -> Batch:
    """Return the batch of one sample with another main input, and without its label."""
    (key, *rest), old, inside = _main(batch)
    new = value if inside else value[None].to(old.dtype)

    def swap(position: Any, entry: Any) -> Any:
        if position != key:
            return entry
        if not rest:
            return new
        if isinstance(entry, Mapping):
            return {**entry, rest[0]: new}
        return type(entry)([new, *entry[1:]])

    args = tuple(swap(position, entry) for position, entry in enumerate(batch.args))
    return Batch(args, {name: swap(name, entry) for name, entry in batch.kwargs.items()}, None)


def placed(batch: Batch, model: nn.Module) -> Batch:
    """Move a batch to the model's device; floats become half precision where the model's are."""
    weight = next((p for p in model.parameters() if p.is_floating_point()), None)
    weight = next(model.buffers(), None) if weight is None else weight
    if weight is None:
        return batch

    def move(value: Any) -> Any:
        if not isinstance(value, Tensor):
            return value
        half = value.dtype == torch.float32 and weight.dtype in (torch.float16, torch.bfloat16)
        return value.to(weight.device, weight.dtype if half else None)

    return batch._replace(args=tree_map(move, batch.args), kwargs=tree_map(move, batch.kwargs))
