"""A histogram of cosine similarities."""

from __future__ import annotations

from typing import Any

import numpy as np

from innerview.figures.parts import GREY, PINK, below, bqplot, figure, left, round_ticks


def cosine_figure(edges: np.ndarray, same: np.ndarray, other: np.ndarray, title: str) -> Any:
    """All pairs in grey, those with the same label in pink; each of area 1, so that their shapes can be compared.

    Args:
        edges: ``[B + 1]``, ascending, equally spaced.
        same: ``[B]``, pairs with the same label.
        other: ``[B]``, pairs with different labels, or all where there are no labels.
        title: of the figure.
    """
    bq, both = bqplot(), same + other
    heights = {
        colour: counts / (counts.sum() * np.diff(edges))
        for colour, counts in ((GREY, both), (PINK, same))
        if counts.any()
    }
    highest = max((float(height.max()) for height in heights.values()), default=1.0)
    # Activations after a ReLU never differ by more than 90 degrees: half of the figure would be empty.
    least = -1.0 if both[edges[1:] <= 0].any() else 0.0
    x = bq.LinearScale(min=least, max=1.0, allow_padding=False)
    y = bq.LinearScale(min=0.0, max=highest * 1.05)
    marks = []
    for colour, tops in heights.items():
        across, up = _outline(edges, tops)
        look = {"colors": [colour], "fill_colors": [colour], "fill": "bottom", "fill_opacities": [0.3]}
        marks.append(bq.Lines(x=across, y=up, scales={"x": x, "y": y}, stroke_width=1.25, **look))
    ticks = round_ticks(0.0, highest, 5)
    return figure(title, marks, [below(x, "cosine similarity", num_ticks=5), left(y, "density", tick_values=ticks)])


def _outline(edges: np.ndarray, heights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The outline of bars, from the first that is not empty to the last, so that nothing is drawn along the axis."""
    filled = np.flatnonzero(heights)
    first, last = filled[0], filled[-1] + 1
    return np.repeat(edges[first : last + 1], 2), np.r_[0.0, np.repeat(heights[first:last], 2), 0.0]
