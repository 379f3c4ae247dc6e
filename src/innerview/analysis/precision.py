"""Computing in the precision that was meant, whatever the caller's surroundings and device."""

from __future__ import annotations

from contextlib import ExitStack
from functools import wraps
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

Options = ParamSpec("Options")
Step = TypeVar("Step")
Result = TypeVar("Result")


def working_device(values: torch.Tensor) -> torch.device:
    """The device to compute on: that of the values, or the CPU for Apple's devices, which have no float64."""
    return torch.device("cpu") if values.device.type == "mps" else values.device


def exact(
    function: Callable[Options, Generator[Step, None, Result]],
) -> Callable[Options, Generator[Step, None, Result]]:
    """Run each step of a generator without autocast, which would round products to half, and without gradients.

    Both are settings of the thread, so they must not stay changed while the generator waits: a `with` around its
    `yield` would do that.
    """

    @wraps(function)
    def stepping(*args: Options.args, **options: Options.kwargs) -> Generator[Step, None, Result]:
        work = function(*args, **options)
        try:
            while True:
                with ExitStack() as surroundings:
                    surroundings.enter_context(torch.no_grad())
                    for device in ("cpu", "cuda"):
                        if torch.is_autocast_enabled(device):
                            surroundings.enter_context(torch.autocast(device, enabled=False))
                    try:
                        step = next(work)
                    except StopIteration as end:
                        return end.value
                yield step
        finally:
            work.close()

    return stepping
