"""A few of many values of a tensor, evenly spread over it, that stand for all of them."""

from __future__ import annotations

from math import gcd
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

_RUN = 16  # float32 numbers of a cache line, which is read whole whatever is used of it
_RUNS = 512  # that are enough: of a large tensor each of them is waited for


def in_memory(values: Tensor) -> Tensor:
    """Flatten the values in the order of memory, if that is possible without a copy."""
    order = sorted(range(values.ndim), key=lambda axis: -values.stride(axis))
    return values.permute(order).reshape(-1)


def one_by_one(values: Tensor, most: int) -> Tensor:
    """Take about so many values, ``[M]``."""
    flat = in_memory(values)
    return flat[:: _coprime(flat.numel() // most, flat.numel())].contiguous()


def in_runs(values: Tensor, most: int) -> Tensor:
    """Take about so many values, ``[M]``, in short runs; all where there are no more.

    Much quicker than one by one where the tensor is not in the processor's caches. Neighbours are more alike than
    others are: it takes some more of them to say as much.
    """
    count = values.numel()
    if count <= most:
        return values.reshape(-1)
    length = max(_RUN, most // _RUNS)
    runs = in_memory(values)[: count // length * length].view(-1, length)
    return runs[:: _coprime(count // most, len(runs))].reshape(-1)


def _coprime(step: int, total: int) -> int:
    """Choose a step near this one by which nothing periodic is met again and again: an axis, a channel, a corner."""
    step = max(1, step)
    while gcd(step, total) > 1:
        step += 1
    return step
