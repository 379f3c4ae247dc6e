"""Whether a notebook cell is running, and on which thread."""

from __future__ import annotations

import sys
import threading
import weakref
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from innerview.session.inspector import Inspector


_UNKNOWN = 0  # no thread has this number


class Cell:
    """Tells an inspector when a cell begins and ends; does nothing outside IPython.

    Args:
        inspector: told by ``cell_begins()`` and ``cell_ended()``; not kept alive.
    """

    def __init__(self, inspector: Inspector) -> None:
        self._inspector = weakref.ref(inspector)
        self._thread: int | None = None
        self._depth = 0  # a cell may run another one, as %%capture does
        self._other: Cell | None = None
        ipython = sys.modules.get("IPython")
        shell = ipython.get_ipython() if ipython is not None else None
        self._events = getattr(shell, "events", None)
        if self._events is not None:
            self._events.register("pre_run_cell", self._begin)
            self._events.register("post_run_cell", self._end)
            if _below_a_cell():
                self._depth = 1
                self.enter()
            elif threading.current_thread() is not threading.main_thread():
                # A click is answered on another thread, perhaps while a cell runs; the next event will tell.
                self._thread = _UNKNOWN

    def enter(self) -> None:
        """A cell runs on this thread from now on."""
        self._thread = threading.get_ident()

    def runs_elsewhere(self) -> bool:
        """Whether a cell is running on another thread than the caller's."""
        if self._other is not None:
            return self._other.runs_elsewhere()
        return self._thread is not None and self._thread != threading.get_ident()

    def follow(self, other: Cell) -> None:
        """Listen no more, and ask another one: for a model that no cell trains, run in turn with one that may be."""
        self.close()
        self._other = other

    def close(self) -> None:
        """Listen no more."""
        if self._events is not None:
            self._events.unregister("pre_run_cell", self._begin)
            self._events.unregister("post_run_cell", self._end)
            self._events = None

    def _begin(self, *_: object) -> None:
        inspector = self._inspector()
        self._depth += 1
        if inspector is None:
            self.close()
        elif self._depth == 1:
            inspector.cell_begins()

    def _end(self, *_: object) -> None:
        self._depth = max(0, self._depth - 1)
        if self._depth:
            return
        self._thread = None
        inspector = self._inspector()
        if inspector is not None:
            inspector.cell_ended()


def _below_a_cell() -> bool:
    """Whether a cell has called, by however many steps; the callback of a widget is called by none."""
    frame = sys._getframe()  # noqa: SLF001 - a stack of frames without the text that inspect.stack() reads for each
    while frame is not None:
        if frame.f_code.co_name == "run_code" and frame.f_globals.get("__name__") == "IPython.core.interactiveshell":
            return True
        frame = frame.f_back
    return False
