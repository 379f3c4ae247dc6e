"""Forwards that differentiate: they are run with gradients on, and leave none behind."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING
from weakref import WeakSet

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import nn

# Energies whose forces are their gradients, and networks that solve a differential equation.
_differentiating: WeakSet[nn.Module] = WeakSet()


@contextmanager
def as_needed(model: nn.Module) -> Iterator[None]:
    """Turn gradients off, unless the model's own forward was found to need them; its parameters keep theirs."""
    if model not in _differentiating:
        with torch.no_grad():
            yield
        return
    parameters = list(model.parameters())
    held = [parameter.grad for parameter in parameters]
    for parameter in parameters:
        parameter.grad = None
    try:
        with torch.enable_grad():
            yield
    finally:
        for parameter, gradient in zip(parameters, held, strict=True):
            parameter.grad = gradient


def turned_on(model: nn.Module, error: BaseException | None) -> bool:
    """Tell whether gradients were missed, by what a forward raised; ``as_needed`` keeps them on from now on."""
    missed = isinstance(error, RuntimeError) and "does not require grad" in str(error)
    if not missed or model in _differentiating:
        return False
    _differentiating.add(model)
    return True
