"""The attributes of modules, put back where a forward writes them."""

from __future__ import annotations

from collections import deque
from functools import cache
from operator import is_, itemgetter
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from innerview.model.held import can_change, is_plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    Container = list[Any] | dict[Any, Any] | set[Any] | deque[Any]

OF_EVERY_MODULE = frozenset([*vars(nn.Module()), "_compiled_call_impl"])
_weights_of = itemgetter("_parameters", "_buffers")
_hooks_of = itemgetter("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
_MOST = 1000  # entries of a container that is copied at each forward


class Attributes:
    """Attributes of modules, such as counters, caches and an RNN's state, to be put back if a forward writes them.

    Lists, dicts, sets and deques are put back too, however deep, up to 1,000 entries each; what other objects hold is
    not. A parameter, buffer or module that was replaced is put back, and a hook that was made is removed. A parameter,
    buffer or module that the forward has made stays, as in lazy modules, and with it the other attributes of that
    module, which may say that it is there.

    torch's own modules keep state in buffers, and their other attributes are written by hooks only.

    Attributes:
        tensors: those among them that a forward may write in place.
    """

    def __init__(self, modules: list[nn.Module]) -> None:
        self.tensors: list[Tensor] = []
        self._plain: list[tuple[dict[str, Any], dict[str, Any], int]] = []
        self._registered: list[tuple[dict[str, Any], dict[str, Any]]] = []
        self._containers: list[tuple[Container, Container]] = []
        self._met: set[int] = set()
        self._hooks: list[dict[int, Any]] = []
        self._first_new = RemovableHandle.next_id
        for module in modules:
            scripted, of_torch = _kind(type(module))
            if scripted:
                continue
            now = vars(module)
            self._hooks += _hooks_of(now)
            self._registered += [(held, dict(held)) for held in _weights_of(now) if held]
            if of_torch and not (now["_forward_pre_hooks"] or now["_forward_hooks"]):
                continue
            self._registered.append((now["_modules"], dict(now["_modules"])))
            self._plain.append((now, dict(now), _registered(now)))
            self._look_into([value for name, value in now.items() if name not in OF_EVERY_MODULE])

    def restore(self) -> None:
        """Put them back as they were."""
        for now, held in self._registered:
            # By value alone, which is quicker: those that were made or removed stay so.
            if not all(map(is_, now.values(), held.values())):
                now.update({name: value for name, value in held.items() if name in now})
        for now, held, count in self._plain:
            if not _same(now, held) and _registered(now) == count:
                for name in now.keys() - held.keys() - OF_EVERY_MODULE:
                    del now[name]
                now.update({name: value for name, value in held.items() if name not in OF_EVERY_MODULE})
        for container, held in self._containers:
            _put_back(container, held)
        for hooks in self._hooks:
            while hooks and next(reversed(hooks)) >= self._first_new:
                hooks.popitem()

    def _look_into(self, values: Iterable[Any]) -> None:
        for value in values:
            if isinstance(value, Tensor):
                if can_change(value) and is_plain(value):
                    self.tensors.append(value)
            elif isinstance(value, (tuple, list, dict, set, deque)) and len(value) <= _MOST:
                if id(value) in self._met:
                    continue
                self._met.add(id(value))
                if not isinstance(value, tuple):
                    self._containers.append((value, _copied(value)))
                self._look_into(value.values() if isinstance(value, dict) else value)


@cache
def _kind(of: type[nn.Module]) -> tuple[bool, bool]:
    """Whether modules of a class are scripted, and whether they are torch's own."""
    return issubclass(of, torch.jit.ScriptModule), of.__module__.startswith("torch.")


def _registered(held: dict[str, Any]) -> int:
    return len(held["_parameters"]) + len(held["_buffers"]) + len(held["_modules"])


def _same(now: dict[Any, Any], held: dict[Any, Any]) -> bool:
    """Compare two dicts by the identity of what they hold, in their order."""
    return len(now) == len(held) and all(map(is_, now.values(), held.values())) and all(map(is_, now, held))


def _copied(container: Container) -> Container:
    if isinstance(container, dict):
        return dict(container)
    return set(container) if isinstance(container, set) else list(container)


def _put_back(container: Container, held: Any) -> None:
    if isinstance(container, dict):
        if not _same(container, held):
            container.clear()
            container.update(held)
    elif isinstance(container, set):
        if container != held:
            container.clear()
            container.update(held)
    elif len(container) != len(held) or not all(map(is_, container, held)):
        container.clear()
        container.extend(held)
