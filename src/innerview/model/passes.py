"""The passes of a model: the user's calls of it, seen without a hook, so that nothing made from the model holds one."""

from __future__ import annotations

import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch.jit import _recursive

from innerview.model.switch import Switch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch import nn

    # Called with args and kwargs when a pass begins; what it returns, unless None, when that pass has ended in any way.
    Begin = Callable[[tuple[Any, ...], dict[str, Any]], "Callable[[], object] | None"]

# Where each of torch's ways to trace a model calls it.
_TRACERS = {"torch.jit._trace", "torch.fx._symbolic_trace", "torch.fx.experimental.proxy_tensor"}
_PLACE = "_compiled_call_impl"
_mine = threading.local()  # how many looks this thread is making


@contextmanager
def looking() -> Iterator[None]:
    """Take no call that this thread makes in the body for a pass: it is a look of ours."""
    before = getattr(_mine, "looks", 0)
    _mine.looks = before + 1
    try:
        yield
    finally:
        _mine.looks = before


@contextmanager
def watching(model: nn.Module, begin: Begin) -> Iterator[None]:
    """Have a function called when a pass of the model begins on this thread, for the length of a ``with``.

    No pass is a look of ours, a call on another thread or by the model itself, or one that compiles, traces or exports
    the model. The model is one that is not compiled.
    """
    held = vars(model).get(_PLACE)
    passes = held if isinstance(held, Passes) else Passes(model)
    setattr(model, _PLACE, passes)
    passes.listeners.append(begin)
    try:
        with _UNSCRIPTED.held():
            yield
    finally:
        passes.listeners.remove(begin)
        if not passes.listeners and vars(model).get(_PLACE) is passes:
            delattr(model, _PLACE)


class Passes:
    """Calls a module, and tells who listens when such a call begins and ends.

    It stands where ``module.compile()`` puts the compiled call. ``nn.Module`` leaves that out of every copy and file,
    and what traces, scripts or exports a module looks for hooks, but not there. Unlike a hook that is always called, it
    learns of a forward that a BaseException ends.
    """

    def __init__(self, module: nn.Module) -> None:
        self.listeners: list[Begin] = []
        self._module = module
        self._thread = threading.get_ident()
        self._inside = False

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the module."""
        if torch.compiler.is_compiling():
            return self._module._call_impl(*args, **kwargs)  # noqa: SLF001 - what a compiled call stands for
        # Replicas that nn.DataParallel runs, and some copies, share the attributes of their module, this one too.
        module = sys._getframe(1).f_locals["self"]  # noqa: SLF001 - the module called
        seen = module is self._module and threading.get_ident() == self._thread and not self._inside
        if not seen or getattr(_mine, "looks", 0) or _is_traced():
            return module._call_impl(*args, **kwargs)  # noqa: SLF001 - as above
        self._inside = True
        ends: list[Callable[[], object]] = []
        try:
            for begin in list(self.listeners):
                end = begin(args, kwargs)
                if end is not None:
                    ends.append(end)
            return self._module._call_impl(*args, **kwargs)  # noqa: SLF001 - as above
        finally:
            self._inside = False
            for end in ends:
                end()

    def __reduce__(self) -> tuple[Any, ...]:
        # A module with a __getstate__ of its own may not leave it out: then a copy holds None, as if there were none.
        return type(None), ()


def _is_traced() -> bool:
    """Tell whether a call is made by what turns a model into code, which may also run it to check that code."""
    frame = sys._getframe(2)  # noqa: SLF001 - has no public name
    while frame is not None:
        if frame.f_globals.get("__name__") in _TRACERS:
            return True
        frame = frame.f_back
    return False


def _leave_out_of_scripts() -> Callable[[], None]:
    # torch.jit.script refuses a module with an attribute there that it cannot understand.
    _recursive.ignored_attributes.append(_PLACE)
    return lambda: _recursive.ignored_attributes.remove(_PLACE)


_UNSCRIPTED = Switch(_leave_out_of_scripts)
