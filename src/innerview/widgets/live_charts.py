"""The bqplot figures of a training run, which are changed in place while it goes on.

What makes that safe in bqplot 0.13: a mark's x and y travel in one message; the ends of both scales are set by us, so
that new numbers never move a scale while a mark is being built; and an image is changed by turns in two widgets, since
a mark listens for another image and not for the same one with other bytes.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

import ipywidgets
import numpy as np

from innerview.widgets.charts import GREY, RED
from innerview.widgets.histogram_picture import histogram_picture
from innerview.widgets.ticks import log_ticks, round_ticks

with warnings.catch_warnings():
    # bqscales 0.3.7 gives its trait Date an argument that traitlets has deprecated since 4.1.
    warnings.simplefilter("ignore", DeprecationWarning)
    from bqplot.axes import Axis
    from bqplot.figure import Figure
    from bqplot.interacts import BrushIntervalSelector
    from bqplot.marks import Image, Lines
    from bqplot.scales import LinearScale, LogScale

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from innerview.training.record import Event, Series

# Stand out from white and from black, and from each other.
COLOURS = ("#3f8fd6", "#e08a3c", "#3fa66f", "#a978d0", "#c76d6d", "#8a8f3a")
_INK = "var(--jp-ui-font-color1, #444)"
_PLAIN: Any = {"grid_lines": "none", "label_color": _INK}
_POINTS = 400  # of a line; more than these are averaged
_MOST_EVENTS = 60
_MOST_STEPS = 6  # on the axis of steps
_ROOM = 0.05  # above and below the lines
_HEIGHT = 200
_PRESERVED = {"x": True, "y": True}


class Line(NamedTuple):
    """One line of a chart.

    Attributes:
        steps: ``[R]``.
        values: ``[R]``; NaN leaves a gap.
        colour: as in CSS.
    """

    steps: np.ndarray
    values: np.ndarray
    colour: str


class TimeAxis:
    """The steps that all charts show, and the brush that chooses an interval of them.

    Args:
        zoomed: called after the interval was changed, with (first, last) or None for the whole run.
    """

    def __init__(self, zoomed: Callable[[tuple[float, float] | None], None]) -> None:
        self.scale = LinearScale(min=0.0, max=1.0, allow_padding=False)
        self.between: tuple[float, float] | None = None
        self.end = 1.0
        self._zoomed = zoomed
        self._brushes: list[BrushIntervalSelector] = []
        self._axes: list[Axis] = []
        self._ticks = np.array([0.0, 1.0])

    def brush(self, marks: list[Any]) -> BrushIntervalSelector:
        """A brush for one figure."""
        made = BrushIntervalSelector(scale=self.scale, marks=marks, color=COLOURS[0])
        made.observe(self._brushed, "brushing")
        self._brushes.append(made)
        return made

    def axis(self) -> Axis:
        """The axis below one figure."""
        made = Axis(scale=self.scale, tick_format="~s", tick_values=self._ticks, **_PLAIN)
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
        if chosen is not None and len(chosen) == 2 and chosen[1] - chosen[0] >= 1:  # noqa: PLR2004
            first, last = max(0.0, float(chosen[0])), min(self.end, float(chosen[1]))
            # What was brushed fills the chart now, and the next brush begins anew.
            brush.selected = None
            self.zoom((first, last))
        elif self.between is not None and (chosen is None or not len(chosen)):
            # A click, or two of them: the page may tell of both as one.
            self.zoom(None)


class LiveChart:
    """A figure over the steps of a run: lines on a left axis, and on a right one; events as vertical marks.

    Args:
        time: the steps, shared by all charts.
        title: above it.
        logarithmic: the left axis.
        right: whether there is a right axis, whose lines are dotted.
        right_logarithmic: the right axis.

    Attributes:
        figure: the bqplot Figure, to be put into a layout.
    """

    def __init__(
        self,
        time: TimeAxis,
        title: str,
        *,
        logarithmic: bool = False,
        right: bool = False,
        right_logarithmic: bool = False,
        tick_format: str = "~g",
    ) -> None:
        self._time = time
        self._left = _Ordinate(time, logarithmic=logarithmic)
        self._right = _Ordinate(time, logarithmic=right_logarithmic, dotted=True) if right else None
        self._upright = LinearScale(min=0.0, max=1.0, allow_padding=False)
        self._events = _lines({"x": time.scale, "y": self._upright}, stroke_width=1.0, opacities=[0.55])
        self._across = time.axis()
        axes = [self._across, self._left.axis("left", tick_format)]
        marks = [self._events, *self._left.marks]
        if self._right is not None:
            axes.append(self._right.axis("right", "~g"))
            marks += self._right.marks
        self._brush = time.brush(marks[1:])
        self.figure = _figure(title, marks, axes, self._brush, right=right)
        self._marked: list[tuple[int, str]] = []

    def show(
        self,
        lines: Sequence[Line],
        *,
        dashed: Sequence[Line] = (),
        right: Sequence[Line] = (),
        bands: Sequence[Line] = (),
        events: Sequence[Event] = (),
        title: str | None = None,
    ) -> None:
        """Draw these in place of what was drawn before.

        Args:
            lines: solid, on the left axis.
            dashed: of the run that is compared with.
            right: dotted, on the right axis.
            bands: pairs of lines, lowest and highest, with the area between them filled.
            events: vertical marks.
            title: another one.
        """
        if title is not None and title != self.figure.title:
            self.figure.title = title
        self._left.show(lines, dashed, bands)
        if self._right is not None:
            self._right.show(right, (), ())
        self._mark(events)

    def close(self) -> None:
        """Let go of everything in the browser and in the kernel."""
        close_figure(self.figure, [self._upright, *self._left.scales, *(self._right.scales if self._right else [])])

    def _mark(self, events: Sequence[Event]) -> None:
        wanted = [(event.step, _event_colour(event.kind)) for event in _most_telling(events)]
        if wanted == self._marked:
            return
        self._marked = wanted
        _draw(self._events, [Line(np.array([at, at], float), np.array([0.0, 1.0]), colour) for at, colour in wanted])


class HeatChart:
    """The histograms of a layer's activations over time.

    Args:
        time: the steps, shared by all charts.

    Attributes:
        figure: the bqplot Figure, to be put into a layout.
    """

    def __init__(self, time: TimeAxis) -> None:
        self._time = time
        self._y = LinearScale(min=0.0, max=1.0, allow_padding=False)
        layout = ipywidgets.Layout()
        self._images = [ipywidgets.Image(value=_CLEAR, format="png", layout=layout) for _ in range(2)]
        self._layout = layout
        self._mark = Image(
            image=self._images[0],
            x=[0, 1],
            y=[0, 1],
            scales={"x": time.scale, "y": self._y},
            preserve_domain=_PRESERVED,
            interactions={},
        )
        self._across = time.axis()
        self._up = Axis(scale=self._y, side="left", tick_values=[], **_PLAIN)
        self._brush = time.brush([])
        self.figure = _figure("", [self._mark], [self._across, self._up], self._brush)

    def show(self, series: Series, title: str, colour: str) -> None:
        """Draw a layer."""
        style = {"font-size": "12px", "fill": colour}
        if self.figure.title != title:
            self.figure.title = title
        if self.figure.title_style != style:
            self.figure.title_style = style
        picture = histogram_picture(series.steps, series.spans, series.histogram, self._time.between)
        if picture is None:
            return
        # The other one of the two: see above.
        self._images.reverse()
        self._images[0].value = picture.png
        with self._mark.hold_sync():
            self._mark.image = self._images[0]
            self._mark.x, self._mark.y = np.array(picture.x), np.array(picture.y)
        if (self._y.min, self._y.max) != picture.y:
            with self._y.hold_sync():
                self._y.min, self._y.max = picture.y
            with self._up.hold_sync():
                self._up.tick_labels = {f"{at:g}": text for text, at in picture.ticks.items()}
                self._up.tick_values = np.array(list(picture.ticks.values()))

    def close(self) -> None:
        """Let go of everything in the browser and in the kernel."""
        close_figure(self.figure, [self._y, *self._images, self._layout])


class _Ordinate:
    """A y axis with the marks on it: solid and dashed lines, and bands."""

    def __init__(self, time: TimeAxis, *, logarithmic: bool, dotted: bool = False) -> None:
        self._logarithmic = logarithmic
        self._time = time
        self.scale = LogScale(min=0.1, max=1.0) if logarithmic else LinearScale(min=0.0, max=1.0, allow_padding=False)
        scales = {"x": time.scale, "y": self.scale}
        self._solid = _lines(scales, line_style="dotted" if dotted else "solid")
        self._dashed = _lines(scales, line_style="dashed", opacities=[0.7])
        self._bands = _lines(scales, fill="between", fill_opacities=[0.25], stroke_width=1.0)
        self._axis: Axis | None = None
        self.marks = [self._solid] if dotted else [self._bands, self._dashed, self._solid]
        self._unused = [mark for mark in (self._solid, self._dashed, self._bands) if mark not in self.marks]

    @property
    def scales(self) -> list[Any]:
        return [self.scale, *self._unused]

    def axis(self, side: str, tick_format: str) -> Axis:
        self._axis = Axis(scale=self.scale, side=side, tick_format=tick_format, tick_values=[], **_PLAIN)
        return self._axis

    def show(self, solid: Sequence[Line], dashed: Sequence[Line], bands: Sequence[Line]) -> None:
        between = self._time.between
        cut = [
            [part for line in group if (part := self._cut(line, between)) is not None]
            for group in (solid, dashed, bands)
        ]
        self._fit(np.concatenate([line.values for group in cut for line in group] or [np.zeros(0)]))
        for mark, group in zip((self._solid, self._dashed, self._bands), cut, strict=True):
            if mark in self.marks:
                _draw(mark, group)

    def _cut(self, line: Line, between: tuple[float, float] | None) -> Line | None:
        """The part of a line that is shown, with one point to each side of it, in so many points as can be seen.

        It ends with a number, since bqplot puts a label there; None where there are no two numbers.
        """
        steps, values = np.asarray(line.steps, float), np.asarray(line.values, float)
        values = np.where(np.isfinite(values) & ((values > 0) | (not self._logarithmic)), values, np.nan)
        if between is not None:
            first = max(0, int(np.searchsorted(steps, between[0])) - 1)
            last = int(np.searchsorted(steps, between[1], side="right")) + 1
            steps, values = steps[first:last], values[first:last]
        if len(steps) > _POINTS:
            starts = np.linspace(0, len(steps), _POINTS, endpoint=False).astype(int)
            seen = np.add.reduceat(np.isfinite(values).astype(float), starts)
            values = np.add.reduceat(np.nan_to_num(values), starts) / np.where(seen > 0, seen, np.nan)
            steps = steps[starts]
        there = np.flatnonzero(np.isfinite(values))
        if len(there) < 2:  # noqa: PLR2004
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


def parts_of(figure: Any) -> list[Any]:
    """Every widget of a figure that the browser knows."""
    unused = [figure.scale_x, figure.scale_y]  # which a Figure makes for marks without scales
    return [*figure.marks, *figure.axes, figure.interaction, *unused, figure.layout, figure]


def close_figure(figure: Any, others: Sequence[Any]) -> None:
    """Close a figure, what it is made of, and what else belongs to it."""
    for part in [*parts_of(figure), *others]:
        part.close()


def _figure(title: str, marks: list[Any], axes: list[Any], brush: Any, *, right: bool = False) -> Figure:
    figure = Figure(
        title=title,
        marks=marks,
        axes=axes,
        interaction=brush,
        fig_margin={"top": 30, "bottom": 24, "left": 48, "right": 48 if right else 16},
        title_style={"font-size": "12px", "fill": _INK},
        background_style={"fill": "transparent"},  # bqplot's own is black in the dark theme
        display_toolbar=False,
        padding_x=0.0,
        padding_y=0.0,
        layout={"width": "100%", "height": f"{_HEIGHT}px", "min_width": "0"},
    )
    figure.add_class("innerview-chart")
    return figure


def _lines(scales: dict[str, Any], **look: Any) -> Lines:
    nothing = np.ones(2)  # of which a logarithmic scale makes numbers as well
    return Lines(
        x=nothing,
        y=nothing,
        scales=scales,
        visible=False,
        preserve_domain=_PRESERVED,
        interactions={},
        **{"stroke_width": 1.5, **look},
    )


def _draw(mark: Lines, lines: Sequence[Line]) -> None:
    """Give a mark these lines, in one message."""
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


def _event_colour(kind: str) -> str:
    return {"action": RED, "undo": COLOURS[2], "error": RED, "finding": COLOURS[1]}.get(kind, GREY)


def _most_telling(events: Sequence[Event]) -> list[Event]:
    """At most so many events as can be told apart: epochs go first."""
    if len(events) <= _MOST_EVENTS:
        return list(events)
    return [event for event in events if event.kind != "epoch"][-_MOST_EVENTS:]


# A clear pixel, until there is a picture.
_CLEAR = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010804000000b51c0c02"
    "0000000b4944415478da6364f80f00010501012718e3660000000049454e44ae426082"
)
