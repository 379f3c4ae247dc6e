"""Statistics of every layer during chosen forwards: hooks that look at an output at once and keep no tensor of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from innerview.analysis.layout import choose_layout, deciding_kind
from innerview.analysis.statistics import (
    Statistics,
    empty,
    merge,
    saturating,
    summarise,
    summarise_gradient,
    unpack,
    with_gradient,
)
from innerview.model.calls import Calls
from innerview.model.layers import kind_of
from innerview.model.outputs import activation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import nn


class Recorder:
    """What the layers did in the forwards since the last ``take``.

    Args:
        modules: those to listen to, by path.
    """

    def __init__(self, modules: Mapping[str, nn.Module]) -> None:
        self.modules = dict(modules)
        self.kinds: dict[str, str] = {path: kind_of(module) for path, module in self.modules.items()}
        self._axes: dict[tuple[str, tuple[int, ...]], int] = {}
        self._shapes: list[tuple[str, tuple[int, ...]]] = []
        self._calls: Calls | None = None
        self._order: dict[str, None] = {}
        self._seen: dict[str, list[Tensor]] = {}
        self._gradients: dict[str, list[Tensor]] = {}

    def start(self) -> None:
        """Begin to listen: a forward starts."""
        self._shapes = []
        self._calls = Calls(self.modules, self.returned, self._started).__enter__()

    def stop(self) -> None:
        """Listen no longer. Gradients of what was seen still count until ``take``."""
        if self._calls is not None:
            self._calls.__exit__(None, None, None)
            self._calls = None

    def _started(self, path: str, call: int) -> None:
        self._order.setdefault(path if call == 1 else f"{path}#{call}")

    def returned(self, path: str, call: int, output: Any) -> None:
        """Look at what a module returned."""
        value, _ = activation(output)
        if value is None or value.layout != torch.strided or value.device.type == "meta":
            return
        name = path if call == 1 else f"{path}#{call}"
        kind = self.kinds[path]
        with torch.no_grad(), torch.autocast(value.device.type, enabled=False):
            self._seen.setdefault(name, []).append(summarise(value, self._axis(name, kind, value), saturating(kind)))
        if value.requires_grad:
            gradients = self._gradients.setdefault(name, [])

            def arrived(gradient: Tensor) -> None:
                with torch.no_grad(), torch.autocast(gradient.device.type, enabled=False):
                    gradients.append(summarise_gradient(gradient))

            value.register_hook(arrived)

    def take(self) -> dict[str, Statistics]:
        """What was seen, by layer in the order of their start; begins anew. Moves everything to the CPU at once."""
        pieces = [*self._pieces(self._seen), *self._pieces(self._gradients)]
        flat = _together(pieces)
        found: dict[str, Statistics] = {}
        at = 0
        for name, parts in self._seen.items():
            for part in parts:
                statistics = unpack(flat[at : at + len(part)])
                at += len(part)
                known = found.get(name)
                found[name] = statistics if known is None else merge(known, statistics)
        for name, parts in self._gradients.items():
            for part in parts:
                nothing = empty(channels=found[name].channels.shape[-1])
                found[name] = merge(found[name], with_gradient(nothing, flat[at : at + len(part)]))
                at += len(part)
        result = {name: found[name] for name in self._order if name in found}
        self._order, self._seen, self._gradients = {}, {}, {}
        return result

    @staticmethod
    def _pieces(parts: Mapping[str, list[Tensor]]) -> list[Tensor]:
        return [part for some in parts.values() for part in some]

    def _axis(self, name: str, kind: str, value: Tensor) -> int:
        """The axis that holds the channels, the first axis being that of the samples."""
        shape = tuple(value.shape[1:])
        key = (name, shape)
        self._shapes.append((kind, shape))
        if key not in self._axes:
            layout = choose_layout(shape, kind=deciding_kind(kind, shape, self._shapes))
            self._axes[key] = layout.channel_axis + 1
        return self._axes[key]


def _together(pieces: list[Tensor]) -> np.ndarray:
    """The values of all, float64, with one transfer from each device."""
    by_device: dict[torch.device, list[int]] = {}
    for index, piece in enumerate(pieces):
        by_device.setdefault(piece.device, []).append(index)
    values: dict[int, np.ndarray] = {}
    for indices in by_device.values():
        flat = torch.cat([pieces[index] for index in indices]).cpu().numpy().astype(np.float64)
        ends = np.cumsum([len(pieces[index]) for index in indices])
        values.update(zip(indices, np.split(flat, ends[:-1]), strict=True))
    return np.concatenate([values[index] for index in range(len(pieces))]) if pieces else np.zeros(0)
