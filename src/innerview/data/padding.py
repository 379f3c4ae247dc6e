"""Which positions of padded samples count: told by a mask, by lengths, or by the padding index of the embedding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from innerview.data.inputs import main_input
from innerview.errors import DataError

if TYPE_CHECKING:
    from innerview.data.samples import Batch


def counted(batch: Batch, samples: int, model: nn.Module) -> Tensor | None:
    """Find the positions of N samples that are no padding.

    Args:
        batch: what is fed for the samples.
        samples: N.
        model: its embedding may say which token is padding.

    Returns:
        bool ``[N, T]`` on the batch's device, False at padding; None where nothing marks any.
    """
    try:
        longest = main_input(batch).shape[:1]
    except DataError:
        return None
    if not longest:
        return None
    for name, value in _named(batch):
        if "mask" in name and isinstance(value, Tensor) and value.ndim == 2:  # noqa: PLR2004 - [N, T]
            mask = value.T if batch.axis == 1 else value
            if mask.shape == (samples, longest[0]) and bool(((mask == 0) | (mask == 1)).all()):
                # PyTorch's own layers mark the padding itself, in a mask of this name.
                return _unless_all(mask == 0 if "padding" in name else mask != 0)
        if "len" in name and isinstance(value, Tensor) and value.shape == (samples,) and not value.is_floating_point():
            places = torch.arange(longest[0], dtype=torch.int64, device=value.device)
            return _unless_all(places < value[:, None])
    tokens = next((value for _, value in _named(batch) if _are_tokens(value)), None)
    if tokens is None or tokens.shape[1 - min(batch.axis, 1)] != longest[0]:
        return None
    padding = next((m.padding_idx for m in model.modules() if getattr(m, "padding_idx", None) is not None), None)
    return None if padding is None else _unless_all((tokens.T if batch.axis == 1 else tokens) != padding)


def over(counts: Tensor | None, values: Tensor, channel_axis: int) -> Tensor | None:
    """The same for a layer's output, whose positions are those of the input.

    Args:
        counts: bool ``[N, T]``, as of ``counted``.
        values: ``[N, ...]``.
        channel_axis: of ``values``.

    Returns:
        bool, of a shape that broadcasts to ``values``; None where none of its axes has T positions.
    """
    if counts is None or len(values) != len(counts):
        return None
    axes = [axis for axis in range(1, values.ndim) if axis != channel_axis and values.shape[axis] == counts.shape[1]]
    if not axes:
        return None
    shape = [1] * values.ndim
    shape[0], shape[axes[0]] = counts.shape
    return counts.reshape(shape).to(values.device)


def _named(batch: Batch) -> list[tuple[str, Any]]:
    entries = [*((str(place), value) for place, value in enumerate(batch.args)), *batch.kwargs.items()]
    return [
        (str(name).lower(), value)
        for key, entry in entries
        for name, value in (entry.items() if isinstance(entry, dict) else [(key, entry)])
    ]


def _are_tokens(value: Any) -> bool:
    return isinstance(value, Tensor) and value.ndim == 2 and value.dtype in (torch.int32, torch.int64)  # noqa: PLR2004 - [N, T]


def _unless_all(counts: Tensor) -> Tensor | None:
    return None if bool(counts.all()) else counts
