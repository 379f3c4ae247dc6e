"""The values of a tensor that this process holds: of a DTensor, as FSDP and tensor parallelism have them, its shard."""

from __future__ import annotations

from typing import Any

from torch import Tensor

_PLAIN = Tensor.__torch_dispatch__  # pyright: ignore[reportAttributeAccessIssue] - its type says less than it is


def local(tensor: Tensor) -> Tensor:
    """Return the values of a tensor that this process holds, without their graph and without a copy.

    Subclasses that only add methods of their own are read as plain tensors; those that hold their values in another
    way stay what they are.
    """
    found: Any = tensor.detach()
    if hasattr(found, "to_local"):  # a DTensor, whose module takes long to import
        found = found.to_local()
    return found.as_subclass(Tensor) if type(found).__torch_dispatch__ is _PLAIN else found
