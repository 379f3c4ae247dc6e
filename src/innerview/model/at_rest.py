"""Copies of a model that another thread is training, made between two steps of its optimizer."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, NamedTuple

from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

from innerview.model.state import Fingerprint, snapshot
from innerview.model.switch import Switch

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from torch import nn
    from torch.optim import Optimizer

_NEXT_STEP = 0.25  # seconds that the next step of an optimizer is waited for
_ATTEMPTS = 8  # to find the weights unchanged while they are copied


class AtRest(NamedTuple):
    """A copy of a model, with weights and buffers of its own, and the fingerprint of the model when it was copied.

    ``whole`` tells whether the copy is of one state; else the weights were written whenever it was tried.
    """

    model: nn.Module
    state: int
    whole: bool


class _Wish:
    """A copy that somebody waits for."""

    def __init__(self, model: nn.Module) -> None:
        self.model = model
        self.granted = threading.Event()
        self.made: AtRest | None = None
        self.error: Exception | None = None

    def grant(self) -> None:
        try:
            self.made = AtRest(snapshot(self.model), Fingerprint(self.model)(), whole=True)
        except Exception as error:  # noqa: BLE001 - raised by whoever waits: nothing of ours ends a training
            self.error = error
        self.granted.set()


_lock = threading.Lock()
_wishes: list[_Wish] = []
_stepping: dict[int, int] = {}  # optimizer steps under way, by thread


def _begins(*_: Any) -> None:
    thread = threading.get_ident()
    _stepping[thread] = _stepping.get(thread, 0) + 1


def _ended(optimizer: Optimizer, *_: Any) -> None:
    thread = threading.get_ident()
    left = _stepping.get(thread, 1) - 1  # the hooks may have come in the middle of a step
    if left > 0:
        _stepping[thread] = left
        return
    _stepping.pop(thread, None)
    if not _wishes:
        return
    trained = {id(parameter) for group in optimizer.param_groups for parameter in group["params"]}
    with _lock:
        granted = [wish for wish in _wishes if any(id(p) in trained for p in wish.model.parameters())]
        for wish in granted:
            _wishes.remove(wish)
    for wish in granted:
        wish.grant()


def _watch() -> Callable[[], None]:
    handles = [register_optimizer_step_pre_hook(_begins), register_optimizer_step_post_hook(_ended)]

    def leave() -> None:
        for handle in handles:
            handle.remove()
        _stepping.clear()

    return leave


_WATCHED = Switch(_watch)


def copy_at_rest(model: nn.Module, known: int | None = None) -> AtRest:
    """Copy a model that another thread may be training, with the weights of one step.

    The next step of a torch optimizer over any of its parameters makes the copy, on the thread that trains: there no
    forward and no step is under way. Where none comes in time, the copy is made here, and made again if anything was
    written meanwhile. While ``known``, the model's fingerprint when it was at rest, holds, no step is waited for.

    Raises:
        InnerviewError: the model holds something that cannot be copied.
    """
    state = Fingerprint(model)
    with _WATCHED.held():
        made = _copied(model, state) if known is not None and state() == known else None
        if made is None or not made.whole:
            made = _at_a_step(model) or made
        for attempt in range(_ATTEMPTS):
            if made is not None and made.whole:
                break
            time.sleep(0.01 * attempt)
            made = _copied(model, state)
    assert made is not None  # noqa: S101 - for the type checker: there is at least one attempt
    return made


def _at_a_step(model: nn.Module) -> AtRest | None:
    """A copy made by the next step of an optimizer; None when none came in time."""
    wish = _Wish(model)
    with _lock:
        _wishes.append(wish)
    wish.granted.wait(_NEXT_STEP)
    with _lock:
        taken = wish not in _wishes
        if not taken:
            _wishes.remove(wish)
    if not taken:
        return None
    wish.granted.wait()
    if wish.error is not None:
        raise wish.error
    return wish.made


def _copied(model: nn.Module, state: Fingerprint) -> AtRest:
    before = state()
    copied = snapshot(model)
    return AtRest(copied, before, not _stepping and state() == before)
