"""The parts of every bqplot chart: the library, the colours, the figure, the ticks of its axes.

bqplot draws SVG; its text and axes follow JupyterLab's theme by themselves, and what is drawn between them is of tones
that stand out from white and from black.
"""

from __future__ import annotations

import warnings
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

GREY, RED = "#8b929c", "#e0453a"
COLOURS = ("#3f8fd6", "#e08a3c", "#3fa66f", "#a978d0", "#c76d6d", "#8a8f3a")  # stand out from each other
INK = "var(--jp-ui-font-color1, #444)"  # bqplot's own is orange in the dark theme
PLAIN: Any = {"grid_lines": "none", "label_color": INK}  # of an axis
_MOST = 4  # ticks


@cache
def bqplot() -> Any:
    """The library."""
    # Here, not above: most sessions draw no chart, and the import takes a tenth of a second.
    with warnings.catch_warnings():
        # bqscales 0.3.7 gives its trait Date an argument that traitlets has deprecated since 4.1.
        warnings.simplefilter("ignore", DeprecationWarning)
        import bqplot.interacts  # noqa: PLC0415 - the brushes, which bqplot does not import by itself
    return bqplot


class Chart:
    """A bqplot figure as wide as its place, to be put into a layout, and the other widgets that belong to it.

    Its marks go from the lowest to the topmost; its margin and its height are in pixels.
    """

    def __init__(
        self,
        title: str,
        marks: Sequence[Any],
        axes: Sequence[Any],
        *,
        margin: Mapping[str, int],
        height: int,
        interaction: Any = None,
        others: Sequence[Any] = (),
    ) -> None:
        self.figure = bqplot().Figure(
            title=title,
            marks=list(marks),
            axes=list(axes),
            interaction=interaction,
            fig_margin=dict(margin),
            title_style={"font-size": "12px", "fill": INK},
            background_style={"fill": "transparent"},  # bqplot's own is black in the dark theme
            display_toolbar=False,
            padding_y=0.0,
            layout={"width": "100%", "height": f"{height}px", "min_width": "0"},
        )
        self.figure.add_class("innerview-chart")
        self._others = others

    @property
    def parts(self) -> list[Any]:
        """Every widget of the figure that the browser knows."""
        figure = self.figure
        unused = [figure.scale_x, figure.scale_y]  # which a Figure makes for marks without scales
        brush = [] if figure.interaction is None else [figure.interaction]
        return [*figure.marks, *figure.axes, *brush, *unused, figure.layout, figure]

    def close(self) -> None:
        """Let go of everything in the browser and in the kernel."""
        for part in [*self.parts, *self._others]:
            part.close()


def round_ticks(low: float, high: float, most: int = _MOST) -> np.ndarray:
    """Return at most ``most`` round numbers, evenly spaced, between two numbers."""
    power = 10.0 ** np.floor(np.log10(high - low))
    steps = [part * power for part in (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)]
    step = next(one for one in steps if np.floor(high / one) - np.ceil(low / one) < most)
    # Whole multiples, rounded: 3 * 0.1 would be written with all its digits.
    return np.array(
        [float(f"{place * step:.12g}") for place in np.arange(np.ceil(low / step), np.floor(high / step) + 1)]
    )


def log_ticks(low: float, high: float) -> np.ndarray:
    """Return a few round numbers between two positive ones, spaced for a logarithmic scale."""
    first, last = int(np.floor(np.log10(low))), int(np.ceil(np.log10(high)))
    for parts in ((1, 2, 5), (1, 3), (1,)):
        ticks = [part * 10.0**power for power in range(first, last + 1) for part in parts]
        ticks = [tick for tick in ticks if low <= tick <= high]
        if len(ticks) <= _MOST:
            break
    if not ticks:
        return round_ticks(low, high)
    return np.array(ticks[:: -(-len(ticks) // _MOST)])
