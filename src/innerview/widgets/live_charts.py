"""The two kinds of charts of a training run, which are changed in place while it goes on: lines, and a heat map."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ipywidgets
import numpy as np

from innerview.widgets.bqplot_parts import COLOURS, GREY, PLAIN, RED, bqplot, close_figure, make_figure
from innerview.widgets.histogram_picture import histogram_picture
from innerview.widgets.line_marks import PRESERVED, Line, draw_lines, make_lines
from innerview.widgets.ordinate import Ordinate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from innerview.training.record import Event, Series
    from innerview.widgets.time_axis import TimeAxis

_MOST_EVENTS = 60
_HEIGHT = 200
_MARGIN = {"top": 30, "bottom": 24, "left": 48, "right": 16}


class LiveChart:
    """A figure over the steps of a run: lines on a left axis, and on a right one; events as vertical marks.

    Args:
        time: the steps, shared by all charts.
        title: above it.
        logarithmic: the left axis.
        right: whether there is a right axis, whose lines are dotted.
        right_logarithmic: the right axis.
        tick_format: of the left axis.

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
        self._left = Ordinate(time, logarithmic=logarithmic)
        self._right = Ordinate(time, logarithmic=right_logarithmic, dotted=True) if right else None
        self._upright = bqplot().LinearScale(min=0.0, max=1.0, allow_padding=False)
        self._events = make_lines({"x": time.scale, "y": self._upright}, stroke_width=1.0, opacities=[0.55])
        axes = [time.axis(), self._left.axis("left", tick_format)]
        lines = list(self._left.marks)
        if self._right is not None:
            axes.append(self._right.axis("right", "~g"))
            lines += self._right.marks
        self._brush = time.brush(lines)
        self.figure = make_figure(
            title,
            [self._events, *lines],
            axes,
            margin={**_MARGIN, "right": _MARGIN["left"]} if right else _MARGIN,
            height=_HEIGHT,
            interaction=self._brush,
        )
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
        close_figure(self.figure, [self._upright, *self._left.parts, *(self._right.parts if self._right else [])])

    def _mark(self, events: Sequence[Event]) -> None:
        wanted = [(event.step, _event_colour(event.kind)) for event in _most_telling(events)]
        if wanted == self._marked:
            return
        self._marked = wanted
        upright = [Line(np.array([at, at], float), np.array([0.0, 1.0]), colour) for at, colour in wanted]
        draw_lines(self._events, upright)


class HeatChart:
    """The histograms of a layer's activations over time.

    Args:
        time: the steps, shared by all charts.

    Attributes:
        figure: the bqplot Figure, to be put into a layout.
    """

    def __init__(self, time: TimeAxis) -> None:
        self._time = time
        bq = bqplot()
        self._y = bq.LinearScale(min=0.0, max=1.0, allow_padding=False)
        self._layout = ipywidgets.Layout()
        # By turns: a mark listens for another image, and not for the same one with other bytes.
        self._images = [ipywidgets.Image(value=_CLEAR, format="png", layout=self._layout) for _ in range(2)]
        self._mark = bq.Image(
            image=self._images[0],
            x=[0, 1],
            y=[0, 1],
            scales={"x": time.scale, "y": self._y},
            preserve_domain=PRESERVED,
            interactions={},
        )
        self._up = bq.Axis(scale=self._y, side="left", tick_values=[], **PLAIN)
        self.figure = make_figure(
            "", [self._mark], [time.axis(), self._up], margin=_MARGIN, height=_HEIGHT, interaction=time.brush([])
        )

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
