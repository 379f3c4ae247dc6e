"""The input of a batch: which tensor it is, whether it is a picture, on which device it belongs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_map

from innerview.data import Batch
from innerview.errors import DataError

if TYPE_CHECKING:
    from torch import nn


def main_input(batch: Batch) -> Tensor:
    """The first tensor fed for the first sample of a batch, without the batch axis.

    Raises:
        DataError: no tensor is fed.
    """
    for value in (*batch.args, *batch.kwargs.values()):
        if isinstance(value, Tensor) and value.ndim:
            return value[0]
        if isinstance(value, (list, tuple)) and value and isinstance(value[0], Tensor):
            return value[0]
    raise DataError("this data feeds no tensor to the model, so there is no input to show")


def is_image(value: Tensor) -> bool:
    """Whether an input ``[C, H, W]`` or ``[H, W]`` can be shown as a picture."""
    if not (value.is_floating_point() or str(value.dtype) == "torch.uint8"):
        return False
    return (value.ndim == 3 and value.shape[0] in (1, 3, 4) and min(value.shape[1:]) > 1) or (  # noqa: PLR2004 - axes
        value.ndim == 2 and min(value.shape) >= 8  # noqa: PLR2004 - a smaller [H, W] is rather a few features
    )


def as_text(value: Tensor, most: int) -> str:
    """The first ``most`` numbers of an input that is no picture."""
    flat = value.flatten()[:most].tolist()
    text = " ".join(f"{number:.4g}" if isinstance(number, float) else str(number) for number in flat)
    return f"{text} …" if value.numel() > most else text


def replace_input(batch: Batch, value: Tensor) -> Batch:
    """The batch of one sample with another main input; without its label."""
    replaced = False

    def swap(entry: Any) -> Any:
        nonlocal replaced
        if replaced:
            return entry
        if isinstance(entry, Tensor) and entry.ndim:
            replaced = True
            return value[None].to(entry.dtype)
        if isinstance(entry, (list, tuple)) and entry and isinstance(entry[0], Tensor):
            replaced = True
            return type(entry)([value, *entry[1:]])
        return entry

    args = tuple(swap(entry) for entry in batch.args)
    return Batch(args, {name: swap(entry) for name, entry in batch.kwargs.items()}, None)


def placed(batch: Batch, model: nn.Module) -> Batch:
    """The batch on the model's device; floats in half precision where the model's are."""
    weight = next((p for p in model.parameters() if p.is_floating_point()), None)
    weight = next(model.buffers(), None) if weight is None else weight
    if weight is None:
        return batch

    def move(value: Any) -> Any:
        if not isinstance(value, Tensor):
            return value
        half = value.dtype == torch.float32 and weight.dtype in (torch.float16, torch.bfloat16)
        return value.to(weight.device, weight.dtype if half else None)

    return Batch(tree_map(move, batch.args), tree_map(move, batch.kwargs), batch.labels)
