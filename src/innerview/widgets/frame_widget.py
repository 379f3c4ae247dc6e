"""The base of every widget that speaks in frames: wants come in, frames go out, errors are shown, close() lets go."""

from __future__ import annotations

import logging
import threading
import traceback
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
from traitlets import Bool, Dict

from innerview import wire

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import ipywidgets
    import numpy as np

    Frame = tuple[dict[str, Any], Mapping[str, np.ndarray]]

_log = logging.getLogger("innerview")
_STATIC = Path(__file__).parents[1] / "static"
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


def reachable(widget: ipywidgets.Widget) -> None:
    """Let what the browser says to a widget reach the kernel while a cell runs."""
    if widget.comm is not None:
        # ipykernel 7.4 routes what the browser sends to the loop that sent the comm's last message
        # (`BaseComm._reply_subshell_for`). For a message sent while a cell runs that is the busy main loop: clicks
        # would wait for the end of the cell. Without it they go where the browser addressed them: to its subshell.
        setattr(widget.comm, "_reply_subshell_for", None)  # noqa: B010 - there is no public switch


class FrameWidget(anywidget.AnyWidget):
    """A widget that is told what the user wants and shows frames.

    A subclass names its built module in ``_esm`` and answers each want by a method ``want_<key>(value)``.
    """

    _css = static("style.css")

    # Browser to kernel: {key: {"value": ..., "at": stamp}}. Echoing it back would double the messages of every click.
    want = Dict().tag(sync=True, echo_update=False)

    # Whether any page has it open; the page tells when the last place is gone, or there is one again.
    shown = Bool(default_value=True)

    closed = True  # until it is made

    def __init__(self, **kwargs: Any) -> None:
        self._answered: dict[str, str] = {}
        self._kept: dict[str, bytearray] = {}
        self._sending = threading.Lock()
        self.closed = False
        super().__init__(**kwargs)
        reachable(self)
        self.on_msg(self._receive)
        self.observe(self._wanted, "want")

    def push(self, header: dict[str, Any], arrays: Mapping[str, np.ndarray] = NO_ARRAYS) -> None:
        """Send a frame to every place where this widget is open, and keep it for those that open later."""
        frame = wire.encode(header, arrays)
        kind, scope = header["kind"], header.get("scope")
        key = kind if scope is None else f"{kind}:{scope}"
        with self._sending:
            self._kept.pop(key, None)
            if not header.get("over"):
                self._kept[key] = frame
            self.send({"type": "frame"}, buffers=[memoryview(frame)])

    def show_error(self, scope: str, error: BaseException) -> None:
        """Show an error in the widget, with its traceback folded, and log it."""
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

    def upload(self, header: dict[str, Any], arrays: Mapping[str, np.ndarray]) -> None:
        """Take arrays from the browser, such as the bytes of a dropped file; most widgets expect none."""

    def want_shown(self, shown: bool) -> None:  # noqa: FBT001 - a want carries one value
        """Note that the last place where it was open is gone, or that there is one again."""
        self.shown = bool(shown)

    def answered(self) -> None:
        """Hook: every want that came together has had its method called."""

    def close(self) -> None:
        """Close the widget and forget its frames."""
        if not self.closed:  # nor ever open, where its making failed
            self.closed = True
            self._kept.clear()
        super().close()

    def _wanted(self, change: Any) -> None:
        """Answer the wants that are new; comes on the kernel's main thread or, since ipykernel 7, on a subshell's."""
        for key, asked in change["new"].items():
            if self.closed or self._answered.get(key) == asked["at"]:
                continue
            self._answered[key] = asked["at"]
            answer = getattr(self, f"want_{key}", None)
            if answer is None:
                _log.warning("%s was asked for %r, which it does not know", type(self).__name__, key)
                continue
            self._show_failure(key, partial(answer, asked["value"]))
        self.answered()

    def _receive(self, _: Any, content: Any, buffers: list[memoryview]) -> None:
        kind = content.get("type") if isinstance(content, dict) else None
        if kind == "ready":
            self.shown = True
            with self._sending:
                for frame in self._kept.values():
                    self.send({"type": "frame"}, buffers=[memoryview(frame)])
        elif kind == "frame" and buffers and not self.closed:
            self._show_failure("upload", lambda: self.upload(*wire.decode(buffers[0])))

    def _show_failure(self, scope: str, answer: Callable[[], None]) -> None:
        try:
            answer()
        except Exception as error:  # noqa: BLE001 - shown where the user is looking
            self.show_error(scope, error)
        else:
            self.clear_error(scope)
