"""The parts of every bqplot chart: the library, the colours, the figure.

bqplot draws SVG; its text and axes follow JupyterLab's theme by themselves, and what is drawn between them is of tones
that stand out from white and from black.
"""

from __future__ import annotations

import warnings
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

GREY, RED = "#8b929c", "#e0453a"
COLOURS = ("#3f8fd6", "#e08a3c", "#3fa66f", "#a978d0", "#c76d6d", "#8a8f3a")  # stand out from each other
INK = "var(--jp-ui-font-color1, #444)"  # bqplot's own is orange in the dark theme
PLAIN: Any = {"grid_lines": "none", "label_color": INK}  # of an axis


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
