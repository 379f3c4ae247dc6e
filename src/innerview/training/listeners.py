"""Functions that are called now and then from the training thread, to show what was recorded."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from innerview.training.budget import Share
    from innerview.training.guard import Guard

_INTERVAL = 0.1  # seconds at least between two calls


class Listeners:
    """Calls functions at most ten times a second, and less often when their share of the budget does not allow it.

    Without a share they do not wait for it: their cost is counted all the same, and recording rests for it.
    """

    def __init__(self, guard: Guard, share: Share | None) -> None:
        self._guard = guard
        self._share = share
        self._callbacks: list[Callable[[], object]] = []
        self._last = -_INTERVAL

    def add(self, callback: Callable[[], object]) -> None:
        """Call it from now on."""
        self._callbacks.append(callback)

    def remove(self, callback: Callable[[], object]) -> None:
        """Stop calling it; nothing happens if it is not called anyway."""
        if callback in self._callbacks:
            self._callbacks.remove(callback)

    def offer(self) -> None:
        """Call them if it is time."""
        due = self._callbacks and time.perf_counter() - self._last >= _INTERVAL
        if due and (self._share is None or self._share.allows()):
            self.call()

    def call(self) -> None:
        """Call them now."""
        for callback in list(self._callbacks):
            with self._guard(self._share, "a listener of the monitor failed"):
                callback()
        if self._share is not None:
            self._share.done()
        self._last = time.perf_counter()
