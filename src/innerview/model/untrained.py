"""The same network before training."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from innerview.errors import InnerviewError
from innerview.model.randomness import kept
from innerview.model.state import devices_of, snapshot
from innerview.model.written import Writes

if TYPE_CHECKING:
    from collections.abc import Callable

_MOST_NAMED = 4


def untrained(model: nn.Module, seed: int = 0) -> nn.Module:
    """Copy a model and draw its parameters and buffers anew, as its modules do when they are made.

    The random state of every device is as before afterwards; the copy is without gradients.

    Raises:
        InnerviewError: some parameters belong to a module without ``reset_parameters``; the message names them.
    """
    try:
        fresh = snapshot(model)
    except InnerviewError as error:
        raise InnerviewError(
            f"{type(model).__name__} cannot be made untrained by itself: it cannot be copied ({error.__cause__}). Pass "
            "a freshly made model: baseline=YourModel()"
        ) from error
    # torch.manual_seed seeds every device there is, not only the model's.
    everywhere = {torch.device("cuda", number) for number in range(torch.cuda.device_count())} | devices_of(model)
    drawn = Writes(fresh.parameters())
    with kept(everywhere), torch.no_grad(), drawn:
        torch.manual_seed(seed)
        for module in fresh.modules():
            reset = getattr(module, "reset_parameters", None) or getattr(module, "_reset_parameters", None)
            if callable(reset):
                _call(reset, model, module)
    # Not those of all modules with such a method: that of a weight_norm draws a weight that is computed anew.
    names = [name for name, parameter in fresh.named_parameters() if drawn.unwritten(parameter)]
    if names:
        more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
        raise InnerviewError(
            f"{type(model).__name__} cannot be made untrained by itself: {', '.join(names[:_MOST_NAMED])}{more} belong "
            "to a module without reset_parameters(). Pass a freshly made model: baseline=YourModel()"
        )
    for parameter in fresh.parameters():
        parameter.grad = None
    return fresh


def _call(reset: Callable[[], object], model: nn.Module, module: nn.Module) -> None:
    try:
        reset()
    except Exception as error:
        raise InnerviewError(
            f"{type(model).__name__} cannot be made untrained by itself: reset_parameters() of {type(module).__name__} "
            f"raised {type(error).__name__}: {error}. Pass a freshly made model: baseline=YourModel()"
        ) from error
