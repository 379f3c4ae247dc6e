"""Statistics of every layer during chosen forwards; no tensor of the model outlives the hooks that look at it."""

from __future__ import annotations

import weakref
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from innerview.analysis.pictures.axes import choose_layout, deciding_kind
from innerview.analysis.statistics.accumulators import (
    Statistics,
    empty,
    merge,
    saturating,
    summarise,
    summarise_gradient,
    unpack,
    with_gradient,
)
from innerview.analysis.statistics.spread import in_runs
from innerview.data.padding import without_padding
from innerview.model.calls import Calls
from innerview.model.layers import kind_of
from innerview.model.outputs import activation
from innerview.training.local import local, untransformed
from innerview.training.ordering import in_order
from innerview.training.survey import Survey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from torch import nn
    from torch.utils.hooks import RemovableHandle

    from innerview.data.padding import Counts

    Reduced = Tensor | partial[Tensor]  # now, or when it is called
    Arrivals = list[Reduced]  # of a gradient, each time it comes to one tensor

# Of a part of so few values a copy is kept, to be looked at when the step has ended: a look among others takes a third
# of one that begins with the processor's caches full of what the model has just computed.
_SMALL = 2**16
_MOST_COPIED = 2**25  # bytes of such copies; what comes then is looked at at once
# Forwards whose statistics may wait on the device: of a long evaluation, all together would fill it.
_MOST_WAITING = 32


