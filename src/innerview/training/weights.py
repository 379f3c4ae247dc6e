"""What one optimizer step does to the weights: samples of each parameter before and after it."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from torch.nn.parameter import is_lazy

from innerview.analysis.statistics.accumulators import NEAR_ZERO
from innerview.training.record import WeightSample

if TYPE_CHECKING:
    from torch import nn

_SAMPLE = 1_024


class WeightWatch:
    """Compares samples of the weights around a step. Nothing leaves the device until ``take``.

    Args:
        model: its trained parameters are watched.
    """

    def __init__(self, model: nn.Module) -> None:
        self._model = model
        self._names: list[str] = []
        self._parameters: list[Tensor] = []
        self._before: dict[str, Tensor] = {}

    def before(self) -> None:
        """A step begins: keep a sample of the weights."""
        named = [(n, p) for n, p in self._model.named_parameters() if p.requires_grad and _plain(p)]
        self._names, self._parameters = [name for name, _ in named], [parameter for _, parameter in named]
        self._before = {"weights": _samples(self._parameters)}

    def gradients(self, scale: Tensor | float | None = None) -> None:
        """The gradients are there: keep a sample of them, divided by ``scale``."""
        if not self._before or "gradients" in self._before:
            return
        nothing = [torch.full_like(p.detach().as_strided((1,), (1,)), torch.nan) for p in self._parameters if p.numel()]
        gradients = [
            nothing[i].expand(p.numel()) if p.grad is None or not _plain(p.grad) else p.grad
            for i, p in enumerate(self._parameters)
        ]
        sampled = _samples(gradients)
        self._before["gradients"] = sampled if scale is None else sampled / scale

    def after(self) -> None:
        """The step was made: keep a sample of the weights again."""
        if self._before:
            self._before["changed"] = _samples(self._parameters)

    def take(self) -> dict[str, WeightSample]:
        """What the step did, by parameter; empty when none was made."""
        kept, self._before = self._before, {}
        if "changed" not in kept:
            return {}
        on_cpu = {name: values.double().cpu().numpy() for name, values in kept.items()}
        ends = list(accumulate(_sampled(parameter.numel()) for parameter in self._parameters))
        parts = {name: np.split(values, ends[:-1]) for name, values in on_cpu.items()}
        result = {}
        for number, name in enumerate(self._names):
            weights, changed = parts["weights"][number], parts["changed"][number]
            rms = _rms(weights)
            ratio = _rms(changed - weights) / rms if rms > 0 else np.nan
            gradient = _rms(parts["gradients"][number]) if "gradients" in parts else np.nan
            near = float(np.mean(np.abs(weights) <= NEAR_ZERO)) if len(weights) else np.nan
            result[name] = WeightSample(rms, gradient, ratio, near)
        return result


def _plain(tensor: Tensor) -> bool:
    return (
        not is_lazy(tensor)
        and tensor.layout == torch.strided
        and tensor.device.type != "meta"
        and tensor.numel() > 0
        and tensor.is_floating_point()
    )


def _step(count: int) -> int:
    # Odd, so that it does not meet the same column of a matrix of even width again and again.
    return max(1, count // _SAMPLE) | 1


def _sampled(count: int) -> int:
    return -(-count // _step(count))


def _samples(tensors: list[Tensor]) -> Tensor:
    """A strided sample of each, one after the other: one copy in all."""
    device = tensors[0].device if tensors else torch.device("cpu")
    parts = [tensor.detach().reshape(-1)[:: _step(tensor.numel())] for tensor in tensors]
    parts = [part if part.device == device else part.to(device, non_blocking=True) for part in parts]
    return (
        torch.cat([part.float() if part.dtype != torch.float64 else part for part in parts])
        if parts
        else torch.zeros(0)
    )


def _rms(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(values)))) if len(values) else float("nan")
