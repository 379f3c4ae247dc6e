"""A thread that brings a view up to date while another one trains."""

from __future__ import annotations

import logging
import threading
import time
import weakref
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_log = logging.getLogger("innerview")
_EVERY = 0.3  # seconds between two rounds, at least
_BY_ITSELF = 1.0  # second
_IDLE = 30.0  # seconds; then it is looked whether the view is still there


class Refresher:
    """Calls a method after it was asked to, on a thread of its own, several times a second at most.

    Asking costs microseconds. What was asked for during a round leads to another one, so the last state is always
    shown. ``refresh`` returns whether there should be another round in a second even if nobody asks; what it raises is
    logged. ``rest`` is told how many seconds of a processor a round took, and returns for how many there is none after
    it, unless one is asked for at once. The thread does not keep the object of the two methods alive.
    """

    def __init__(self, refresh: Callable[[], bool], rest: Callable[[float], float]) -> None:
        self._refresh = weakref.WeakMethod(refresh)
        self._rest = weakref.WeakMethod(rest)
        self._due = threading.Event()
        self._hurry = threading.Event()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="innerview-refresher", daemon=True)
        self._thread.start()

    def ask(self, *, at_once: bool = False) -> None:
        """Have another round soon; ``at_once`` for what a person waits for."""
        if at_once:
            self._hurry.set()
        self._due.set()

    def close(self) -> None:
        """End the thread; the round under way is waited for, unless this is called from it."""
        self._closed = True
        self.ask(at_once=True)
        if self._thread is not threading.current_thread():
            self._thread.join()

    def _run(self) -> None:
        again = False
        while not self._closed and self._refresh() is not None:
            if (self._due.wait(_BY_ITSELF if again else _IDLE) or again) and not self._closed:
                self._due.clear()
                self._hurry.clear()
                begun = time.thread_time()
                again = self._round()
                taken, rest = time.thread_time() - begun, self._rest()
                self._hurry.wait(max(_EVERY, 0.0 if rest is None else rest(taken)))

    def _round(self) -> bool:
        refresh = self._refresh()
        try:
            return refresh is not None and refresh()
        except Exception:  # noqa: BLE001 - the thread goes on
            _log.exception("a view of a training run could not be brought up to date")
            return False
