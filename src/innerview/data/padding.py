"""Which positions of padded samples count: told by a mask, by lengths, or by the padding index of the embedding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from innerview.data.inputs import full_input, main_input
from innerview.data.samples import Batch
from innerview.errors import DataError
from innerview.model.signature import takes

if TYPE_CHECKING:
    from collections.abc import Mapping


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
    fed = _named(batch, model)
    for name, value in fed:
        if "mask" in name and isinstance(value, Tensor) and value.ndim == 2:  # noqa: PLR2004 - [N, T]
            mask = value.T if batch.axis == 1 else value
            if mask.shape == (samples, longest[0]) and bool(((mask == 0) | (mask == 1)).all()):
                # PyTorch's own layers mark the padding itself, in a mask of this name.
                return _unless_all(mask == 0 if "padding" in name else mask != 0)
        if "len" in name and isinstance(value, Tensor) and value.shape == (samples,) and not value.is_floating_point():
            places = torch.arange(longest[0], dtype=torch.int64, device=value.device)
            return _unless_all(places < value[:, None])
    tokens = next((value for _, value in fed if _are_tokens(value)), None)
    if tokens is None or tokens.shape[1 - min(batch.axis, 1)] != longest[0]:
        return None
    padding = next((m.padding_idx for m in model.modules() if getattr(m, "padding_idx", None) is not None), None)
    return None if padding is None else _unless_all((tokens.T if batch.axis == 1 else tokens) != padding)


class Counts:
    """The positions of the samples of a pass that count: bool ``[N, T]``, or ``[T, N]``, and where they are."""

    def __init__(self, counts: Tensor) -> None:
        self._both = counts, counts.T
        self._places: dict[torch.device, tuple[Tensor, Tensor]] = {}

    def among(self, values: Tensor, channel_axis: int) -> tuple[int, Tensor, Tensor] | None:
        """The axis of a layer's output, besides the first, whose positions these are, and all of them: ``[M]`` twice.

        None where the output has no such axis.
        """
        for counts in self._both:
            axis = _position_axis(counts, values, channel_axis)
            if axis is not None:
                if values.device not in self._places:
                    first, second = self._both[0].to(values.device).nonzero(as_tuple=True)
                    self._places[values.device] = first, second
                first, second = self._places[values.device]
                return (axis, first, second) if counts is self._both[0] else (axis, second, first)
        return None


def counted_in_a_pass(args: tuple[Any, ...], kwargs: Mapping[str, Any], model: nn.Module) -> Counts | None:
    """The same for what a loop feeds, whose samples may lie along either of the first two axes of the input.

    None where nothing marks any padding.
    """
    batch = Batch(args, dict(kwargs), None)
    try:
        sizes = full_input(batch).shape[:2]
    except DataError:
        return None
    for axis, samples in enumerate(sizes):
        found = counted(batch._replace(axis=axis), samples, model)
        if found is not None:
            return Counts(found.T if axis else found)
    return None


def over(counts: Tensor | None, values: Tensor, channel_axis: int) -> Tensor | None:
    """The same for a layer's output, whose positions are those of the input.

    Args:
        counts: bool ``[N, T]``, as of ``counted``.
        values: ``[N, ...]``.
        channel_axis: of ``values``.

    Returns:
        bool, of a shape that broadcasts to ``values``; None where none of its axes has T positions.
    """
    axis = _position_axis(counts, values, channel_axis)
    if counts is None or axis is None:
        return None
    shape = [1] * values.ndim
    shape[0], shape[axis] = counts.shape
    return counts.reshape(shape).to(values.device)


def without_padding(
    counts: Counts | None, values: Tensor, channel_axis: int, most: int | None = None
) -> tuple[Tensor, int]:
    """Take the positions that count out of a layer's output; the whole of it where nothing marks any padding.

    Args:
        counts: of the pass.
        values: ``[N, ...]``, of which another axis has T positions, or the other way round: ``[T, N, ...]``.
        channel_axis: of ``values``.
        most: of the positions, or else of the samples, only as many are taken, evenly spread, as have about so many
            values.

    Returns:
        The values ``[positions, ...]``, or ``[N, ...]``, and their channel axis.
    """
    found = None if counts is None else counts.among(values, channel_axis)
    if found is None:
        return (values[:: _step(values.numel(), most)] if values.ndim else values), channel_axis
    axis, first, second = found
    # Only those wanted are copied: a copy of whole texts takes longer than all that is done with it.
    step = _step(len(first) * (values.numel() // (values.shape[0] * values.shape[axis])), most)
    return values.movedim(axis, 1)[first[::step], second[::step]], channel_axis - (axis < channel_axis)


def _step(size: int, most: int | None) -> int:
    return 1 if most is None else max(1, -(-size // most))


def shortened(counts: Tensor | None, value: Tensor, channel_axis: int) -> Tensor:
    """Take the padding out of one sample's activation, whose axes stay what they are.

    Args:
        counts: bool ``[1, T]``.
        value: without the axis of the samples.
        channel_axis: of ``value``.
    """
    axis = _position_axis(counts, value[None], channel_axis + 1)
    if counts is None or axis is None or not bool(counts.any()):
        return value
    return value.index_select(axis - 1, counts[0].nonzero()[:, 0].to(value.device))


def _position_axis(counts: Tensor | None, values: Tensor, channel_axis: int) -> int | None:
    """The axis of ``[N, ...]`` that has the T positions of ``counts``."""
    if counts is None or not values.ndim or len(values) != len(counts):
        return None
    axes = (axis for axis in range(1, values.ndim) if axis != channel_axis and values.shape[axis] == counts.shape[1])
    return next(axes, None)


def _named(batch: Batch, model: nn.Module) -> list[tuple[str, Any]]:
    """Everything fed, by name; what is fed by position has the name of the model's parameter there."""
    names = takes(model).positional
    places = (*names, *map(str, range(len(names), len(batch.args))))
    return [
        (str(name).lower(), value)
        for key, entry in [*zip(places, batch.args, strict=False), *batch.kwargs.items()]
        for name, value in (entry.items() if isinstance(entry, dict) else [(key, entry)])
    ]


def _are_tokens(value: Any) -> bool:
    return isinstance(value, Tensor) and value.ndim == 2 and value.dtype in (torch.int32, torch.int64)  # noqa: PLR2004 - [N, T]


def _unless_all(counts: Tensor) -> Tensor | None:
    return None if bool(counts.all()) else counts
