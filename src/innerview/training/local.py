"""The plain values behind a tensor: the shard of a DTensor that this process has, what torch.func has wrapped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch._C import _functorch  # pyright: ignore[reportAttributeAccessIssue] - has no stub

from innerview.model.outputs import without_methods

if TYPE_CHECKING:
    from torch import Tensor


def local(tensor: Tensor) -> Tensor:
    """Return the values of a tensor that this process holds, without their graph and without a copy.

    Subclasses that only add methods of their own are read as plain tensors; those that hold their values in another
    way stay what they are.
    """
    found: Any = tensor.detach()
    if hasattr(found, "to_local"):  # a DTensor, whose module takes long to import
        found = found.to_local()
    return without_methods(found)


def untransformed(tensor: Tensor) -> Tensor | None:
    """Return what torch.func has wrapped to differentiate it; None inside ``vmap``, where no value is of all samples.

    To be worked on inside ``torch._C._DisableFuncTorch()``: else the results are wrapped again.
    """
    while _functorch.is_gradtrackingtensor(tensor):
        tensor = _functorch.get_unwrapped(tensor)
    return None if _functorch.is_functorch_wrapped_tensor(tensor) else tensor
