"""Functions that are called now and then from the training thread, to show what was recorded."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from innerview.training.budget import Purse

if TYPE_CHECKING:
    from collections.abc import Callable

    from innerview.training.budget import Budget

_log = logging.getLogger(__name__)
_INTERVAL = 0.1  # seconds at least between two calls


class Listeners:
    """Calls at most ten times a second, and less often when the budget does not allow it.

    Args:
        budget: what recording and showing may cost.
        share: of the budget, for all of them together. None when they do not wait for it: their cost is counted all the
            same, and recording rests for it.
    """

    def __init__(self, budget: Budget, share: float | None) -> None:
        self._budget = budget
        self._purse = None if share is None else Purse(budget, share)
        self._callbacks: list[Callable[[], object]] = []
        self._last = -_INTERVAL

    def add(self, callback: Callable[[], object]) -> None:
        """Call it from now on."""
        self._callbacks.append(callback)

    def remove(self, callback: Callable[[], object]) -> None:
        """Call it no more; nothing happens if it is not called anyway."""
        if callback in self._callbacks:
            self._callbacks.remove(callback)

    def offer(self) -> None:
        """Call them if it is time."""
        due = self._callbacks and time.perf_counter() - self._last >= _INTERVAL
        if due and (self._purse is None or self._purse.allows()):
            self.call()

    def call(self) -> None:
        """Call them. An error of theirs is logged; the training goes on."""
        with self._budget.spending(self._purse):
            for callback in list(self._callbacks):
                try:
                    callback()
                except Exception:  # noqa: BLE001, PERF203 - each is tried, whatever the last one did
                    _log.exception("a listener of the training monitor failed")
        if self._purse is not None:
            self._purse.done()
        self._last = time.perf_counter()
