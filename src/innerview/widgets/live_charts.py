"""The two kinds of charts of a training run, which are changed in place while it goes on: lines, and a heat map."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets
import numpy as np

from innerview.widgets.bqplot_parts import INK, PLAIN, Chart, bqplot
from innerview.widgets.event_marks import ROW, EventMarks
from innerview.widgets.histogram_picture import histogram_picture
from innerview.widgets.line_marks import PRESERVED, Ordinate
from innerview.widgets.page import reachable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from innerview.training.series import LayerSeries
    from innerview.widgets.event_marks import EventMark
    from innerview.widgets.line_marks import Line
    from innerview.widgets.time_axis import TimeAxis


# In pixels.
_HEIGHT = 212
_TOP, _BOTTOM, _SIDE, _RIGHT = 22, 24, 54, 16
_FONT = 12


class TimeChart(Chart):
    """A figure over the steps of a run, with what happened during it; what else it shows is said by a subclass.

    The marks ``under`` are below the lines of what happened, those ``over`` above; ``axes`` come besides that of the
    steps, one of them at the right where there is a ``right`` one.
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
        others: Sequence[Any] = (),
    ) -> None:
        self._time = time
        self._events = EventMarks(time)
        self._rows = 0
        self._brush = time.brush(list(over))
        super().__init__(
            title,
            [*under, *self._events.marks, *over],
            [time.axis(), *axes],
            margin={"top": _TOP, "bottom": _BOTTOM, "left": _SIDE, "right": _SIDE if right else _RIGHT},
            height=_HEIGHT,
            interaction=self._brush,
            others=[*others, self._events.upright],
        )
        self._name(title, INK)
        for part in self.parts:
            reachable(part)

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


class LiveChart(TimeChart):
    """Lines on a left axis, and dotted ones on a right one."""

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
        self._left = Ordinate(time, logarithmic=logarithmic)
        self._right = Ordinate(time, logarithmic=right_logarithmic, dotted=True) if right else None
        axes = [self._left.axis("left", tick_format)]
        lines = list(self._left.marks)
        if self._right is not None:
            axes.append(self._right.axis("right", "~g"))
            lines += self._right.marks
        others = [*self._left.parts, *(self._right.parts if self._right else [])]
        super().__init__(time, title, over=lines, axes=axes, right=right, others=others)

    def show(
        self,
        lines: Sequence[Line],
        *,
        dashed: Sequence[Line] = (),
        right: Sequence[Line] = (),
        bands: Sequence[Line] = (),
        events: Sequence[EventMark] = (),
        title: str | None = None,
    ) -> None:
        """Draw these in place of what was drawn before; bands are pairs of lines with the area between them filled."""
        self._left.show(lines, dashed, bands)
        if self._right is not None:
            self._right.show(right, (), ())
        self._mark(events)
        self._name(self.figure.title if title is None else title, INK)


class HeatChart(TimeChart):
    """The histograms of a layer's activations over time."""

    def __init__(self, time: TimeAxis) -> None:
        bq = bqplot()
        self._y = bq.LinearScale(min=0.0, max=1.0, allow_padding=False)
        layout = ipywidgets.Layout()
        # By turns: a mark listens for another image, and not for the same one with other bytes.
        self._images = [ipywidgets.Image(value=_CLEAR, format="png", layout=layout) for _ in range(2)]
        self._image = bq.Image(
            image=self._images[0],
            x=[0, 1],
            y=[0, 1],
            scales={"x": time.scale, "y": self._y},
            preserve_domain=PRESERVED,
            interactions={},
        )
        self._up = bq.Axis(scale=self._y, side="left", tick_values=[], **PLAIN)
        super().__init__(time, "", under=[self._image], axes=[self._up], others=[self._y, *self._images, layout])

    def show(self, series: LayerSeries, title: str, colour: str, events: Sequence[EventMark] = ()) -> None:
        """Draw a layer, and the events of the run."""
        self._mark(events)
        self._name(title, colour)
        picture = histogram_picture(series.steps, series.spans, series.histogram, self._time.between)
        if picture is None:
            return
        self._images.reverse()
        self._images[0].value = picture.png
        with self._image.hold_sync():
            self._image.image = self._images[0]
            self._image.x, self._image.y = np.array(picture.x), np.array(picture.y)
        if (self._y.min, self._y.max) != picture.y:
            with self._y.hold_sync():
                self._y.min, self._y.max = picture.y
            with self._up.hold_sync():
                self._up.tick_labels = {f"{at:g}": text for text, at in picture.ticks.items()}
                self._up.tick_values = np.array(list(picture.ticks.values()))


# A clear pixel, until there is a picture.
_CLEAR = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010804000000b51c0c02"
    "0000000b4944415478da6364f80f00010501012718e3660000000049454e44ae426082"
)
