"""The parts of every figure: the library, the colours, the axes, round ticks.

bqplot draws SVG; its text and axes follow JupyterLab's theme by themselves, and what is drawn between them is of tones
that stand out from white and from black.
"""

from __future__ import annotations

import warnings
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

GREY, PINK, BLUE = "#8b929c", "#c2417c", "#3f8fd6"
_INK = "var(--jp-ui-font-color1, #444)"  # bqplot's own is orange in the dark theme
_MARGIN = {"top": 28, "bottom": 42, "left": 56, "right": 12}  # pixels
_MOST = 4  # ticks


@cache
def bqplot() -> Any:
    """The library.

    Raises:
        ImportError: it is not installed.
    """
    # Here, not above: most sessions draw no figure, and the import takes a tenth of a second.
    with warnings.catch_warnings():
        # bqscales 0.3.7 gives its trait Date an argument that traitlets has deprecated since 4.1.
        warnings.simplefilter("ignore", DeprecationWarning)
        import bqplot  # noqa: PLC0415 - see above
    return bqplot


def figure(title: str, marks: Sequence[Any], axes: Sequence[Any]) -> Any:
    """A bqplot Figure of these marks, from the lowest to the topmost."""
    return bqplot().Figure(
        title=title,
        marks=list(marks),
        axes=list(axes),
        fig_margin=_MARGIN,
        title_style={"font-size": "13px", "fill": _INK},
        background_style={"fill": "transparent"},  # bqplot's own is black in the dark theme
        layout={"width": "100%", "min_width": "0", "height": "280px"},
    )


def below(scale: Any, label: str, **ticks: Any) -> Any:
    """The axis below."""
    return _axis(scale, label, label_offset="30px", **ticks)


def left(scale: Any, label: str, **ticks: Any) -> Any:
    """The axis at the left."""
    return _axis(scale, label, side="left", label_offset="42px", **ticks)


def round_ticks(low: float, high: float, most: int = _MOST) -> np.ndarray:
    """Return at most ``most`` round numbers, evenly spaced, between two numbers."""
    power = 10.0 ** np.floor(np.log10(high - low))
    steps = [part * power for part in (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)]
    step = next(one for one in steps if np.floor(high / one) - np.ceil(low / one) < most)
    # Whole multiples, rounded: 3 * 0.1 would be written with all its digits.
    return np.array(
        [float(f"{place * step:.12g}") for place in np.arange(np.ceil(low / step), np.floor(high / step) + 1)]
    )


def _axis(scale: Any, label: str, **look: Any) -> Any:
    return bqplot().Axis(scale=scale, label=label, grid_lines="none", label_color=_INK, **look)
