"""The steps of a run as the axis of all its charts, and the brush that zooms into them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from innerview.widgets.bqplot_parts import COLOURS, PLAIN, bqplot, round_ticks

if TYPE_CHECKING:
    from collections.abc import Callable

_MOST_STEPS = 6  # on the axis


class TimeAxis:
    """The steps that all charts show, and the brush that chooses an interval of them, or None for the whole run."""

    def __init__(self, zoomed: Callable[[tuple[float, float] | None], None]) -> None:
        self.scale = bqplot().LinearScale(min=0.0, max=1.0, allow_padding=False)
        self.between: tuple[float, float] | None = None
        self.end = 1.0
        self._zoomed = zoomed
        self._brushes: list[Any] = []
        self._axes: list[Any] = []
        self._ticks = np.array([0.0, 1.0])

    def brush(self, marks: list[Any]) -> Any:
        """A brush for one figure."""
        made = bqplot().interacts.BrushIntervalSelector(scale=self.scale, marks=marks, color=COLOURS[0])
        made.observe(self._brushed, "brushing")
        self._brushes.append(made)
        return made

    def axis(self) -> Any:
        """The axis below one figure."""
        made = bqplot().Axis(scale=self.scale, tick_format="~s", tick_values=self._ticks, **PLAIN)
        self._axes.append(made)
        return made

    def show(self, end: float) -> None:
        """Follow the run to its latest step, unless an interval of it is being looked at."""
        self.end = max(1.0, end)
        first, last = self.between or (0.0, self.end)
        if (self.scale.min, self.scale.max) != (first, last):
            with self.scale.hold_sync():
                self.scale.min, self.scale.max = first, last
            ticks = round_ticks(first, last, _MOST_STEPS)
            if not np.array_equal(ticks, self._ticks):
                self._ticks = ticks
                for axis in self._axes:
                    axis.tick_values = ticks

    def zoom(self, between: tuple[float, float] | None) -> None:
        """Look at an interval of the steps, or at all of them."""
        self.between = between
        self.show(self.end)
        self._zoomed(between)

    def close(self) -> None:
        """Let go of everything."""
        for part in [*self._brushes, self.scale]:
            part.close()

    def _brushed(self, change: Any) -> None:
        if change["new"]:
            return
        brush = change["owner"]
        chosen = brush.selected
        if chosen is not None and len(chosen) == 2 and chosen[1] - chosen[0] >= 1:  # noqa: PLR2004 - two ends
            first, last = max(0.0, float(chosen[0])), min(self.end, float(chosen[1]))
            # What was brushed fills the chart now, and the next brush begins again.
            brush.selected = None
            self.zoom((first, last))
        elif self.between is not None and (chosen is None or not len(chosen)):
            # A click, or two of them: the page may tell of both as one.
            self.zoom(None)
