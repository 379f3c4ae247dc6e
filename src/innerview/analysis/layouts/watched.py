"""Watching a library call that cannot be cut into steps: it runs on a thread, and a generator looks at it.

The call reports each iteration. The report stops it when the result is not wanted any more, and makes it wait while it
is not looked at. Neither changes a number: the iterations are the same ones in the same order.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

_LOOK = 0.03  # seconds the generator waits for a new picture before it yields None
_BETWEEN_PICTURES = 0.1  # seconds
_UNWATCHED = 0.5  # seconds without a look after which the call waits


class Picture(NamedTuple):
    """The points, float32 ``[N, d]``, after some iterations of a computation, which does not touch them again."""

    points: np.ndarray
    iteration: int
    iterations: int


class Stopped(Exception):  # noqa: N818 - not an error: the result is not wanted any more
    """Raised in the watched call when its generator was closed."""


class Watch:
    """The state shared by the call, which will make so many iterations in all, and its generator."""

    def __init__(self, iterations: int) -> None:
        self._iterations = iterations
        self._changed = threading.Condition()
        self._picture: Picture | None = None
        self._drawn = float("-inf")
        self._looked = time.monotonic()
        self._looking = False
        self._closed = False
        self._over = False
        self._result: Any = None
        self._error: BaseException | None = None

    def report(self, points: np.ndarray, iteration: int) -> None:
        """Take the points ``[N, d]``, copied if a picture is due, after so many iterations of the computation.

        Raises:
            Stopped: the generator was closed.
        """
        with self._changed:
            now = time.monotonic()
            if now - self._drawn >= _BETWEEN_PICTURES and not self._closed:
                self._drawn = now
                self._picture = Picture(np.array(points, dtype=np.float32, order="C"), iteration, self._iterations)
                self._changed.notify_all()
        self.check()

    def check(self) -> None:
        """Stop or wait, if the generator wants that; called by the computation wherever it can.

        Raises:
            Stopped: the generator was closed.
        """
        with self._changed:
            while not (self._closed or self._looking) and time.monotonic() - self._looked > _UNWATCHED:
                self._changed.wait()
            if self._closed:
                raise Stopped

    def run(self, work: Callable[[Watch], np.ndarray]) -> None:
        """Run the computation: the body of the thread."""
        try:
            self._result = work(self)
        except BaseException as error:  # noqa: BLE001 - raised again where the generator is advanced
            self._error = error
        with self._changed:
            self._over = True
            self._changed.notify_all()

    def look(self) -> Picture | None:
        """Wait a moment for a picture that has not been seen, and return it, else None."""
        with self._changed:
            self._looking = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._picture is not None or self._over, _LOOK)
            self._looking = False
            self._looked = time.monotonic()
            picture, self._picture = self._picture, None
            return picture

    @property
    def over(self) -> bool:
        """True once the computation has ended, well or not."""
        with self._changed:
            return self._over

    def result(self) -> np.ndarray:
        """Return what the computation returned, or raise what it raised."""
        if self._error is not None:
            raise self._error
        return self._result

    def close(self) -> None:
        """Stop the computation at its next report or check."""
        with self._changed:
            self._closed = True
            self._picture = None
            self._changed.notify_all()


def watched(work: Callable[[Watch], np.ndarray], iterations: int) -> Generator[Picture | None, None, np.ndarray]:
    """Run a computation on a thread and watch it; an exception that it raises is raised here.

    The thread starts with the first step. Between two steps of the generator the computation goes on for half a second
    and then waits, so a consumer that pauses pauses it. Closing the generator stops it at its next report and waits
    for that. ``work`` is given the Watch, reports its iterations there and returns the points ``[N, d]``.

    Yields:
        A Picture when there is a newer one, at most about ten a second; None after waiting 30 ms for one.
    """
    watch = Watch(iterations)
    thread = threading.Thread(target=watch.run, args=(work,), name="innerview embedding", daemon=True)
    thread.start()
    try:
        while not watch.over:
            yield watch.look()
    finally:
        watch.close()
        # The garbage collector may run on any thread, and close a generator on the one that computes for it.
        if thread is not threading.current_thread():
            thread.join()
    return watch.result()
