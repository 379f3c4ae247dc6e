"""The parameters and buffers that a module holds, and what can be done with such a tensor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn.parameter import is_lazy

if TYPE_CHECKING:
    from torch import nn


def tensors_of(module: nn.Module) -> list[Tensor]:
    """The parameters and buffers of the module itself."""
    # As parameters() and buffers(), without their search for what occurs twice.
    return [t for t in (*module._parameters.values(), *module._buffers.values()) if t is not None]  # noqa: SLF001 - see above


def can_change(tensor: Tensor) -> bool:
    """Tell a tensor that has values, which may be written outside of inference mode."""
    # Tensors made in inference mode have no version counter and cannot be written outside of it.
    return not is_lazy(tensor) and not tensor.is_inference()


def version(tensor: Tensor) -> int:
    """How often a tensor was written; -1 where nobody counts."""
    return -1 if is_lazy(tensor) or tensor.is_inference() else tensor._version  # noqa: SLF001 - has no public name


def is_plain(tensor: Tensor) -> bool:
    """Tell a tensor with plain memory of its own to look into."""
    return (
        not is_lazy(tensor)
        and (type(tensor).__module__.startswith("torch.nn") or type(tensor) is Tensor)
        and tensor.layout == torch.strided
        and tensor.device.type != "meta"
        and not tensor.is_quantized
        and bool(tensor.numel())
    )


def storage_of(tensor: Tensor) -> int | None:
    """The identity of a tensor's storage, also of an empty one; None where it has none."""
    if is_lazy(tensor) or tensor.layout != torch.strided or tensor.is_nested or tensor.device.type == "meta":
        return None
    return tensor.untyped_storage()._cdata  # noqa: SLF001 - as the docstring says
