"""One worker thread for everything that may take longer than a moment.

A job is a generator: each value it yields is a partial result, delivered at once, and between two values the job can be
cancelled or step aside for a more urgent one. Under one key the newest job wins.
"""

from __future__ import annotations

import logging
import threading
import time
from itertools import count
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Hashable, Iterator

URGENT, SOON, BACKGROUND = range(3)
_STEP_SECONDS = 0.05
_LARGEST_STEP = 256  # items
_GIVE_WAY = 0.0003  # seconds
_LINGER = 30.0  # seconds; a thread that is kept reuses its OpenMP team, which costs milliseconds to build

_log = logging.getLogger("innerview")
_ids = count(1)


class Job:
    """A piece of work under way.

    Attributes:
        id: a number for cancelling it from a view.
        key: what it works for; a newer job with this key replaces it.
        label: what it does, for people.
        fraction: how much is done, 0 to 1; None while unknown. The generator sets it.
        cancelled: true once it will deliver nothing more.
        held: true while it is not to be gone on with.
        delivered: true once it has delivered its first result.
        submitted: when it was asked for, in ``time.monotonic()`` seconds.
    """

    def __init__(self, key: Hashable, label: str, priority: int) -> None:
        self.id = next(_ids)
        self.key = key
        self.label = label
        self.priority = priority
        self.fraction: float | None = None
        self.cancelled = False
        self.held = False
        self.delivered = False
        self.submitted = time.monotonic()
        self.turn = 0
        self.steps: Generator[Any, None, None] | None = None
        self.deliver: Callable[[Any], None] = lambda _: None
        self.fail: Callable[[BaseException], None] = lambda _: None


