"""What the monitor does inside the user's loop: its time is counted, and its errors never leave it."""

from __future__ import annotations

import logging
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from innerview.training.budget import Account, Budget, Share

_log = logging.getLogger("innerview")
_MOST_TOLD = 20  # different errors of a run
_INTERVAL = 0.1  # seconds at least between two calls of listeners


class Guard:
    """Wraps everything that the monitor does while the user's loop runs.

    An error inside is kept in words in ``error``, and logged and told the first time; training and recording go on.
    """

    def __init__(self, budget: Budget, tell: Callable[[str, str], None]) -> None:
        self.error = ""
        self._budget = budget
        self._tell = tell
        self._told: set[str] = set()

    @contextmanager
    def __call__(
        self, share: Account | None = None, failed: str = "a part of this step was not recorded"
    ) -> Iterator[None]:
        """Charge what the body takes, to a share as well, and let no error out of it; ``failed`` is what one means."""
        with self._budget.spending(share):
            try:
                yield
            except Exception as error:  # noqa: BLE001 - no statistic is worth a training run
                self.error = f"{failed}: {type(error).__name__}: {error}"
                if self.error not in self._told and len(self._told) < _MOST_TOLD:
                    self._told.add(self.error)
                    self._tell("error", self.error)
                    _log.exception(failed)


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
