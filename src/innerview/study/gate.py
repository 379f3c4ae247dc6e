"""The gate that the user's code passes when it is run for a look: one thread at a time, and without a trace."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from innerview.model import randomness

if TYPE_CHECKING:
    from collections.abc import Iterator

_SOMEWHERE = 0  # no thread has this number


class Gate:
    """Owns the lock of a model and its data, and knows whether a notebook cell is running, and on which thread."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._thread: int | None = None

    @property
    def elsewhere(self) -> bool:
        """True while a cell runs on another thread than the caller's: it may be training the model."""
        return self._thread is not None and self._thread != threading.get_ident()

    @property
    def busy(self) -> bool:
        """True while a cell runs, on whichever thread."""
        return self._thread is not None

    def begins(self, *, here: bool = True) -> None:
        """Note that a cell runs from now on, here or on an unknown thread; waits for whoever is inside."""
        with self._lock:
            self._thread = threading.get_ident() if here else _SOMEWHERE

    def ended(self) -> None:
        """Note that the cell has ended."""
        self._thread = None

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep others out, and a cell that is not running yet from beginning."""
        with self._lock:
            yield

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Run the user's code that reads data, without advancing the user's random numbers."""
        with self._lock, randomness.apart() if self.elsewhere else randomness.kept():
            yield

    @contextmanager
    def running(self) -> Iterator[bool]:
        """Run a model; yields whether no other thread draws random numbers or compiles meanwhile."""
        with self._lock:
            if self.elsewhere:
                with randomness.apart():
                    yield False
            else:
                yield True
