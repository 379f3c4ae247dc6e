"""A figure over the steps of a run, with what happened during it; what else it shows is said by a subclass."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from innerview.widgets.bqplot_parts import INK, close_figure, make_figure
from innerview.widgets.event_marks import ROW, EventMarks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from innerview.widgets.event_marks import EventMark
    from innerview.widgets.time_axis import TimeAxis

# In pixels.
_HEIGHT = 212
_TOP, _BOTTOM, _SIDE, _RIGHT = 22, 24, 54, 16
_FONT = 12


class TimeChart:
    """A title, words and lines for what happened, an axis of steps below, and a brush.

    Args:
        time: the steps, shared by all charts.
        title: above it.
        under: marks below the lines of what happened.
        over: marks above them.
        axes: besides that of the steps.
        right: whether one of them is at the right.

    Attributes:
        figure: the bqplot Figure, to be put into a layout.
    """

    def __init__(
        self,
        time: TimeAxis,
        title: str,
        *,
        under: Sequence[Any] = (),
        over: Sequence[Any] = (),
        axes: Sequence[Any],
        right: bool = False,
    ) -> None:
        self._time = time
        self._events = EventMarks(time)
        self._rows = 0
        self._brush = time.brush(list(over))
        self.figure = make_figure(
            title,
            [*under, *self._events.marks, *over],
            [time.axis(), *axes],
            margin={"top": _TOP, "bottom": _BOTTOM, "left": _SIDE, "right": _SIDE if right else _RIGHT},
            height=_HEIGHT,
            interaction=self._brush,
        )
        self._name(title, INK)

    def close(self) -> None:
        """Let go of everything in the browser and in the kernel."""
        close_figure(self.figure, self._events.parts)

    def _name(self, title: str, colour: str) -> None:
        # bqplot writes the middle of a title into the middle of the margin: here it stands above the words.
        style = {"font-size": f"{_FONT}px", "fill": colour, "transform": f"translateY({-9 - self._rows * ROW / 2:g}px)"}
        if self.figure.title != title:
            self.figure.title = title
        if self.figure.title_style != style:
            self.figure.title_style = style

    def _mark(self, events: Sequence[EventMark]) -> None:
        """Show what happened; to be called before ``_name``."""
        words = self._events.place(events)
        rows = 1 + max((word.row for word in words), default=-1)
        if rows != self._rows:
            self._rows = rows
            self.figure.fig_margin = {**self.figure.fig_margin, "top": _TOP + rows * ROW}
        self._events.show(events, words, _HEIGHT - _BOTTOM - _TOP - rows * ROW)
