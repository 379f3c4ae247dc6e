"""Lines of a chart that are changed in place while they are seen.

What makes that safe in bqplot 0.13: a mark's x and y travel in one message; and the ends of both scales are set by us,
so that new numbers never move a scale while a mark is being built.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from innerview.widgets.bqplot_parts import bqplot

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PRESERVED = {"x": True, "y": True}


class Line(NamedTuple):
    """One line of a chart: steps and values, ``[R]`` each, where NaN leaves a gap; the colour is one of CSS."""

    steps: np.ndarray
    values: np.ndarray
    colour: str


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
