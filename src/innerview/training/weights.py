"""The change that one optimizer step makes to the weights: samples of each parameter before and after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from torch.nn.parameter import is_lazy

from innerview.analysis.statistics.accumulators import NEAR_ZERO
from innerview.analysis.statistics.spread import in_runs
from innerview.training.local import local
from innerview.training.record import WeightSample

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from torch import nn
    from torch.optim import Optimizer

_SAMPLE = 1_024


class WeightWatch:
    """Compares samples of the trained weights around a step. Nothing leaves the device until ``take``.

    Of a parameter that is spread over processes each of them sees its own shard. ``optimizer`` is the one whose step it
    is: what only others of ``optimizers`` train is passed over. None where their steps are not told apart.
    """

    def __init__(
        self, model: nn.Module, optimizer: Optimizer | None = None, optimizers: Iterable[Optimizer] = ()
    ) -> None:
        self._model = model
        self._optimizer = optimizer
        self._optimizers = tuple(optimizers)
        self._parameters: dict[str, Tensor] = {}
        self._before: dict[str, Tensor] = {}
        self._sizes = np.zeros(0, np.int64)  # of the samples

    def before(self, owners: Collection[str] | None = None) -> None:
        """Keep a sample of the weights, of modules at these paths or of all: a step begins."""
        theirs: set[int] = set()
        if self._optimizer is not None and len(self._optimizers) > 1:
            theirs = _trained(*self._optimizers) - _trained(self._optimizer)
        self._parameters = {
            name: weight
            for name, weight in self._model.named_parameters()
            if (owners is None or name.rpartition(".")[0] in owners)
            and weight.requires_grad
            and id(weight) not in theirs
            and _is_readable(weight)
        }
        parts = [_sample(local(weight)) for weight in self._parameters.values()]
        self._sizes = np.array([len(part) for part in parts])
        self._before = {"weights": _together(parts)}

    def gradients(self, scale: Tensor | float | None = None) -> None:
        """Keep a sample of the gradients, divided by ``scale``; once in a step."""
        if not self._before or "gradients" in self._before:
            return
        sampled = _together([_sample(_gradient_of(weight)) for weight in self._parameters.values()])
        self._before["gradients"] = sampled if scale is None else sampled / scale

    def after(self) -> None:
        """Keep a sample of the weights again: the step was made."""
        if self._before:
            self._before["changed"] = _together([_sample(local(weight)) for weight in self._parameters.values()])

    def take(self) -> dict[str, WeightSample]:
        """Return what the step did, by parameter; empty when none was made."""
        kept, self._before = self._before, {}
        if "changed" not in kept or not self._parameters:
            return {}
        on_cpu = {what: values.cpu().double().numpy() for what, values in kept.items()}
        sizes = self._sizes
        starts = np.cumsum(sizes) - sizes

        def mean(values: np.ndarray) -> np.ndarray:
            return np.add.reduceat(values, starts) / sizes

        weights = on_cpu["weights"]
        rms, moved = np.sqrt(mean(np.square(weights))), np.sqrt(mean(np.square(on_cpu["changed"] - weights)))
        ratio = np.divide(moved, rms, out=np.full(len(rms), np.nan), where=rms > 0)
        gradient = np.sqrt(mean(np.square(on_cpu["gradients"]))) if "gradients" in on_cpu else np.full(len(rms), np.nan)
        numbers = np.stack([rms, gradient, ratio, mean(np.abs(weights) <= NEAR_ZERO)], 1).tolist()
        return {name: WeightSample(*row) for name, row in zip(self._parameters, numbers, strict=True)}


def _trained(*optimizers: Optimizer) -> set[int]:
    """Return the identities of the parameters that optimizers train."""
    return {id(weight) for one in optimizers for group in one.param_groups for weight in group["params"]}


def _gradient_of(weight: Tensor) -> Tensor:
    """Return the gradient of a parameter; NaN in its place where none can be read."""
    held = local(weight)
    if weight.grad is not None and _is_readable(weight.grad):
        gradient = local(weight.grad)
        if gradient.numel() == held.numel():
            return gradient
    return torch.full_like(held.as_strided((1,), (1,)), torch.nan).expand(held.numel())


def _is_readable(tensor: Tensor) -> bool:
    """Tell whether a tensor holds floating point numbers here. One of an unknown kind is tried."""
    if is_lazy(tensor) or tensor.layout != torch.strided or tensor.device.type == "meta":
        return False
    try:
        held = local(tensor)
        return held.is_floating_point() and held.numel() > 0 and (type(held) is Tensor or type(_sample(held)) is Tensor)
    except Exception:  # noqa: BLE001 - whatever a subclass of Tensor does not know how to do
        return False


def _sample(tensor: Tensor) -> Tensor:
    part = in_runs(tensor, _SAMPLE)
    return part if part.dtype == torch.float64 else part.float()


def _together(parts: list[Tensor]) -> Tensor:
    """Put samples one after the other, in a copy."""
    if not parts:
        return torch.zeros(0, dtype=torch.float32, device="cpu")
    device = parts[0].device
    return torch.cat([part if part.device == device else part.to(device, non_blocking=True) for part in parts])
