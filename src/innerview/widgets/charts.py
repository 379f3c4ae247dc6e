"""Every bqplot figure, each with a method that shows new numbers in it.

bqplot draws SVG; its text and axes follow JupyterLab's theme by themselves, and what is drawn between them is of tones
that stand out from white and from black.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from innerview.analysis.similarity import CosineHistogram

    Measure = Literal["density", "pairs", "log"]

GREY, RED = "#8b929c", "#e0453a"
_LEAST = 0.8  # of an axis with a logarithmic scale: one pair is still seen, none is not
_MARGIN = {"top": 28, "bottom": 34, "left": 52, "right": 12}  # pixels


class CosineChart:
    """A histogram of cosine similarities: all pairs in grey, those with the same label in red.

    Args:
        measure: "density": each of the two has area 1, so that their shapes can be compared; "pairs": how many;
            "log": how many, on a logarithmic scale.

    Attributes:
        figure: the bqplot Figure, to be put into a layout.
    """

    def __init__(self, measure: Measure = "density") -> None:
        # Here, not above: most sessions draw no chart, and the import takes a tenth of a second.
        with warnings.catch_warnings():
            # bqscales 0.3 gives its trait Date an argument that traitlets has deprecated since 4.1.
            warnings.simplefilter("ignore", DeprecationWarning)
            from bqplot.axes import Axis  # noqa: PLC0415
            from bqplot.figure import Figure  # noqa: PLC0415
            from bqplot.marks import Lines  # noqa: PLC0415
            from bqplot.scales import LinearScale, LogScale  # noqa: PLC0415

        self.measure = measure
        self._x = LinearScale(min=-1.0, max=1.0, allow_padding=False)
        scale = LogScale(min=_LEAST) if measure == "log" else LinearScale(min=0.0)
        self._lines = [
            Lines(
                x=[-1.0, 1.0],
                y=[_LEAST, _LEAST],
                scales={"x": self._x, "y": scale},
                colors=[colour],
                fill="bottom",
                fill_colors=[colour],
                fill_opacities=[0.3],
                stroke_width=1.25,
                visible=False,
            )
            for colour in (GREY, RED)
        ]
        self._axes = [
            Axis(scale=self._x, label="cosine similarity", num_ticks=5, grid_lines="none"),
            Axis(
                scale=scale,
                orientation="vertical",
                label="density" if measure == "density" else "pairs",
                label_offset="40px",
                num_ticks=4,
                tick_format=".2~g" if measure == "density" else "~s",
                grid_lines="none",
            ),
        ]
        self.figure = Figure(
            marks=self._lines,
            axes=self._axes,
            fig_margin=_MARGIN,
            title_style={"font-size": "12px"},
            display_toolbar=False,
            padding_y=0.05,
            layout={"width": "100%", "height": "200px", "min_width": "0"},
        )
        self.figure.add_class("innerview-chart")
        self._parts = [*self._lines, *self._axes, self._x, scale, self.figure]

    def show(self, histogram: CosineHistogram | None, title: str) -> None:
        """Draw a histogram; None leaves the chart empty."""
        self.figure.title = title
        both = [] if histogram is None else [histogram.same + histogram.other, histogram.same]
        for line, counts in zip(self._lines, both or [None, None], strict=True):
            if histogram is None or counts is None or not counts.any():
                line.visible = False
                continue
            heights = counts.astype(float)
            if self.measure == "density":
                heights /= heights.sum() * np.diff(histogram.edges)
            elif self.measure == "log":
                heights = np.maximum(heights, _LEAST)
            with line.hold_sync():
                line.x, line.y = _steps(histogram.edges, heights)
                line.visible = True
        # Activations after a ReLU make no angle beyond 90 degrees: half of the chart would be empty.
        if histogram is not None:
            self._x.min = -1.0 if both[0][histogram.edges[1:] <= 0].any() else 0.0

    def close(self) -> None:
        """Let go of everything in the browser and in the kernel."""
        for part in self._parts:
            part.close()


def _steps(edges: np.ndarray, heights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The outline of bars, from the first that is not lowest to the last, so that nothing is drawn along the axis."""
    high = np.flatnonzero(heights > heights.min())
    first, last = (high[0], high[-1] + 1) if len(high) else (0, len(heights))
    lowest = heights.min()
    x = np.repeat(edges[first : last + 1], 2)
    return x, np.r_[lowest, np.repeat(heights[first:last], 2), lowest]
