"""The base of every panel: wants come in, frames go out through an outlet, errors are shown, close() lets go.

A panel is the kernel's side of a view. It knows no widget: its outlet may be a page's comm, or whatever takes frames.
"""

from __future__ import annotations

import logging
import threading
import traceback
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import traitlets

from innerview import wire

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np

    Frame = tuple[dict[str, Any], Mapping[str, np.ndarray]]
    Outlet = Callable[[bytearray], None]

_log = logging.getLogger("innerview")
NO_ARRAYS: Mapping[str, np.ndarray] = {}


class Panel(traitlets.HasTraits):
    """What a view shows: it is told what the user wants, and sends frames.

    A subclass names its view in the front end, and answers each want by a method ``want_<key>(value)``.

    Attributes:
        shown: whether any page has it open (observable).
    """

    view: ClassVar[str]  # the module of js/src/views that draws it

    shown = traitlets.Bool(default_value=True)

    closed = True  # until it is made

    def __init__(self, **traits: Any) -> None:
        self._kept: dict[str, list[bytearray]] = {}
        self._outlet: Outlet | None = None
        self._sending = threading.Lock()
        self.closed = False
        super().__init__(**traits)

    def open(self, outlet: Outlet) -> None:
        """Send every frame through this outlet from now on, beginning with those that show what there is."""
        with self._sending:  # a frame that comes meanwhile is sent after these, and once
            self._outlet = outlet
            self._send_kept()

    def repeat(self) -> None:
        """Send the frames that show what there is once more, for a page that has none of them."""
        with self._sending:
            self._send_kept()

    def push(self, header: dict[str, Any], arrays: Mapping[str, np.ndarray] = NO_ARRAYS) -> None:
        """Send a frame to every place where this panel is open, and keep it for those that open later.

        It replaces what was said before of its ``kind`` and, if it has one, its ``scope``. One that is ``over`` only
        ends that; one that ``follows`` adds to it.
        """
        frame = wire.encode(header, arrays)
        kind, scope = header["kind"], header.get("scope")
        key = kind if scope is None else f"{kind}:{scope}"
        with self._sending:
            before = self._kept.pop(key, [])
            if not header.get("over"):
                self._kept[key] = [*before, frame] if header.get("follows") else [frame]
            self._send(frame)

    def show_error(self, scope: str, error: BaseException) -> None:
        """Show an error in the view, with its traceback folded, and log it."""
        _log.warning("%s: %s", type(self).__name__, error)
        detail = "".join(traceback.format_exception(error))
        self.push({"kind": "error", "scope": scope, "message": str(error) or type(error).__name__, "detail": detail})

    def clear_error(self, scope: str) -> None:
        """Take the error of a scope away; nothing happens when there is none."""
        if f"error:{scope}" in self._kept:
            self.push({"kind": "error", "scope": scope, "message": "", "detail": "", "over": True})

    def progress(self, scope: str, label: str, fraction: float | None, *, over: bool = False) -> None:
        """Show the progress of a scope's work, where it takes longer than a moment."""
        self.push({"kind": "busy", "scope": scope, "label": label, "fraction": fraction, "over": over})

    def end_progress(self, scope: str) -> None:
        """Take back what was said of the progress of the scopes that begin with these letters."""
        for key in list(self._kept):
            kind, _, told = key.partition(":")
            if kind == "busy" and told.startswith(scope):
                self.progress(told, "", None, over=True)

    def answer(self, key: str, value: Any) -> None:
        """Answer a want by the method of its name; what that raises is shown where the user is looking."""
        if self.closed:
            return
        method = getattr(self, f"want_{key}", None)
        if method is None:
            _log.warning("%s was asked for %r, which it does not know", type(self).__name__, key)
            return
        self._show_failure(key, partial(method, value))

    def receive(self, frame: memoryview) -> None:
        """Take a frame from the browser, such as the bytes of a dropped file."""
        if not self.closed:
            self._show_failure("upload", lambda: self.upload(*wire.decode(frame)))

    def upload(self, header: dict[str, Any], arrays: Mapping[str, np.ndarray]) -> None:
        """Take arrays from the browser; most panels expect none."""

    def answered(self) -> None:
        """Hook: every want that came together has had its method called."""

    def close(self) -> None:
        """Close the panel and forget its frames."""
        self.closed = True
        self._outlet = None
        self._kept.clear()

    def _send_kept(self) -> None:
        for frames in self._kept.values():
            for frame in frames:
                self._send(frame)

    def _send(self, frame: bytearray) -> None:
        if self._outlet is not None:
            self._outlet(frame)

    def _show_failure(self, scope: str, answer: Callable[[], None]) -> None:
        try:
            answer()
        except Exception as error:  # noqa: BLE001 - shown where the user is looking
            self.show_error(scope, error)
        else:
            self.clear_error(scope)
