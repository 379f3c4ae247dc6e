"""Forwards that differentiate: they are run with gradients on, and leave none behind."""

from __future__ import annotations

from contextlib import contextmanager
from operator import is_
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor, nn

# Energies whose forces are their gradients, and networks that solve a differential equation.
_differentiating: WeakSet[nn.Module] = WeakSet()


@contextmanager
def as_needed(model: nn.Module) -> Iterator[None]:
    """Turn gradients off, unless the model's own forward was found to need them."""
    with torch.set_grad_enabled(model in _differentiating):
        yield


def turned_on(model: nn.Module, error: BaseException | None) -> bool:
    """Tell whether gradients were missed, by what a forward raised; ``as_needed`` keeps them on from now on."""
    missed = isinstance(error, RuntimeError) and "grad" in str(error)  # "does not require grad", "retain_grad on", ...
    if not missed or model in _differentiating:
        return False
    _differentiating.add(model)
    return True


class Trained:
    """What a training keeps on its tensors - gradients, whether they are wanted, and hooks - to be put back.

    Args:
        tensors: parameters, and other leaves that want gradients.
        goes_backward: whether gradients are known to be added to: they are laid aside then.

    Attributes:
        gradients: those that there are.
    """

    def __init__(self, tensors: list[Tensor], *, goes_backward: bool) -> None:
        self._tensors = tensors
        self._wanted = [tensor.requires_grad for tensor in tensors]
        self._grads = [tensor.grad for tensor in tensors]
        self._hooks = _hooks_of(tensors)
        self.gradients = [gradient for gradient in self._grads if gradient is not None]
        if goes_backward and self.gradients:
            for tensor in tensors:
                tensor.grad = None

    def restore(self) -> bool:
        """Put them back as they were; tells whether there were other gradients."""
        if [tensor.requires_grad for tensor in self._tensors] != self._wanted:
            for tensor, wanted in zip(self._tensors, self._wanted, strict=True):
                tensor.requires_grad_(wanted)
        if _hooks_of(self._tensors) != self._hooks:
            for tensor, before in zip(self._tensors, self._hooks, strict=True):
                for now in _dicts_of_hooks(tensor):
                    for number in [number for number in now or () if number not in (before or ())]:
                        del now[number]
        grads = [tensor.grad for tensor in self._tensors]
        if all(map(is_, grads, self._grads)):
            return False
        for tensor, held in zip(self._tensors, self._grads, strict=True):
            tensor.grad = held
        return any(now is not None and now is not held for now, held in zip(grads, self._grads, strict=True))


def _dicts_of_hooks(tensor: Tensor) -> tuple[Any, Any]:
    return tensor._backward_hooks, tensor._post_accumulate_grad_hooks  # noqa: SLF001 - no public way


def _hooks_of(tensors: list[Tensor]) -> list[tuple[int, ...] | None]:
    """Numbers of the hooks of each tensor; they are drawn from one count for hooks of all kinds."""
    return [(*(a or ()), *(b or ())) if a or b else None for a, b in map(_dicts_of_hooks, tensors)]
