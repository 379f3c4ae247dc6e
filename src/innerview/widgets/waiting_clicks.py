"""Clicks made while a cell runs, answered by the cell itself: for a kernel that hears nothing until its end.

With ipykernel 6, and with 7.1 to 7.3 where the front end has no subshells (VS Code), what is said to widgets waits for
the end of the cell, in one line with the cells that are to run next. A loop can look there between two of its steps.
Newer kernels hear all views (reachable.py).
"""

from __future__ import annotations

import logging
import signal
import sys
import threading
import time
from collections import deque
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from ipywidgets import Widget

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_log = logging.getLogger("innerview")
_USED = ("session", "dispatch_shell", "get_parent", "_parent_ident", "_publish_status")
_PATIENCE = 1.0  # seconds that an answer may keep the cell waiting; it goes on beside the cell after that
_BLINK = 0.02  # seconds after which an interrupt is noticed


class WaitingClicks:
    """Answers what the browser has said to a view and its parts, from within the cell that keeps the kernel busy.

    What is said to others, and the cells that wait, keep their order and their turn. Where the kernel is not built as
    expected, nothing happens at all.
    """

    def __init__(self, view: Widget) -> None:
        self._view = view
        self._seen = -1  # the last message in the queue that was looked at, by its number there
        self._thread: threading.Thread | None = None

    def answer(self) -> None:
        """Answer what has arrived, in the order in which it came; to be called by the cell, on its thread.

        It happens on another thread, which is waited for: what is in force on this one, such as ``torch.no_grad()`` or
        ``torch.autocast()``, does not meet the answers, nor they it.
        """
        kernel = _kernel()
        queue = None if kernel is None else _queue(kernel)
        if queue is None or (self._thread is not None and self._thread.is_alive()):
            return
        # An interrupt amid this would lose a message, perhaps a cell that waits, or what the cell prints later.
        with _held_back() as interrupts:
            queue.listen()
            while not interrupts and (found := self._take(kernel, queue)) is not None:
                if not self._tell(kernel, *found, interrupts):
                    return

    def _take(self, kernel: Any, queue: _Queue6 | _Queue7) -> tuple[Widget, Any] | None:
        """Take the next message to the view out of the queue, with the widget that it is for."""
        parts: dict[str, Widget] | None = None
        for place, number, raw in queue.messages():
            if number <= self._seen:
                continue
            self._seen = number
            address = _address(kernel, raw)
            if address is None:
                continue
            parts = _parts(self._view) if parts is None else parts
            if address in parts:
                queue.remove(place)
                return parts[address], raw
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


def _kernel() -> Any:
    """Return the kernel whose cell the caller is; None where there is none."""
    if threading.current_thread() is not threading.main_thread():
        return None
    ipython = sys.modules.get("IPython")
    return None if ipython is None else getattr(ipython.get_ipython(), "kernel", None)


@cache
def _queue(kernel: Any) -> _Queue6 | _Queue7 | None:
    """What waits for the end of the cell; None where the kernel is not built as expected."""
    version = getattr(sys.modules.get("ipykernel"), "version_info", None)
    kind = {6: _Queue6, 7: _Queue7}.get(version[0]) if version else None
    if kind is None or not all(hasattr(kernel, name) for name in _USED):
        return None
    try:
        return kind(kernel)
    except (AttributeError, TypeError):
        return None


class _Queue6:
    """What waits in an ipykernel 6: it has a queue."""

    def __init__(self, kernel: Any) -> None:
        self._kernel = kernel
        self._flush = kernel.shell_stream.flush
        self._queue = kernel.msg_queue._queue  # noqa: SLF001 - it is not made for this
        if not isinstance(self._queue, deque):
            raise TypeError

    def listen(self) -> None:
        """Let in what has arrived by now."""
        import zmq  # noqa: PLC0415 - comes with the kernel

        self._flush(zmq.POLLIN)

    def messages(self) -> Iterable[tuple[int, int, Any]]:
        """The place of each message, its number and the message itself, in the order in which they came."""
        for place, (number, dispatch, given) in enumerate(self._queue):
            if dispatch == self._kernel.dispatch_shell:
                yield place, number, given[0]

    def remove(self, place: int) -> None:
        """Take a message out."""
        del self._queue[place]


class _Queue7:
    """What waits in an ipykernel 7: in the socket by which its thread that listens hands it to the main thread.

    It is taken from there into a queue here. What is still in it when the main loop gets its next turn, as a rule when
    the cell has ended, is handed on as if it had only now been received: before all that comes later.
    """

    def __init__(self, kernel: Any) -> None:
        kernel._shell_context  # noqa: B018, SLF001 - in 7.0, which has none, no thread can say anything to a widget
        manager = kernel.shell_channel_thread.manager
        self._stream = manager._shell_channel_to_main.to_stream  # noqa: SLF001 - it is not made for this
        self._receive = self._stream._recv_callback  # noqa: SLF001 - as above
        if not callable(self._receive) or not callable(self._stream._run_callback):  # noqa: SLF001 - as above
            raise TypeError
        self._queue: deque[tuple[int, Any]] = deque()
        self._count = 0

    def listen(self) -> None:
        """Let in what has arrived by now."""
        import zmq  # noqa: PLC0415 - comes with the kernel

        before = self._count
        self._stream.on_recv(self._keep, copy=False)
        try:
            self._stream.flush(zmq.POLLIN)
        finally:
            self._stream.on_recv(self._receive, copy=False)
        if self._count > before:
            self._stream.io_loop.add_callback(self._hand_on)

    def _keep(self, raw: Any) -> None:
        self._queue.append((self._count, raw))
        self._count += 1

    def _hand_on(self) -> None:
        # At once: a callback for each would come after what the loop has meanwhile found in the socket.
        while self._queue:
            self._stream._run_callback(self._receive, self._queue.popleft()[1])  # noqa: SLF001 - as above

    def messages(self) -> Iterable[tuple[int, int, Any]]:
        """The place of each message, its number and the message itself, in the order in which they came."""
        for place, (number, raw) in enumerate(self._queue):
            yield place, number, raw

    def remove(self, place: int) -> None:
        """Take a message out."""
        del self._queue[place]


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
