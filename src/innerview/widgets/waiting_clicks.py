"""Clicks made while a cell runs, answered by the cell itself: for a kernel that hears nothing until its end.

Since ipykernel 7 a thread of the kernel hears what is said to widgets while a cell runs. With ipykernel 6 it waits for
the end of the cell, in one queue with the cells that are to run next. A loop can look there between two of its steps.
"""

from __future__ import annotations

import logging
import signal
import sys
import threading
import time
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ipywidgets import Widget

if TYPE_CHECKING:
    from collections.abc import Iterator

_log = logging.getLogger("innerview")
_VERSION = 6  # of ipykernel, which the following is true of
_USED = ("session", "shell_stream", "dispatch_shell", "get_parent", "_parent_ident", "_publish_status")
_PATIENCE = 1.0  # seconds that an answer may keep the cell waiting; it goes on beside the cell after that
_BLINK = 0.02  # seconds after which an interrupt is noticed


class WaitingClicks:
    """Answers what the browser has said to a view and its parts, from within the cell that keeps the kernel busy.

    What is said to others, and the cells that wait, stay where they are. Where the kernel hears clicks by itself, or is
    not built as expected, nothing happens at all.
    """

    def __init__(self, view: Widget) -> None:
        self._view = view
        self._seen = -1  # the last message in the queue that was looked at, by the number the kernel gave it
        self._thread: threading.Thread | None = None

    def answer(self) -> None:
        """Answer what has arrived, in the order in which it came; to be called by the cell, on its thread.

        It happens on another thread, which is waited for: what is in force on this one, such as ``torch.no_grad()`` or
        ``torch.autocast()``, does not meet the answers, nor they it.
        """
        kernel = _deaf_kernel()
        if kernel is None or (self._thread is not None and self._thread.is_alive()):
            return
        import zmq  # noqa: PLC0415 - comes with the kernel

        # An interrupt amid this would lose a message, perhaps a cell that waits, or what the cell prints later.
        with _held_back() as interrupts:
            kernel.shell_stream.flush(zmq.POLLIN)
            while not interrupts and (found := self._take(kernel)) is not None:
                if not self._tell(kernel, *found, interrupts):
                    return

    def _take(self, kernel: Any) -> tuple[Widget, Any] | None:
        """Take the next message to the view out of the kernel's queue, with the widget that it is for."""
        parts: dict[str, Widget] | None = None
        queue = kernel.msg_queue._queue  # noqa: SLF001 - it is not made for this
        for place, (number, dispatch, given) in enumerate(queue):
            if number <= self._seen or dispatch != kernel.dispatch_shell:
                continue
            self._seen = number
            address = _address(kernel, given[0])
            if address is None:
                continue
            parts = _parts(self._view) if parts is None else parts
            if address in parts:
                del queue[place]
                return parts[address], given[0]
        return None

    def _tell(self, kernel: Any, widget: Widget, raw: Any, interrupts: list[Any]) -> bool:
        """Tell a widget what was said to it, as the kernel would; whether it has answered."""
        from ipykernel.kernelbase import Kernel  # noqa: PLC0415 - a kernel runs

        sender, parts = kernel.session.feed_identities(raw, copy=False)
        try:
            message = kernel.session.deserialize(parts, content=True, copy=False)
        except ValueError:  # not signed by the browser
            _log.exception("a message to %s was dropped", type(widget).__name__)
            return True
        cell = kernel._parent_ident["shell"], kernel.get_parent("shell")  # noqa: SLF001 - there is no other way
        # What is sent now answers the click. Only this class's part of it: what the cell prints remains the cell's.
        Kernel.set_parent(kernel, sender, message, "shell")
        try:
            kernel._publish_status("busy", "shell")  # noqa: SLF001 - as above
            self._thread = threading.Thread(target=_handle, args=(widget, message), name="innerview-click", daemon=True)
            self._thread.start()
            end = time.monotonic() + _PATIENCE
            while self._thread.is_alive() and not interrupts and time.monotonic() < end:
                self._thread.join(_BLINK)
            # The browser holds back what comes next until it hears of this.
            kernel._publish_status("idle", "shell")  # noqa: SLF001 - as above
        finally:
            Kernel.set_parent(kernel, *cell, "shell")
        kernel._publish_status("busy", "shell")  # noqa: SLF001 - as above; the cell still runs
        return not self._thread.is_alive()


def _deaf_kernel() -> Any:
    """Return the kernel if the caller keeps it from hearing; None where there is no kernel, or another one."""
    if threading.current_thread() is not threading.main_thread():
        return None
    version = getattr(sys.modules.get("ipykernel"), "version_info", None)
    ipython = sys.modules.get("IPython")
    if not version or version[0] != _VERSION or ipython is None:
        return None
    kernel = getattr(ipython.get_ipython(), "kernel", None)
    queue = getattr(getattr(kernel, "msg_queue", None), "_queue", None)
    return kernel if isinstance(queue, deque) and all(hasattr(kernel, name) for name in _USED) else None


def _address(kernel: Any, raw: Any) -> str | None:
    """The comm that a message is for; None when it is for none. The message can still be read once, as it must be."""
    try:
        _, parts = kernel.session.feed_identities(raw, copy=False)
        if kernel.session.unpack(parts[1].bytes)["msg_type"] == "comm_msg":
            return kernel.session.unpack(parts[4].bytes)["comm_id"]
    except (ValueError, LookupError, TypeError):  # the kernel will say what is wrong with it
        pass
    return None


def _parts(view: Widget) -> dict[str, Widget]:
    """A widget and all that it is made of, by the comm of each."""
    found: dict[str, Widget] = {}
    waiting: list[Any] = [view]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Widget):
            if one.comm is not None and one.comm.comm_id not in found:
                found[one.comm.comm_id] = one
                waiting.extend(getattr(one, name) for name in one.keys)
        elif isinstance(one, dict):
            waiting.extend(one.values())
        elif isinstance(one, list | tuple):
            waiting.extend(one)
    return found


def _handle(widget: Widget, message: Any) -> None:
    try:
        # What its comm calls; without IPython's callbacks before and after an execution, which draw unfinished figures.
        widget._handle_msg(message)  # noqa: SLF001 - there is no other way
    except Exception:  # noqa: BLE001 - the training goes on
        _log.exception("%s could not answer", type(widget).__name__)


@contextmanager
def _held_back() -> Iterator[list[Any]]:
    """Interrupts of the body come after it; gives a list that is not empty when there was one. On the main thread."""
    came: list[Any] = []
    before = signal.signal(signal.SIGINT, lambda *given: came.append(given))
    try:
        yield came
    finally:
        signal.signal(signal.SIGINT, before)
        if came:
            signal.raise_signal(signal.SIGINT)
