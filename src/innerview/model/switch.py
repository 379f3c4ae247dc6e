"""Process-wide settings that are held for a while."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Switch:
    """A process-wide setting, held while at least one thread needs it; ``turn`` makes it and returns what undoes it."""

    def __init__(self, turn: Callable[[], Callable[[], None]]) -> None:
        self._turn = turn
        self._lock = threading.Lock()
        self._holders = 0
        self._turn_back: Callable[[], None] | None = None

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the setting for the length of a ``with``."""
        with self._lock:
            if self._holders == 0:
                self._turn_back = self._turn()
            self._holders += 1
        try:
            yield
        finally:
            with self._lock:
                self._holders -= 1
                if self._holders == 0 and self._turn_back is not None:
                    self._turn_back()
