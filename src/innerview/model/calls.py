"""The calls of chosen modules during a forward, seen through hooks that live for the length of a ``with``."""

from __future__ import annotations

import difflib
import threading
from typing import TYPE_CHECKING, Any

import torch
from torch.utils.hooks import RemovableHandle

from innerview.errors import UnknownLayerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from torch import nn
    from typing_extensions import Self


def modules_of(model: nn.Module) -> dict[str, nn.Module]:
    """List the modules of a model by path, as ``named_modules`` names them; the model itself is left out.

    A model without submodules, say a bare ``nn.Linear``, is its own only layer, under the name of its class.
    """
    found = {path: module for path, module in model.named_modules() if path}
    return found or {type(model).__name__: model}


def locate(name: str, paths: Iterable[str]) -> tuple[str, int]:
    """Split a layer name into the module's path and the number of the call: ``block#2`` is ``("block", 2)``.

    Raises:
        UnknownLayerError: no such module; the nearest names are offered.
    """
    paths = list(paths)
    if name in paths:
        return name, 1
    path, mark, call = name.rpartition("#")
    if mark and path in paths and call.isdecimal() and int(call) > 0:
        return path, int(call)
    raise unknown_layer(name, paths)


def unknown_layer(name: object, names: Iterable[str], what: str = "layer") -> UnknownLayerError:
    """Build the error for a name that is not among ``names``, offering the nearest; ``what`` is what they name."""
    names = list(names)
    wanted = str(name).lower()
    near = [other for other in names if wanted and (other.lower().endswith(wanted) or wanted in other.lower())]
    near.sort(key=lambda other: (not other.lower().endswith(wanted), len(other)))
    lower = {other.lower(): other for other in reversed(names)}
    near += [lower[match] for match in difflib.get_close_matches(wanted, lower, n=5, cutoff=0.5)]
    offered = list(dict.fromkeys(near))[:5] or names[:5]
    hint = ", ".join(map(repr, offered)) or f"it has no {what}s"
    return UnknownLayerError(f"there is no {what} {name!r}; the nearest of {len(names)} names: {hint}")


class Calls:
    """Reports when chosen modules are called and what they return, on the thread that entered the ``with``.

    Calls on other threads are not reported: the user's cell may be training the same model meanwhile.

    Args:
        modules: the modules to listen to, by path.
        returned: called with path, number of the call (1-based, in order of start), and the output that the module's
            caller will get: the user's own hooks have run. What it returns, unless None, takes the output's place.
        started: called with path and number when a call starts.

    Attributes:
        counts: how many calls of each path have started.
    """

    def __init__(
        self,
        modules: Mapping[str, nn.Module],
        returned: Callable[[str, int, Any], Any],
        started: Callable[[str, int], None] | None = None,
    ) -> None:
        self._modules = dict(modules)
        self._returned = returned
        self._started = started
        self._handles: list[RemovableHandle] = []
        self._open: dict[str, list[int]] = {path: [] for path in self._modules}
        self._thread = 0
        self.counts = dict.fromkeys(self._modules, 0)

    def __enter__(self) -> Self:
        self._thread = threading.get_ident()
        try:
            for path, module in self._modules.items():
                self._listen(path, module)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for handle in self._handles:
            handle.remove()
        self._handles.clear()

    def _listen(self, path: str, module: nn.Module) -> None:
        def before(_module: nn.Module, _args: Any) -> None:
            if threading.get_ident() != self._thread:
                return
            self.counts[path] += 1
            self._open[path].append(self.counts[path])
            if self._started is not None:
                self._started(path, self.counts[path])

        def after(_module: nn.Module, _args: Any, output: Any) -> Any:
            if threading.get_ident() == self._thread and self._open[path]:
                return self._returned(path, self._open[path].pop(), output)
            return None

        if isinstance(module, torch.jit.ScriptModule):
            # A ScriptModule forbids register_forward_hook, but one that Python code calls does run its hooks.
            for hooks, hook in ((module._forward_pre_hooks, before), (module._forward_hooks, after)):  # noqa: SLF001 - see above
                self._handles.append(_insert(hooks, hook))
        else:
            self._handles.append(module.register_forward_pre_hook(before))
            self._handles.append(module.register_forward_hook(after))


def is_ours(hook: object) -> bool:
    """Tell a hook of ``Calls``, which belongs to whoever entered that, and to no copy of the module."""
    return getattr(hook, "__module__", None) == __name__


def _insert(hooks: Any, hook: Callable[..., Any]) -> RemovableHandle:
    handle = RemovableHandle(hooks)
    hooks[handle.id] = hook
    return handle