class Recorder:
    """Collects what the layers did in the forwards since the last ``take``; ``working`` is wrapped around its work.

    Hooks are there only between ``start`` and ``stop``, around one forward: so what checkpointing computes again during
    the backward pass is not counted.
    """

    def __init__(self, working: Callable[[], AbstractContextManager[None]]) -> None:
        # Of larger activations, only as many samples of the batch are looked at as have about this number of values.
        self.limit: int | None = None
        self.half = False  # whether a float16 output took part in training
        self.batched = False  # whether an output was not read because it was inside torch.func.vmap
        self.scaler: Any = None  # of the loss: gradients are divided by its scale
        self.kinds: dict[str, str] = {}
        self.order: list[str] = []  # of all names that ever started
        self._placed: frozenset[str] = frozenset()  # the same
        self.survey = Survey()
        self._surveying = False
        self._deciding: dict[str, str] = {}  # the class that decides about a layer's axes
        self._working = working
        self._axes: dict[tuple[str, str, tuple[int, ...]], int] = {}
        self._shapes: list[tuple[str, tuple[int, ...]]] = []
        self._last: _Look | None = None
        self._calls: Calls | None = None
        self._modules: Mapping[str, nn.Module] = {}
        self._counts: Counts | None = None
        self._handles: list[RemovableHandle] = []
        self._forget()

    @property
    def empty(self) -> bool:
        """True when there is nothing to take."""
        return not self._seen and not self._folded

    def start(
        self, modules: Mapping[str, nn.Module], counts: Counts | None = None, *, survey: float | None = None
    ) -> None:
        """Begin to listen to these modules, by path: a forward starts, of which only the positions in ``counts`` count.

        ``counts`` is as ``counted_in_a_pass`` has it. In a ``survey`` it is noted of all of them what they return, and
        only the first are looked at, as far as so many values go. A record of some of the modules needs one before: it
        knows their order, and what is around each.
        """
        if self._waiting >= _MOST_WAITING:
            self._fold()
        self._waiting += 1
        self._shapes = []
        self._modules = modules
        self._counts = counts
        self._surveying = survey is not None
        if survey is not None:
            self.survey.begin(survey)
        self._calls = Calls(modules, self.returned, self._started).__enter__()

    def stop(self) -> None:
        """Listen no longer. Gradients of what was seen still count until ``take``."""
        if self._calls is not None:
            self._calls.__exit__(None, None, None)
            self._calls = self._last = None

    def returned(self, path: str, call: int, output: Any) -> None:
        """Look at what a module returned."""
        with self._working():
            name, kind = path if call == 1 else f"{path}#{call}", kind_of(self._modules[path])
            if not self._surveying or self._noted(path, call, name, kind, output):
                self._look(name, kind, output)

    def take(self) -> dict[str, Statistics]:
        """Return what was seen, by layer in the order of their start, in two transfers; take the hooks off tensors."""
        try:
            self._fold()
            if any(name not in self._placed for name in self._order):
                self.order = in_order(self.order, self._order)
                self._placed = frozenset(self.order)
            found = self._folded
            gradients = [(name, part) for name, all_of in self._gradients.items() for one in all_of for part in one]
            for (name, _), array in zip(gradients, _on_cpu([part for _, part in gradients]), strict=True):
                if not found[name].column("gradient_count"):
                    found[name] = with_gradient(found[name], array)
                else:
                    nothing = empty(channels=found[name].channels.shape[-1])
                    found[name] = merge(found[name], with_gradient(nothing, array))
            return {name: found[name] for name in self._order if name in found}
        finally:
            self._forget()

    def _fold(self) -> None:
        """Bring together what the forwards so far have left on the device."""
        seen = [(name, part) for name, parts in self._seen.items() for part in parts]
        for (name, _), array in zip(seen, _on_cpu([part for _, part in seen]), strict=True):
            self._folded[name] = _both(self._folded.get(name), unpack(array))
        self._seen, self._waiting, self._copied = {}, 0, 0

    def _forget(self) -> None:
        self._folded: dict[str, Statistics] = {}
        self._waiting = self._copied = 0
        self._order: dict[str, None] = {}
        self._seen: dict[str, list[Reduced]] = {}
        self._gradients: dict[str, list[Arrivals]] = {}
        self._leaves: dict[int, tuple[Tensor, Arrivals]] = {}
        for handle in self._handles:
            handle.remove()  # the tensor may be a parameter, or be kept by the model
        self._handles = []
        self._factors: Tensor | None = None

    def _started(self, path: str, call: int) -> None:
        name = path if call == 1 else f"{path}#{call}"
        self._order.setdefault(name)

    def _noted(self, path: str, call: int, name: str, kind: str, output: Any) -> bool:
        """Note what a module returned; whether it is to be looked at."""
        value, _ = activation(output)
        self.survey.note(path, call, value)
        if self.survey.takes(path, 0 if value is None else value.numel()):
            return True
        if value is not None:
            shape = tuple(value.shape[1:])
            self._shapes.append((kind, shape))
            self._axis(name, kind, shape)
        return False

    def _look(self, name: str, kind: str, output: Any) -> None:
        value, _ = activation(output)
        if value is None or value.layout != torch.strided or value.device.type == "meta":
            return
        plain = untransformed(value)
        if plain is None:
            self.batched = True
            return
        self.kinds[name] = kind
        self._order.setdefault(name)
        shape = tuple(value.shape[1:])
        self._shapes.append((kind, shape))
        axis = self._axis(name, kind, shape)
        with torch._C._DisableFuncTorch():  # noqa: SLF001 - no public way
            part, channel_axis = without_padding(self._counts, local(plain), axis, self.limit)
        gradients = self._gradients.setdefault(name, [])
        how = axis, saturating(kind), self.limit
        # A block returns what its last layer returned: the same numbers, and later the same gradient.
        look = self._last
        if look is None or not look.is_of(value, how):
            self._last = None
            summary = self._reduced(part, partial(_of_activation, channel_axis, saturating(kind)))
            self.half |= value.requires_grad and value.dtype == torch.float16
            arrivals = self._listen(value, axis) if value.requires_grad else []
            look = _Look(weakref.ref(value), 0, how, summary, arrivals)
            # A tensor made in inference mode does not count its changes: it may be another one by now.
            if not value.is_inference():
                look = self._last = look._replace(version=value._version)  # noqa: SLF001 - has no public name
        self._seen.setdefault(name, []).append(look.summary)
        if not any(look.arrivals is one for one in gradients):
            gradients.append(look.arrivals)

    def _listen(self, value: Tensor, channel_axis: int) -> Arrivals:
        """Hook into a tensor, one of the model's own leaves once in a record; return where its gradients arrive."""
        if id(value) in self._leaves:
            return self._leaves[id(value)][1]
        arrivals: Arrivals = []
        passing = False
        counts, limit = self._counts, self.limit

        def arrived(gradient: Tensor) -> None:
            nonlocal passing
            with self._working():
                # With create_graph=True this was only on the way to the loss: what comes after it is its gradient.
                if passing and arrivals:
                    arrivals.pop()
                passing = torch.is_grad_enabled()
                plain = untransformed(gradient)
                if plain is not None:
                    with torch._C._DisableFuncTorch():  # noqa: SLF001 - no public way
                        part = local(plain)
                        if counts is not None and counts.among(part, channel_axis):
                            part, _ = without_padding(counts, part, channel_axis, limit)
                        elif limit is not None:
                            # Of all samples: those that the model is sure of have hardly any gradient.
                            part = in_runs(part, limit)
                    arrivals.append(self._reduced(part, partial(_of_gradient, self._unscaling(plain))))

        self._handles.append(value.register_hook(arrived))
        if value.is_leaf:
            self._leaves[id(value)] = value, arrivals
        return arrivals

    def _reduced(self, part: Tensor, reduce: Callable[[Tensor], Tensor]) -> Reduced:
        """Reduce a part of a tensor, or a copy of it later."""
        if part.device.type == "cpu" and part.numel() <= _SMALL and self._copied <= _MOST_COPIED:
            self._copied += part.nbytes
            with torch._C._DisableFuncTorch():  # noqa: SLF001 - no public way
                return partial(reduce, part.clone())
        with _alone(part.device):
            return reduce(part)

    def _unscaling(self, gradient: Tensor) -> Tensor | float:
        """Return the factors of a gradient's count, non-finite count, mean and squares."""
        if self.scaler is None or not self.scaler.is_enabled():
            return 1.0
        if self._factors is None or self._factors.device != gradient.device:
            # Scaling a one gives the scale without waiting for the device.
            one = torch.ones((), dtype=torch.float32, device=gradient.device)
            inverse = one / self.scaler.scale(one)
            self._factors = torch.stack([one, one, inverse, inverse * inverse])
        return self._factors

    def _axis(self, name: str, kind: str, shape: tuple[int, ...]) -> int:
        """The axis that holds the channels, the first axis being that of the samples."""
        key = (name, kind, shape)
        if self._surveying:
            # What is around a layer decides about its axes; it is not seen later, when the layer alone has its turn.
            self._deciding[name] = deciding_kind(kind, shape, self._shapes)
        if key not in self._axes:
            decides = self._deciding.get(name) or deciding_kind(kind, shape, self._shapes)
            self._axes[key] = choose_layout(shape, kind=decides).channel_axis + 1
        return self._axes[key]


