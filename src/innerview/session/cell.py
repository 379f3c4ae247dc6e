"""Tells when a notebook cell begins and when it ends."""

from __future__ import annotations

import sys
import threading
import weakref
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


class Cells:
    """Tells two methods, which it does not keep alive, when cells of this kernel begin and end; outside IPython never.

    ``begins(True)`` is called on the thread that runs the cell: at once where a cell is running already, and then with
    False if that cannot be told.
    """

    def __init__(self, begins: Callable[[bool], None], ended: Callable[[], None]) -> None:
        self._begins = weakref.WeakMethod(begins)
        self._ended = weakref.WeakMethod(ended)
        self._depth = 0  # a cell may run another one, as %%capture does
        ipython = sys.modules.get("IPython")
        shell = ipython.get_ipython() if ipython is not None else None
        self._events: Any = getattr(shell, "events", None)
        if self._events is None:
            return
        self._events.register("pre_run_cell", self._begin)
        self._events.register("post_run_cell", self._end)
        weakref.finalize(begins.__self__, self.close)  # type: ignore[attr-defined] - a method has one
        if _below_a_cell():
            self._depth = 1
            begins(True)  # noqa: FBT003 - the one argument of a callback
        elif threading.current_thread() is not threading.main_thread():
            # A click is answered on another thread, perhaps while a cell runs; the next event will tell.
            begins(False)  # noqa: FBT003 - as above

    def close(self) -> None:
        """Stop listening."""
        if self._events is not None:
            self._events.unregister("pre_run_cell", self._begin)
            self._events.unregister("post_run_cell", self._end)
            self._events = None

    def _begin(self, *_: object) -> None:
        self._depth += 1
        begins = self._begins()
        if begins is not None and self._depth == 1:
            begins(True)  # noqa: FBT003 - as above

    def _end(self, *_: object) -> None:
        self._depth = max(0, self._depth - 1)
        ended = self._ended()
        if ended is not None and not self._depth:
            ended()


def _below_a_cell() -> bool:
    """Tell whether the caller runs below a cell, however deep; the callback of a widget does not."""
    frame = sys._getframe()  # noqa: SLF001 - a stack of frames without the text that inspect.stack() reads for each
    while frame is not None:
        if frame.f_code.co_name == "run_code" and frame.f_globals.get("__name__") == "IPython.core.interactiveshell":
            return True
        frame = frame.f_back
    return False
