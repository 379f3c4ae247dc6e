"""Vectors to fit to: checked, and cut out of activations, one a sample or one a position with its channels."""

from __future__ import annotations

from itertools import chain
from math import prod
from typing import TYPE_CHECKING, Any

import torch

from innerview.analysis.given import as_tensor
from innerview.analysis.precision import working_device
from innerview.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_NUMBERS = 2**22  # of a tensor, handed out at a time
_NOTHING = "there are no samples to fit to"


class Rows:
    """Vectors ``[n, dimensions]``, batch by batch, of samples that come at once or as batches.

    Args:
        samples: ``[N, ...]``, or batches of them: tensors, arrays or tables. A list of tensors or arrays is one of
            batches, another list the samples. They are read once; the first batch is read here, for its shape.
        channel_axis: of a batch; None: all elements of a sample make one vector.

    Attributes:
        shape: of one sample.
        channel_axis: counted from the front; 1 where all elements make one vector.
        dimensions: length of a vector.
        device: where to compute.
        samples: the number of samples handed out.
        count: the number of vectors handed out.

    Raises:
        DataError: no samples, no floating-point numbers, or no such axis; while reading, a batch of another shape
            (where the channels make the vectors, only their number has to stay the same).
    """

    def __init__(self, samples: Any, channel_axis: int | None) -> None:
        whole = _whole(samples)
        batches = iter(_split(whole) if whole is not None else _batches(samples))
        first = next(batches, None)
        if first is None:
            raise DataError(_NOTHING)
        check_floats(first)
        if not first.numel():
            raise DataError(f"{_NOTHING}: the first batch has the shape {tuple(first.shape)}")
        self._batches = chain((first,), batches)
        self.shape = tuple(first.shape[1:])
        self._flat = channel_axis is None
        self.channel_axis = 1 if channel_axis is None else channel_axis % first.ndim
        if channel_axis is not None and first.ndim == 1:
            raise DataError(f"samples of shape {tuple(first.shape)} have no channels: axis='all' takes each as a whole")
        if channel_axis is not None and (channel_axis == 0 or not -first.ndim < channel_axis < first.ndim):
            raise DataError(
                f"there is no channel axis {channel_axis} in samples of shape {tuple(first.shape)}: axis 0 counts the "
                f"samples, so it can be 1 to {first.ndim - 1}"
            )
        self.dimensions = prod(self.shape) if self._flat else first.shape[self.channel_axis]
        self.device = working_device(first)
        self.samples = self.count = 0
        self._whole = whole if self._flat else None

    def __iter__(self) -> Iterator[torch.Tensor]:
        for batch in self._batches:
            yield self._vectors(batch)

    def at_once(self) -> torch.Tensor | None:
        """All vectors instead, if they are there without being copied; else None."""
        return None if self._whole is None else self._vectors(self._whole)

    def _vectors(self, batch: torch.Tensor) -> torch.Tensor:
        check_floats(batch)
        same = tuple(batch.shape[1:]) == self.shape
        if not self._flat and batch.ndim == len(self.shape) + 1:
            same = batch.shape[self.channel_axis] == self.dimensions
        if not same:
            what = "samples" if self._flat else f"{self.dimensions} channels in axis {self.channel_axis} of samples"
            raise DataError(
                f"the samples vary in shape: before came {what} of {_shape(self.shape)}, now came "
                f"{_shape(batch.shape[1:])}. Bring them to one shape first, or fit to each shape by itself"
            )
        if self._flat:
            vectors = batch.reshape(len(batch), -1)
        else:
            vectors = batch.movedim(self.channel_axis, -1).reshape(-1, self.dimensions)
        self.samples += len(batch)
        self.count += len(vectors)
        return vectors


def check_floats(values: torch.Tensor) -> None:
    """Raise a DataError unless these are real floating-point numbers."""
    if not values.is_floating_point():
        raise DataError(
            f"this needs floating-point numbers; given were {values.dtype} of shape {tuple(values.shape)}. "
            "If they are quantities, and not names or classes: x.float()"
        )


def check_rows(vectors: torch.Tensor) -> None:
    """Raise a DataError unless there are vectors ``[N, D]`` of real floating-point numbers."""
    check_floats(vectors)
    if vectors.ndim != 2 or not vectors.numel():  # noqa: PLR2004 - [N, D]
        raise DataError(f"vectors come as [N, D], at least one; given was the shape {tuple(vectors.shape)}")


def check_finite(vectors: torch.Tensor) -> None:
    """Raise a DataError that counts what is NaN or infinite in vectors ``[N, D]``, if anything is."""
    # A sum is many times quicker than looking at each; it can also overflow, hence the count.
    if bool(torch.isfinite(vectors.sum())):
        return
    bad = ~torch.isfinite(vectors)
    if bool(bad.any()):
        raise DataError(
            f"{int(bad.sum()):,} of {vectors.numel():,} values, in {int(bad.any(1).sum()):,} of {len(vectors):,} "
            "vectors, are NaN or infinite: there is nothing to fit to them. Leave those samples out: "
            "x[torch.isfinite(x).flatten(1).all(1)]"
        )


def _whole(samples: Any) -> torch.Tensor | None:
    """The samples as one tensor, unless they come as batches."""
    listed = isinstance(samples, list | tuple) and len(samples) and not any(hasattr(each, "shape") for each in samples)
    return as_tensor(samples, "samples") if listed or hasattr(samples, "shape") else None


def _batches(samples: Any) -> Iterator[torch.Tensor]:
    try:
        given = iter(samples)
    except TypeError as error:
        raise DataError(
            f"samples given as {type(samples).__name__} cannot be read; expected a tensor, an array, or batches"
        ) from error
    return (as_tensor(batch, "samples") for batch in given)


def _shape(shape: Iterable[int]) -> str:
    return " x ".join(map(str, shape)) or "one number"


def _split(samples: torch.Tensor) -> Iterable[torch.Tensor]:
    return samples.split(max(1, _NUMBERS // max(1, prod(samples.shape[1:])))) if samples.ndim else ()
