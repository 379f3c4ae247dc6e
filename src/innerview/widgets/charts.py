"""Every bqplot figure.

bqplot draws SVG; its text and axes follow JupyterLab's theme by themselves, and what is drawn between them is of tones
that stand out from white and from black.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from innerview.analysis.similarity import CosineHistogram

    Measure = Literal["density", "pairs", "log"]

GREY, RED = "#8b929c", "#e0453a"
_INK = "var(--jp-ui-font-color1, #444)"  # bqplot's own is orange in the dark theme
_PLAIN: Any = {"grid_lines": "none", "label_color": _INK}
_LEAST = 0.8  # of an axis with a logarithmic scale: one pair is still seen, none is not
_MARGIN = {"top": 28, "bottom": 42, "left": 52, "right": 12}  # pixels


class CosineChart:
    """A histogram of cosine similarities: all pairs in grey, those with the same label in red.

    It is made for one histogram and shows no other: bqplot 0.13 listens to a mark's new numbers a moment before it has
    the scales to draw them with ("Cannot read properties of undefined (reading 'x')" in the page's console), so numbers
    that follow quickly upon the first would be lost.

    Args:
        histogram: what to draw.
        title: above it.
        measure: "density": each of the two has area 1, so that their shapes can be compared; "pairs": how many;
            "log": how many, on a logarithmic scale.
        height: of the figure, in pixels.

    Attributes:
        figure: the bqplot Figure, to be put into a layout.
    """

    def __init__(
        self, histogram: CosineHistogram, title: str, measure: Measure = "density", *, height: int = 200
    ) -> None:
        # Here, not above: most sessions draw no chart, and the import takes a tenth of a second.
        with warnings.catch_warnings():
            # bqscales 0.3.7 gives its trait Date an argument that traitlets has deprecated since 4.1.
            warnings.simplefilter("ignore", DeprecationWarning)
            from bqplot.axes import Axis  # noqa: PLC0415
            from bqplot.figure import Figure  # noqa: PLC0415
            from bqplot.marks import Lines  # noqa: PLC0415
            from bqplot.scales import LinearScale, LogScale  # noqa: PLC0415

        log = measure == "log"
        floor = _LEAST if log else 0.0
        both = histogram.same + histogram.other
        heights = {
            colour: _heights(counts, histogram.edges, measure)
            for colour, counts in ((GREY, both), (RED, histogram.same))
            if counts.any()
        }
        highest = max((float(height.max()) for height in heights.values()), default=1.0)
        # Activations after a ReLU make no angle beyond 90 degrees: half of the chart would be empty.
        least = -1.0 if both[histogram.edges[1:] <= 0].any() else 0.0
        self._x = LinearScale(min=least, max=1.0, allow_padding=False)
        self._y = LogScale(min=_LEAST, max=highest * 2.0) if log else LinearScale(min=0.0, max=highest * 1.05)
        self._lines = {}
        for colour, tops in heights.items():
            x, y = _outline(histogram.edges, tops, floor)
            self._lines[colour] = Lines(
                x=x,
                y=y,
                scales={"x": self._x, "y": self._y},
                colors=[colour],
                fill="bottom",
                fill_colors=[colour],
                fill_opacities=[0.3],
                stroke_width=1.25,
            )
        self._across = Axis(scale=self._x, label="cosine similarity", label_offset="30px", num_ticks=5, **_PLAIN)
        self._up = Axis(
            scale=self._y,
            side="left",
            label="density" if measure == "density" else "pairs",
            label_offset="40px",
            tick_format="~g" if measure == "density" else "~s",
            tick_values=_ticks(highest, logarithmic=log),
            **_PLAIN,
        )
        self.figure = Figure(
            title=title,
            marks=list(self._lines.values()),
            axes=[self._across, self._up],
            fig_margin=_MARGIN,
            title_style={"font-size": "12px", "fill": _INK},
            background_style={"fill": "transparent"},  # bqplot's own is black in the dark theme
            display_toolbar=False,
            padding_y=0.0,
            layout={"width": "100%", "height": f"{height}px", "min_width": "0"},
        )
        self.figure.add_class("innerview-chart")
        unused = [self.figure.scale_x, self.figure.scale_y]  # which a Figure makes for marks without scales
        self._parts = [*self._lines.values(), self._across, self._up, self._x, self._y, *unused, self.figure]

    def close(self) -> None:
        """Let go of everything in the browser and in the kernel."""
        for part in self._parts:
            part.close()


def _heights(counts: np.ndarray, edges: np.ndarray, measure: Measure) -> np.ndarray:
    heights = counts.astype(float)
    return heights / (heights.sum() * np.diff(edges)) if measure == "density" else heights


def _outline(edges: np.ndarray, heights: np.ndarray, floor: float) -> tuple[np.ndarray, np.ndarray]:
    """The outline of bars, from the first that is not empty to the last, so that nothing is drawn along the axis."""
    filled = np.flatnonzero(heights)
    first, last = filled[0], filled[-1] + 1
    tops = np.maximum(heights[first:last], floor)
    return np.repeat(edges[first : last + 1], 2), np.r_[floor, np.repeat(tops, 2), floor]


def _ticks(highest: float, *, logarithmic: bool) -> np.ndarray:
    """At most five round numbers from 0, or from 1, to the highest."""
    if logarithmic:
        decades = int(np.log10(max(highest, 1.0)))
        return 10.0 ** np.arange(0, decades + 1, 1 + decades // 5)
    power = 10.0 ** np.floor(np.log10(highest))
    step = next(part * power for part in (0.2, 0.5, 1.0, 2.0, 5.0) if highest / (part * power) < 5)  # noqa: PLR2004
    return np.arange(0.0, highest * 1.0001, step)
