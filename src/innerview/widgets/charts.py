"""The bqplot charts that are made for one set of numbers and show no other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from innerview.widgets.bqplot_parts import GREY, PLAIN, RED, Chart, bqplot, round_ticks

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from innerview.analysis.spaces.similarity import CosineHistogram

    Measure = Literal["density", "pairs", "log"]

_LEAST = 0.8  # of an axis with a logarithmic scale: one pair is still seen, none is not
_MARGIN = {"top": 28, "bottom": 42, "left": 52, "right": 12}  # pixels


class CosineChart(Chart):
    """A histogram of cosine similarities: all pairs in grey, those with the same label in red.

    It is made for one histogram and shows no other: bqplot 0.13 listens to a mark's new numbers a moment before it has
    the scales to draw them with ("Cannot read properties of undefined (reading 'x')" in the page's console), so numbers
    that follow quickly upon the first would be lost.

    With the measure "density" each of the two has area 1, so that their shapes can be compared; "pairs" and "log" count
    pairs, the latter on a logarithmic scale. The height is in pixels.
    """

    def __init__(
        self, histogram: CosineHistogram, title: str, measure: Measure = "density", *, height: int = 200
    ) -> None:
        bq = bqplot()
        log = measure == "log"
        floor = _LEAST if log else 0.0
        both = histogram.same + histogram.other
        heights = {
            colour: _heights(counts, histogram.edges, measure)
            for colour, counts in ((GREY, both), (RED, histogram.same))
            if counts.any()
        }
        highest = max((float(height.max()) for height in heights.values()), default=1.0)
        # Activations after a ReLU never differ by more than 90 degrees: half of the chart would be empty.
        least = -1.0 if both[histogram.edges[1:] <= 0].any() else 0.0
        self._x = bq.LinearScale(min=least, max=1.0, allow_padding=False)
        self._y = bq.LogScale(min=_LEAST, max=highest * 2.0) if log else bq.LinearScale(min=0.0, max=highest * 1.05)
        self._lines = {}
        for colour, tops in heights.items():
            x, y = _outline(histogram.edges, tops, floor)
            self._lines[colour] = bq.Lines(
                x=x,
                y=y,
                scales={"x": self._x, "y": self._y},
                colors=[colour],
                fill="bottom",
                fill_colors=[colour],
                fill_opacities=[0.3],
                stroke_width=1.25,
            )
        label, number = ("density", "~g") if measure == "density" else ("pairs", "~s")
        ticks = _decades(highest) if log else round_ticks(0.0, highest, 5)
        left = _left(self._y, label, tick_format=number, tick_values=ticks)
        axes = [_below(self._x, "cosine similarity", num_ticks=5), left]
        lines = list(self._lines.values())
        super().__init__(title, lines, axes, margin=_MARGIN, height=height, others=[self._x, self._y])


class RankCurve(NamedTuple):
    """A curve of an ``AccuracyChart``: values from 0 to 1 and their intervals, NaN for none; ``[K]`` each.

    ``ranks`` are ranks, or parts of the full rank.
    """

    ranks: np.ndarray
    values: np.ndarray
    low: np.ndarray
    high: np.ndarray
    colour: str
    style: str


class AccuracyChart(Chart):
    """Accuracy against rank, a line with its interval for each curve, and a point for each rank evaluated.

    Like ``CosineChart`` it is made for one set of curves and shows no other. ``baseline`` is a line across; ``clicked``
    is called with the number of a curve and the place of its point that was clicked. With ``parts`` the ranks are parts
    of the full rank.
    """

    def __init__(
        self,
        curves: Sequence[RankCurve],
        label: str,
        baseline: float | None,
        clicked: Callable[[int, int], None],
        *,
        parts: bool = False,
    ) -> None:
        bq = bqplot()
        highest = 1.0 if parts else max(2.0, *(float(curve.ranks[-1]) for curve in curves))
        lowest = 0.9 * min(float(curve.ranks[0]) for curve in curves) if parts else 0.9
        x = bq.LogScale(min=lowest, max=highest * 1.1)
        y = bq.LinearScale(min=0.0, max=1.02)
        scales = {"x": x, "y": y}
        marks: list[Any] = []
        if baseline is not None:
            ends = np.array([lowest, highest * 1.1])
            marks.append(bq.Lines(x=ends, y=np.full(2, baseline), scales=scales, colors=[GREY], stroke_width=1.0))
        across, form = ("part of the full rank", ".0%") if parts else ("rank", ",d")
        self.points: list[Any] = []
        for number, curve in enumerate(curves):
            if np.isfinite(curve.low).all() and len(curve.ranks) > 1:
                band = bq.Lines(
                    x=curve.ranks,
                    y=np.stack([curve.low, curve.high]),
                    scales=scales,
                    colors=[curve.colour] * 2,
                    opacities=[0.0, 0.0],
                    fill="between",
                    fill_colors=[curve.colour] * 2,
                    fill_opacities=[0.14, 0.14],
                )
                marks.append(band)

            def choose(_: object, content: Any, number: int = number) -> None:
                clicked(number, int(content["data"]["index"]))

            shared = {"x": curve.ranks, "y": curve.values, "scales": scales, "colors": [curve.colour]}
            marks.append(bq.Lines(**shared, line_style=curve.style, stroke_width=1.5))
            tooltip = bq.Tooltip(fields=["x", "y"], labels=[across, label], formats=[form, ".1%"])
            dots = bq.Scatter(**shared, default_size=36, tooltip=tooltip)
            dots.on_element_click(choose)
            self.points.append(dots)
        self._up = _left(y, label, tick_format=".0%", tick_values=np.linspace(0.0, 1.0, 6))
        # The points lie above all lines, so that each can be clicked.
        marks += self.points
        ticks = 2.0 ** np.arange(np.ceil(np.log2(lowest)), 1) if parts else _powers(highest)
        axes = [_below(x, across, tick_format=form, tick_values=ticks), self._up]
        others = [*(dots.tooltip for dots in self.points), x, y]
        super().__init__("", marks, axes, margin={**_MARGIN, "top": 8}, height=280, others=others)


def _below(scale: Any, label: str, **ticks: Any) -> Any:
    return bqplot().Axis(scale=scale, label=label, label_offset="30px", **ticks, **PLAIN)


def _left(scale: Any, label: str, **ticks: Any) -> Any:
    return bqplot().Axis(scale=scale, side="left", label=label, label_offset="40px", **ticks, **PLAIN)


def _powers(highest: float) -> np.ndarray:
    """Powers of two up to the highest, at most nine of them."""
    count = int(np.log2(max(2.0, highest))) + 1
    return 2.0 ** np.arange(0, count, 1 + (count - 1) // 9)


def _heights(counts: np.ndarray, edges: np.ndarray, measure: Measure) -> np.ndarray:
    heights = counts.astype(float)
    return heights / (heights.sum() * np.diff(edges)) if measure == "density" else heights


def _outline(edges: np.ndarray, heights: np.ndarray, floor: float) -> tuple[np.ndarray, np.ndarray]:
    """The outline of bars, from the first that is not empty to the last, so that nothing is drawn along the axis."""
    filled = np.flatnonzero(heights)
    first, last = filled[0], filled[-1] + 1
    tops = np.maximum(heights[first:last], floor)
    return np.repeat(edges[first : last + 1], 2), np.r_[floor, np.repeat(tops, 2), floor]


def _decades(highest: float) -> np.ndarray:
    """At most five powers of ten from 1 to the highest."""
    decades = int(np.log10(max(highest, 1.0)))
    return 10.0 ** np.arange(0, decades + 1, 1 + decades // 5)