class _Look(NamedTuple):
    """The last output looked at, to be known again when the module around returns it as it is."""

    value: weakref.ref[Tensor]
    version: int
    how: tuple[int, str, int | None]
    summary: Reduced
    arrivals: Arrivals

    def is_of(self, value: Tensor, how: tuple[int, str, int | None]) -> bool:
        return self.value() is value and self.version == value._version and self.how == how  # noqa: SLF001 - no public name


@contextmanager
def _alone(device: torch.device) -> Iterator[None]:
    """Compute as it is written, whatever the loop has switched on: gradients, autocast, a transform of torch.func."""
    with torch._C._DisableFuncTorch(), torch.no_grad():  # noqa: SLF001 - no public way
        if torch.is_autocast_enabled(device.type):
            with torch.autocast(device.type, enabled=False):
                yield
        else:  # switching off what is off takes as long as a small layer
            yield


def _both(one: Statistics | None, other: Statistics) -> Statistics:
    if one is None:
        return other
    if one.channels.shape != other.channels.shape:
        # The number of channels changed within a step: those of the first stay.
        other = other._replace(channels=empty(channels=one.channels.shape[-1]).channels)
    return merge(one, other)


def _of_activation(channel_axis: int, saturates: str, part: Tensor) -> Tensor:
    return summarise(part, channel_axis, saturates)


def _of_gradient(factors: Tensor | float, part: Tensor) -> Tensor:
    return summarise_gradient(part) * factors


def _on_cpu(reduced: list[Reduced]) -> list[np.ndarray]:
    """Each as float64 on the CPU, with one transfer from each device."""
    with _alone(torch.device("cpu")):
        # A block and its last layer share what was looked at.
        done = {id(one): one() for one in {id(one): one for one in reduced}.values() if isinstance(one, partial)}
    pieces = [done[id(one)] if isinstance(one, partial) else one for one in reduced]
    result: dict[int, np.ndarray] = {}
    for device in {piece.device for piece in pieces}:
        indices = [index for index, piece in enumerate(pieces) if piece.device == device]
        flat = torch.cat([pieces[index] for index in indices]).cpu().numpy().astype(np.float64, copy=False)
        ends = np.cumsum([len(pieces[index]) for index in indices])
        result.update(zip(indices, np.split(flat, ends[:-1]), strict=True))
    return [result[index] for index in range(len(pieces))]
