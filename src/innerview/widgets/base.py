"""What every view shares: wants come in, frames go out, errors are shown in the view, close() lets go of everything."""

from __future__ import annotations

import logging
import threading
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
from traitlets import Bool, Dict

from innerview import wire
from innerview.inspector import Inspector
from innerview.jobs import URGENT, Job

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    import numpy as np

    Frame = tuple[dict[str, Any], Mapping[str, np.ndarray]]

_log = logging.getLogger("innerview")
_STATIC = Path(__file__).parents[1] / "static"
_QUICK = 0.02  # seconds that a click is waited for, at most
NO_ARRAYS: Mapping[str, np.ndarray] = {}


def static(name: str) -> str:
    """The text of a built file of the front end.

    Its text, not its path: given a path, anywidget 0.11 watches the file and keeps every widget alive for it.

    Raises:
        ImportError: the front end was not built.
    """
    try:
        return (_STATIC / name).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ImportError(
            f"innerview's front end is not built ({name} is missing): run `make setup`, "
            "or `npm ci && npm run build` in js/"
        ) from error


class View(anywidget.AnyWidget):
    """A view of an Inspector.

    A subclass names its built module in ``_esm``, observes the inspector with ``watch``, and answers each want by a
    method ``want_<key>(value)``.

    Args:
        inspector: whose selection the view shows and changes.

    Raises:
        TypeError: the argument is no Inspector, or a keyword is misspelt.
    """

    _css = static("style.css")

    # Browser to kernel: {key: {"value": ..., "at": stamp}}. Echoing it back would double the messages of every click.
    want = Dict().tag(sync=True, echo_update=False)

    # Whether somebody can see the view; one that is dear to compute waits until it is.
    active = Bool(default_value=True)

    inspector: Inspector | None = None

    def __init__(self, inspector: Inspector, **kwargs: Any) -> None:
        if not isinstance(inspector, Inspector):
            raise TypeError(
                f"{type(self).__name__} shows an innerview.Inspector; got {type(inspector).__name__}. "
                f"Write {type(self).__name__}(iv.Inspector(model, data))"
            )
        unknown = [name for name in kwargs if not self.has_trait(name)]
        if unknown:
            raise TypeError(f"{type(self).__name__} takes no argument {unknown[0]!r}; it takes inspector and layout")
        self.inspector = inspector
        self._watched: list[tuple[Callable[..., None], list[str]]] = []
        self._answered: dict[str, str] = {}
        self._kept: dict[str, bytearray] = {}
        self._sending = threading.Lock()
        super().__init__(**kwargs)
        if self.comm is not None:
            # ipykernel 7.4 routes what the browser sends to the loop that sent the comm's last message
            # (`BaseComm._reply_subshell_for`). For a frame sent while a cell runs that is the busy main loop: clicks
            # would wait for the end of the cell. Without it they go where the browser addressed them: to its subshell.
            setattr(self.comm, "_reply_subshell_for", None)  # noqa: B010 - there is no public switch
        self.on_msg(self._receive)
        self.observe(self._wanted, "want")
        self.observe(lambda change: self.activated() if change["new"] else None, "active")

    def watch(self, handler: Callable[..., None], *names: str) -> None:
        """Call ``handler(change)`` when the inspector's traits of these names change, until the view is closed."""
        if self.inspector is not None:
            self.inspector.observe(handler, list(names))
            self._watched.append((handler, list(names)))

    def push(self, header: dict[str, Any], arrays: Mapping[str, np.ndarray] = NO_ARRAYS) -> None:
        """Send a frame to every place where this view is open, and keep it for those that open later."""
        frame = wire.encode(header, arrays)
        kind, scope = header["kind"], header.get("scope")
        key = kind if scope is None else f"{kind}:{scope}"
        with self._sending:
            self._kept.pop(key, None)
            if not header.get("over"):
                self._kept[key] = frame
            self.send({"type": "frame"}, buffers=[memoryview(frame)])

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
            self._clear_error(scope)
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

    def progress(self, scope: str, label: str, fraction: float | None, *, over: bool = False) -> None:
        """Tell how far the work of a scope has come, where it takes longer than a moment."""
        self.push({"kind": "busy", "scope": scope, "label": label, "fraction": fraction, "over": over})

    def activated(self) -> None:
        """Catch up, after ``active`` became true; a view that is always up to date does nothing."""

    def show_error(self, scope: str, error: BaseException) -> None:
        """Show an error in the view, with its traceback folded, and log it."""
        _log.warning("%s: %s", type(self).__name__, error)
        detail = "".join(traceback.format_exception(error))
        self.push({"kind": "error", "scope": scope, "message": str(error) or type(error).__name__, "detail": detail})

    def upload(self, header: dict[str, Any], arrays: Mapping[str, np.ndarray]) -> None:
        """Take arrays from the browser, such as the bytes of a dropped file; a view that expects none ignores them."""

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
            self._kept.clear()
        super().close()

    def _clear_error(self, scope: str) -> None:
        if f"error:{scope}" in self._kept:
            self.push({"kind": "error", "scope": scope, "message": "", "detail": "", "over": True})

    def _wanted(self, change: Any) -> None:
        """Answer the wants that are new; comes on the kernel's main thread or, since ipykernel 7, on a subshell's."""
        for key, asked in change["new"].items():
            if self.inspector is None or self._answered.get(key) == asked["at"]:
                continue
            self._answered[key] = asked["at"]
            answer = getattr(self, f"want_{key}", None)
            if answer is None:
                _log.warning("%s was asked for %r, which it does not know", type(self).__name__, key)
                continue
            try:
                answer(asked["value"])
            except Exception as error:  # noqa: BLE001 - shown where the user is looking
                self.show_error(key, error)
            else:
                self._clear_error(key)
        if self.inspector is not None:
            # The kernel says "idle" when this returns, and the page then spends milliseconds on its indicators: let
            # quick tiles overtake that word. It also keeps the browser from asking faster than it is answered.
            self.inspector.jobs.answered(_QUICK)

    def _receive(self, _: Any, content: Any, buffers: list[memoryview]) -> None:
        kind = content.get("type") if isinstance(content, dict) else None
        if kind == "ready":
            with self._sending:
                for frame in self._kept.values():
                    self.send({"type": "frame"}, buffers=[memoryview(frame)])
        elif kind == "frame" and buffers and self.inspector is not None:
            try:
                header, arrays = wire.decode(buffers[0])
                self.upload(header, arrays)
            except Exception as error:  # noqa: BLE001 - shown where the user is looking
                self.show_error("upload", error)
            else:
                self._clear_error("upload")
