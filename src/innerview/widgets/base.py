"""What every view of an Inspector shares: it follows the inspector's selection, and its work runs as jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from traitlets import Bool

from innerview.arguments import refuse_unknown_to
from innerview.jobs.worker import URGENT, Job
from innerview.session.inspector import Inspector
from innerview.widgets.frame_widget import FrameWidget

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from innerview.widgets.frame_widget import Frame

_QUICK = 0.02  # seconds that a click is waited for, at most


class View(FrameWidget):
    """A view of an Inspector.

    A subclass names its built module in ``_esm``, observes the inspector with ``watch``, and answers each want by a
    method ``want_<key>(value)``.

    Args:
        inspector: whose selection the view shows and changes.

    Raises:
        TypeError: the argument is no Inspector, or a keyword is misspelt.
    """

    # Whether somebody can see the view; one that is dear to compute waits until it is.
    active = Bool(default_value=True)

    inspector: Inspector | None = None

    def __init__(self, inspector: Inspector, **kwargs: Any) -> None:
        if not isinstance(inspector, Inspector):
            raise TypeError(
                f"{type(self).__name__} shows an innerview.Inspector; got {type(inspector).__name__}. "
                f"Write {type(self).__name__}(iv.Inspector(model, data))"
            )
        refuse_unknown_to(self, kwargs, ("layout", "active"))
        self.inspector = inspector
        self._watched: list[tuple[Callable[..., None], list[str]]] = []
        self._missed: dict[Callable[..., None], Any] = {}
        super().__init__(**kwargs)
        self.observe(lambda change: self.activated() if change["new"] else None, "active")
        self.observe(lambda change: self._catch_up() if change["new"] else None, "shown")

    def watch(self, handler: Callable[..., None], *names: str) -> None:
        """Call ``handler(change)`` when the inspector's traits of these names change, until the view is closed.

        What changes while the view is open nowhere is told, the last of it, once it is open again.
        """

        def heard(change: Any) -> None:
            if self.shown:
                handler(change)
            else:
                self._missed[handler] = change

        if self.inspector is not None:
            self.inspector.observe(heard, list(names))
            self._watched.append((heard, list(names)))

    def run(
        self,
        scope: str,
        label: str,
        work: Callable[[Job], Generator[Frame | None, None, None]],
        *,
        priority: int = URGENT,
    ) -> None:
        """Compute frames on the worker thread and send each as it comes; the newest request of a scope wins.

        ``work`` yields None where it has nothing to show yet but others may have their turn.
        """
        if self.inspector is None:
            return

        def deliver(frame: Frame | None) -> None:
            self.clear_error(scope)
            if frame is not None:
                self.push(*frame)

        self.inspector.jobs.submit(
            (id(self), scope), label, work, deliver=deliver, fail=lambda e: self.show_error(scope, e), priority=priority
        )

    def cancel(self, scope: str) -> None:
        """Stop the work of a scope."""
        if self.inspector is not None:
            for job in self.inspector.jobs.active():
                if job.key == (id(self), scope):
                    self.inspector.jobs.cancel(job.id)

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
            for job in inspector.jobs.active():
                if isinstance(job.key, tuple) and job.key[0] == id(self):
                    inspector.jobs.cancel(job.id)
            self._watched.clear()
            self._missed.clear()
        super().close()