class Jobs:
    """Runs jobs one step at a time on one thread, the most urgent first, equals in turn.

    The thread starts with the first job and ends by itself when there has been no work for a while.
    """

    def __init__(self) -> None:
        self._waiting = threading.Condition()
        self._jobs: list[Job] = []
        self._left: list[Job] = []  # cancelled; their generators are still to be closed
        self._thread: threading.Thread | None = None
        self._turns = count()
        self._closed = False
        self._listeners: list[Callable[[], None]] = []

    def submit(
        self,
        key: Hashable,
        label: str,
        work: Callable[[Job], Generator[Any, None, None]],
        *,
        deliver: Callable[[Any], None] = lambda _: None,
        fail: Callable[[BaseException], None] = lambda _: None,
        priority: int = URGENT,
    ) -> Job:
        """Queue a job; an unfinished one with the same key is cancelled.

        ``work`` is a generator function; it is given the Job, whose ``fraction`` it may set. On the worker thread
        ``deliver`` is called with each value that it yields, and ``fail`` with the exception that ended it, or that
        ``deliver`` raised. The priority is URGENT, SOON or BACKGROUND; the label says what the job does, for people.

        Returns:
            The Job; one that is already cancelled when this runner is closed.
        """
        job = Job(key, label, priority)
        job.deliver, job.fail = deliver, fail
        job.steps = work(job)
        with self._waiting:
            self._drop(lambda other: other.key == key)
            if self._closed:
                job.cancelled = True
                return job
            job.turn = next(self._turns)
            self._jobs.append(job)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="innerview", daemon=True)
                self._thread.start()
            self._waiting.notify_all()
        self._tell()
        return job

    def cancel(self, job_id: int) -> None:
        """Cancel the job of this id; nothing happens when it is already over."""
        with self._waiting:
            self._drop(lambda job: job.id == job_id)
            self._waiting.notify_all()
        self._tell()

    def hold(self, job_id: int, *, held: bool) -> None:
        """Let a job stand still, or go on with it; meanwhile it costs nothing."""
        with self._waiting:
            for job in self._jobs:
                if job.id == job_id:
                    job.held = held
            self._waiting.notify_all()
        self._tell()

    def active(self) -> list[Job]:
        """The jobs that are waiting or running."""
        with self._waiting:
            return list(self._jobs)

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` after a job starts, ends or makes progress; from whichever thread that happens on."""
        self._listeners.append(listener)

    def off_change(self, listener: Callable[[], None]) -> None:
        """Forget a listener; nothing happens when it is not known."""
        if listener in self._listeners:
            self._listeners.remove(listener)

    def join(self, timeout: float | None = None) -> bool:
        """Wait until no job is left; false when ``timeout`` seconds passed first."""
        with self._waiting:
            return self._waiting.wait_for(lambda: not self._jobs, timeout)

    def answered(self, timeout: float) -> bool:
        """Wait until every urgent job has delivered something or is over; false after ``timeout`` seconds."""
        with self._waiting:
            return self._waiting.wait_for(
                lambda: all(job.delivered or job.priority != URGENT for job in self._jobs), timeout
            )

    def close(self) -> None:
        """Cancel everything and wait for the running step to end, unless called from a job itself."""
        with self._waiting:
            self._closed = True
            self._drop(lambda _: True)
            self._listeners.clear()
            self._waiting.notify_all()
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def _drop(self, chosen: Callable[[Job], bool]) -> None:
        for job in [job for job in self._jobs if chosen(job)]:
            job.cancelled = True
            self._jobs.remove(job)
            self._left.append(job)

    def _run(self) -> None:
        while True:
            with self._waiting:
                # A job that is held keeps the thread: its generator belongs to it.
                while not (ready := [job for job in self._jobs if not job.held]) and not self._stirred():
                    if not self._waiting.wait_for(self._stirred, _LINGER) and not self._jobs:
                        break
                left, self._left = self._left, []
                if not ready and not left:
                    self._thread = None
                    return
                job = min(ready, key=lambda waiting: (waiting.priority, waiting.turn), default=None)
                if job is not None:
                    job.turn = next(self._turns)
            self._end(*left)
            if job is not None:
                self._step(job)
            # The frame just delivered is sent by another thread (ipykernel's IOPub), which needs the interpreter lock;
            # the next step would hold it for up to 5 ms (sys.getswitchinterval) before that thread got its turn.
            time.sleep(_GIVE_WAY)
            # Without this the loop variable would keep the last job, and all that its work refers to, alive.
            del job, ready, left

    def _stirred(self) -> bool:
        return self._closed or bool(self._left) or any(not job.held for job in self._jobs)

    def _step(self, job: Job) -> None:
        steps = job.steps
        if steps is None:
            return
        over = True
        try:
            for partial in steps:
                over = False
                if not job.cancelled:
                    job.deliver(partial)
                    with self._waiting:
                        job.delivered = True
                        self._waiting.notify_all()
                break
        except BaseException as error:  # noqa: BLE001 - a model may raise even SystemExit: the thread must live on
            over = True
            if not job.cancelled:
                _log.debug("job %r failed", job.label, exc_info=error)
                self._report(job, error)
        if over or job.cancelled:
            self._end(job)
            with self._waiting:
                if job in self._jobs:
                    self._jobs.remove(job)
                self._waiting.notify_all()
        self._tell()

    def _end(self, *jobs: Job) -> None:
        """Close their generators, on the thread that ran them: what they have to do at their end is done now."""
        for job in jobs:
            steps, job.steps = job.steps, None
            try:
                if steps is not None:
                    steps.close()
            except BaseException:  # noqa: BLE001 - nor may a failing clean-up end the worker thread
                _log.exception("job %r could not be ended cleanly", job.label)

    def _report(self, job: Job, error: BaseException) -> None:
        try:
            job.fail(error)
        except Exception:  # noqa: BLE001 - a failing report must not end the worker thread
            _log.exception("the failure of job %r could not be shown", job.label)

    def _tell(self) -> None:
        for listener in list(self._listeners):
            try:
                listener()
            except Exception:  # noqa: BLE001, PERF203 - a failing listener must not end the worker thread
                _log.exception("the jobs could not be shown")


def steps(total: int, job: Job | None = None, *, start: int = 0) -> Iterator[range]:
    """Cut a long loop over ``total`` items into steps of about 50 ms, so that a click gets its turn in between.

    The caller works on the items of each step before it asks for the next. The job is told the fraction done.
    """
    size = 1
    while start < total:
        part = range(start, min(start + size, total))
        begun = time.perf_counter()
        yield part
        taken = time.perf_counter() - begun
        start = part.stop
        size = max(1, min(_LARGEST_STEP, int(size * min(4.0, _STEP_SECONDS / max(taken, 1e-6)))))
        if job is not None:
            job.fraction = start / total
