"""Results kept for the next who asks, within a number of bytes."""

from __future__ import annotations

import threading
from typing import Any


class Cache:
    """The newest results, up to a budget of bytes; the least recently used ones go first. Any thread may ask.

    The size of a result is its attribute ``nbytes`` at the time, which may grow; 0 without one.
    """

    def __init__(self, budget: int) -> None:
        self.budget = budget
        self._lock = threading.RLock()
        self._held: dict[object, Any] = {}

    def get(self, key: object) -> Any:
        """The result kept under a key; None if it is gone."""
        with self._lock:
            held = self._held.pop(key, None)
            if held is not None:
                self._held[key] = held
            return held

    def put(self, key: object, made: Any) -> None:
        """Keep a result."""
        with self._lock:
            self._held.pop(key, None)
            self._held[key] = made
            self.trim()

    def trim(self) -> None:
        """Let go of the oldest results after one of them has grown; the newest one stays whatever its size."""
        with self._lock:
            sizes = {key: getattr(made, "nbytes", 0) for key, made in self._held.items()}
            total = sum(sizes.values())
            for key in list(self._held)[:-1]:
                if total <= self.budget:
                    break
                if sizes[key]:
                    total -= sizes[key]
                    del self._held[key]

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._held.clear()
