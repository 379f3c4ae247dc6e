"""Lines of a chart, and the y axis that fits itself to them, changed in place while they are seen.

What makes that safe in bqplot 0.13: a mark's x and y travel in one message; and the ends of both scales are set by us,
so that new numbers never move a scale while a mark is being built.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from innerview.widgets.bqplot_parts import PLAIN, bqplot, log_ticks, round_ticks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from innerview.widgets.time_axis import TimeAxis

_POINTS = 400  # of a line; more than these are averaged
_ROOM = 0.05  # above and below the lines
PRESERVED = {"x": True, "y": True}


class Line(NamedTuple):
    """One line of a chart: steps and values, ``[R]`` each, where NaN leaves a gap; the colour is one of CSS.

    ``anew`` ``[R]`` marks the points to which no line leads from the one before, as nothing was recorded between.
    """

    steps: np.ndarray
    values: np.ndarray
    colour: str
    anew: np.ndarray | None = None


def make_lines(scales: Mapping[str, Any], **look: Any) -> Any:
    """A mark without any line yet, on these scales, that looks as bqplot's ``Lines`` is told to."""
    nothing = np.ones(2)  # of which a logarithmic scale makes numbers as well
    return bqplot().Lines(
        x=nothing,
        y=nothing,
        scales=dict(scales),
        visible=False,
        preserve_domain=PRESERVED,
        interactions={},
        **{"stroke_width": 1.5, **look},
    )


def draw_lines(mark: Any, lines: Sequence[Line]) -> None:
    """Give a mark these lines, in one message; each of them ends in a number."""
    if not lines:
        if mark.visible:
            mark.visible = False
        return
    size = max(len(line.steps) for line in lines)

    def padded(values: np.ndarray) -> np.ndarray:
        return np.concatenate([values, np.full(size - len(values), values[-1])])

    with mark.hold_sync():
        mark.x = np.stack([padded(line.steps) for line in lines])
        mark.y = np.stack([padded(line.values) for line in lines])
        colours = [line.colour for line in lines]
        if mark.colors != colours:
            mark.colors = mark.fill_colors = colours
        if not mark.visible:
            mark.visible = True


class Ordinate:
    """A y axis with the marks on it: solid and dashed lines, and bands; only dotted lines where it is dotted."""

    def __init__(self, time: TimeAxis, *, logarithmic: bool, dotted: bool = False) -> None:
        self._logarithmic = logarithmic
        self._time = time
        bq = bqplot()
        self.scale = (
            bq.LogScale(min=0.1, max=1.0) if logarithmic else bq.LinearScale(min=0.0, max=1.0, allow_padding=False)
        )
        scales = {"x": time.scale, "y": self.scale}
        self._solid = make_lines(scales, line_style="dotted" if dotted else "solid")
        self._dashed = make_lines(scales, line_style="dashed", opacities=[0.7])
        self._bands = make_lines(scales, fill="between", fill_opacities=[0.25], stroke_width=1.0)
        self._axis: Any = None
        self.marks = [self._solid] if dotted else [self._bands, self._dashed, self._solid]
        self._unused = [mark for mark in (self._solid, self._dashed, self._bands) if mark not in self.marks]

    @property
    def parts(self) -> list[Any]:
        """The widgets that belong to it besides its marks and its axis."""
        return [self.scale, *self._unused]

    def axis(self, side: str, tick_format: str) -> Any:
        """The axis at one side of the figure."""
        self._axis = bqplot().Axis(scale=self.scale, side=side, tick_format=tick_format, tick_values=[], **PLAIN)
        return self._axis

    def show(self, solid: Sequence[Line], dashed: Sequence[Line], bands: Sequence[Line]) -> None:
        """Draw these in place of what was drawn before."""
        between = self._time.between
        cut = [
            [part for line in group if (part := self._cut(line, between)) is not None]
            for group in (solid, dashed, bands)
        ]
        self._fit(np.concatenate([line.values for group in cut for line in group] or [np.zeros(0)]))
        for mark, group in zip((self._solid, self._dashed, self._bands), cut, strict=True):
            if mark in self.marks:
                draw_lines(mark, group)

    def _cut(self, line: Line, between: tuple[float, float] | None) -> Line | None:
        """Return the part of a line that is shown, with one point to each side of it, in as many points as can be seen.

        It ends with a number, since bqplot puts a label there; None where there are no two numbers.
        """
        steps, values = np.asarray(line.steps, float), np.asarray(line.values, float)
        values = np.where(np.isfinite(values) & ((values > 0) | (not self._logarithmic)), values, np.nan)
        anew = np.zeros(len(steps), bool) if line.anew is None else np.asarray(line.anew, bool)
        if between is not None:
            first = max(0, int(np.searchsorted(steps, between[0])) - 1)
            last = int(np.searchsorted(steps, between[1], side="right")) + 1
            steps, values, anew = steps[first:last], values[first:last], anew[first:last]
        if len(steps) > _POINTS:
            starts = np.linspace(0, len(steps), _POINTS, endpoint=False).astype(int)
            seen = np.add.reduceat(np.isfinite(values).astype(float), starts)
            values = np.add.reduceat(np.nan_to_num(values), starts) / np.where(seen > 0, seen, np.nan)
            steps, anew = steps[starts], np.logical_or.reduceat(anew, starts)
        where = np.flatnonzero(anew)
        steps, values = np.insert(steps, where, steps[where]), np.insert(values, where, np.nan)
        there = np.flatnonzero(np.isfinite(values))
        if len(there) < 2:  # noqa: PLR2004 - a line has two ends
            return None
        return Line(steps[: there[-1] + 1], values[: there[-1] + 1], line.colour)

    def _fit(self, values: np.ndarray) -> None:
        values = values[np.isfinite(values)]
        if not len(values):
            return
        low, high = float(values.min()), float(values.max())
        if self._logarithmic:
            low, high = low / 1.2, high * 1.2
        else:
            room = _ROOM * (high - low) or 0.1 * abs(high) or 1.0
            low, high = low - room, high + room
        if (self.scale.min, self.scale.max) != (low, high):
            with self.scale.hold_sync():
                self.scale.min, self.scale.max = low, high
            ticks = log_ticks(low, high) if self._logarithmic else round_ticks(low, high)
            if self._axis is not None and not np.array_equal(ticks, self._axis.tick_values):
                self._axis.tick_values = ticks
