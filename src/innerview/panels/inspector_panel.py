"""The base of every panel that shows an Inspector: it follows the inspector's selection, and its work runs as jobs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from traitlets import Bool

from innerview.arguments import refuse_unknown_to
from innerview.errors import InnerviewError
from innerview.jobs.worker import URGENT, Job
from innerview.panels.panel import Panel
from innerview.session.inspector import Inspector

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from innerview.panels.panel import Frame

_QUICK = 0.02  # seconds that a click is waited for, at most
_PATIENCE = 0.3  # seconds after which work is told of
_EVERY = 0.2  # seconds between two words of one piece of work


def require_inspector(view: object, inspector: object) -> None:
    """Raise TypeError, with what to write, for a view that is given something other than an Inspector."""
    if not isinstance(inspector, Inspector):
        name = type(view).__name__
        raise TypeError(
            f"{name} shows an innerview.Inspector; got {type(inspector).__name__}. "
            f"Write {name}(iv.Inspector(model, data))"
        )


def jobs_of(inspector: Inspector, view: object, scope: str = "") -> list[Job]:
    """The jobs of a view that are not over: those whose scope begins with these letters."""
    jobs = inspector.jobs.active()
    return [j for j in jobs if isinstance(j.key, tuple) and j.key[0] == id(view) and j.key[1].startswith(scope)]


def cancel_jobs(inspector: Inspector, view: object, scope: str = "") -> None:
    """Cancel the jobs of ``jobs_of``."""
    for job in jobs_of(inspector, view, scope):
        inspector.jobs.cancel(job.id)


class InspectorPanel(Panel):
    """A panel that shows an Inspector: a subclass observes it with ``watch``, and computes frames with ``run``.

    The wants that change the selection are answered here.

    Args:
        inspector: whose selection the panel shows and changes.

    Raises:
        TypeError: the argument is not an Inspector, or a keyword is misspelt.
    """

    # Whether somebody can see the view; one that is dear to compute waits until it is.
    active = Bool(default_value=True)

    inspector: Inspector | None = None

    def __init__(self, inspector: Inspector, **kwargs: Any) -> None:
        require_inspector(self, inspector)
        refuse_unknown_to(self, kwargs, ("active",))
        self.inspector = inspector
        self._watched: list[tuple[Callable[..., None], list[str]]] = []
        self._missed: dict[Callable[..., None], Any] = {}
        super().__init__(**kwargs)
        self.observe(lambda change: self.activated() if change["new"] and self.inspector else None, "active")
        self.observe(lambda change: self._catch_up() if change["new"] else None, "shown")

    @property
    def _inspector(self) -> Inspector:
        """The inspector, in methods that are only called while the view is open.

        Raises:
            InnerviewError: after ``close()``.
        """
        inspector = self.inspector
        if inspector is None:
            raise InnerviewError(f"this {type(self).__name__} is closed; make a new one")
        return inspector

    def want_layer(self, layer: str) -> None:
        """A layer was chosen."""
        self._inspector.layer = layer

    def want_sample(self, sample: int) -> None:
        """A sample was chosen."""
        self._inspector.sample = int(sample)

    def want_channel(self, channel: int | None) -> None:
        """A channel was chosen, or the chosen one given up."""
        self._inspector.channel = channel

    def watch(self, handler: Callable[..., None], *names: str) -> None:
        """Call ``handler(change)`` when the inspector's traits of these names change, until the view is closed.

        Of the changes while the view is open nowhere, the handler is told the last one once it is open again.
        """

        def heard(change: Any) -> None:
            if self.inspector is None:
                return  # closed on another thread just now
            if self.shown:
                handler(change)
            else:
                self._missed[handler] = change

        self._inspector.observe(heard, list(names))
        self._watched.append((heard, list(names)))

    def follow(self, frame: Callable[[Inspector], Frame], *names: str) -> None:
        """Send ``frame(inspector)`` now, and whenever the inspector's traits of these names change."""

        def send(_: object) -> None:
            self.push(*frame(self._inspector))

        self.watch(send, *names)
        send(None)

    def run(
        self,
        scope: str,
        label: str,
        work: Callable[[Inspector, Job], Generator[Frame | None, None, None]],
        *,
        priority: int = URGENT,
    ) -> None:
        """Compute frames on the worker thread and send each as it comes; the newest request of a scope wins.

        ``work(inspector, job)`` yields None where it has nothing to show yet but others may have their turn. Where it
        takes longer than a moment, the view is told how far it is. A view that is closed runs nothing.
        """
        inspector = self.inspector
        if inspector is None:
            return

        def deliver(frame: Frame | None) -> None:
            self.clear_error(scope)
            if frame is not None:
                self.push(*frame)

        def fail(error: BaseException) -> None:
            if self.inspector is not None:  # else the work has met a view that was just closed
                self.show_error(scope, error)

        key = (id(self), scope)
        inspector.jobs.submit(
            key,
            label,
            lambda job: self._telling(scope, job, work(inspector, job)),
            deliver=deliver,
            fail=fail,
            priority=priority,
        )

    def _telling(
        self, scope: str, job: Job, steps: Generator[Frame | None, None, None]
    ) -> Generator[Frame | None, None, None]:
        """Pass the steps of a job on, with a word on how far it is where that takes longer than a moment."""
        told: float | None = None
        try:
            for step in steps:
                yield step
                now = time.monotonic()
                if not job.cancelled and now - job.submitted > _PATIENCE and (told is None or now - told > _EVERY):
                    told = now
                    self.progress(scope, job.label, job.fraction)
        finally:
            # However it ends: it may also be cancelled, here or in the status bar.
            steps.close()
            if told is not None:
                self.progress(scope, "", None, over=True)

    def want_stop(self, scope: str) -> None:
        """Stop the work of the scopes that begin with these letters; what there is so far stays."""
        self.cancel(scope)
        self.end_progress(scope)  # the step under way may still take its time

    def working(self, scope: str) -> bool:
        """Tell whether a job of this scope is waiting or running."""
        return self.inspector is not None and bool(jobs_of(self.inspector, self, scope))

    def cancel(self, scope: str) -> None:
        """Stop the work of a scope."""
        if self.inspector is not None:
            cancel_jobs(self.inspector, self, scope)

    def activated(self) -> None:
        """Catch up, after ``active`` became true; a view that is always up to date does nothing."""

    def _catch_up(self) -> None:
        missed, self._missed = self._missed, {}
        for handler, change in missed.items():
            handler(change)

    def answered(self) -> None:
        """Wait a moment for the work that a click has begun."""
        if self.inspector is not None:
            # The kernel says "idle" when this returns, and the page then spends milliseconds on its indicators: let
            # quick tiles overtake that word. It also keeps the browser from asking faster than it is answered.
            self.inspector.jobs.answered(_QUICK)

    def close(self) -> None:
        """Close the view and let go of the inspector; the inspector itself stays open."""
        inspector, self.inspector = self.inspector, None
        if inspector is not None:
            for handler, names in self._watched:
                inspector.unobserve(handler, names)
            cancel_jobs(inspector, self)
            self._watched.clear()
            self._missed.clear()
        super().close()
