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
_SHARE = 0.5  # of the budget, for all listeners together


class Listeners:
    """Calls at most ten times a second, and less often when the budget does not allow it.

    Args:
        budget: what recording and showing may cost.
    """

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._purse = Purse(budget, _SHARE)
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
        if self._callbacks and time.perf_counter() - self._last >= _INTERVAL and self._purse.allows():
            self.call()

    def call(self) -> None:
        """Call them. An error of theirs is logged; the training goes on."""
        with self._budget.spending(self._purse):
            for callback in list(self._callbacks):
                try:
                    callback()
                except Exception:  # noqa: BLE001, PERF203 - each is tried, whatever the last one did
                    _log.exception("a listener of the training monitor failed")
        self._purse.done()
        self._last = time.perf_counter()
