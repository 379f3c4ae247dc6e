"""The numbers passed to each step: read at once where that waits for nothing, else when a step is recorded."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from innerview.errors import InnerviewError
from innerview.training.record import Event

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from torch.optim import Optimizer

    from innerview.training.history import History

_MOST_WAITING = 1_000


class Metrics:
    """Passes metrics on to a history."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._waiting: list[tuple[int, str, Tensor]] = []
        self._finite = True

    def add(self, step: int, values: Mapping[str, float | Tensor]) -> None:
        """Take the values of one step, as ``numbers`` returns them."""
        ready = {name: value for name, value in values.items() if not isinstance(value, Tensor)}
        # A copy, as the loop may go on adding to its running loss.
        self._waiting += [
            (step, name, value.reshape(()).float().clone())
            for name, value in values.items()
            if isinstance(value, Tensor)
        ]
        if ready:
            self._keep(step, ready)
        if len(self._waiting) > _MOST_WAITING:
            self.flush()

    def flush(self) -> None:
        """Read the values that are on a device: one transfer from each."""
        waiting, self._waiting = self._waiting, []
        for device in {value.device for _, _, value in waiting}:
            there = [entry for entry in waiting if entry[2].device == device]
            read = torch.stack([value for _, _, value in there]).cpu().numpy().astype(np.float64)
            for (step, name, _), number in zip(there, read, strict=True):
                self._keep(step, {name: float(number)})

    def _keep(self, step: int, values: Mapping[str, float]) -> None:
        self._history.add_metrics(step, values)
        if "loss" in values and isfinite(values["loss"]) != self._finite:
            self._finite = not self._finite
            text = (
                "the loss is a number again" if self._finite else f"the loss is not a finite number: {values['loss']}"
            )
            self._history.add_event(Event(step, "loss", text))


def learning_rates(optimizers: Iterable[Optimizer], factor: float = 1.0) -> dict[str, Any]:
    """The learning rate of each group of parameters of all optimizers, times a factor: "lr", "lr/1", ..."""
    groups = [group for optimizer in optimizers for group in optimizer.param_groups]
    rates = [group["lr"] * factor for group in groups if "lr" in group]
    return {f"lr/{number}" if number else "lr": rate for number, rate in enumerate(rates)}


def numbers(values: Mapping[str, Any]) -> dict[str, float | Tensor]:
    """Metrics as numbers, or as tensors of one element where reading would wait for a device. Else InnerviewError."""
    found: dict[str, float | Tensor] = {}
    for name, value in values.items():
        try:
            given = value.detach() if isinstance(value, Tensor) else value
            waits = isinstance(given, Tensor) and given.device.type != "cpu" and given.numel() == 1
            found[name] = given if waits else float(given)
        except (TypeError, ValueError, RuntimeError) as error:  # noqa: PERF203 - the first ends it
            what = f"a tensor of shape {list(value.shape)}" if isinstance(value, Tensor) else repr(value)
            raise InnerviewError(
                f"step({name}={what:.80}): a metric is one number, or a tensor of one element"
            ) from error
    return found
