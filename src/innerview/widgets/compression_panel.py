"""The compression panel: a layer compressed, the difference it makes, and accuracy against rank."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import ipywidgets
import numpy as np
from traitlets import Bool

from innerview.arguments import strict
from innerview.errors import InnerviewError
from innerview.study.compression_results import Compression, CompressionSpec, compression_table, curve_of
from innerview.widgets.base import require_inspector
from innerview.widgets.charts import AccuracyChart, RankCurve
from innerview.widgets.compression_controls import CompressionControls
from innerview.widgets.compression_settings import BASIS_NAMES
from innerview.widgets.rank_similarity import RankSimilarity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from innerview.session.inspector import Inspector
    from innerview.widgets.compression_settings import Series

# Clear of each other and of both themes' grounds: those of the scatter, js/src/scatter/palette.ts.
_HUES = ["#2f7fd0", "#f28518", "#239b46", "#d8353a", "#8f62d6", "#8f5a38", "#f07fc4", "#dcb400", "#18b3c9", "#94b81f"]
_STYLES = {"pca": "solid", "random": "dashed", "variance": "dotted", "quantise": "dash_dotted"}
_BORDERS = {"solid": "solid", "dashed": "dashed", "dotted": "dotted", "dash_dotted": "double"}


class CompressionPanel(ipywidgets.VBox):
    """Compress the inspector's layer, and see the loss in its channels and the accuracy that the network keeps.

    Args:
        inspector: whose model and data are looked at.
        active: whether to compute now; the panel catches up when ``active`` is set to true.

    Attributes:
        active: whether the panel computes (observable).
        controls: the view with the slider; ``controls.choose`` does what a click does.
    """

    active = Bool(default_value=True)
    inspector: Inspector | None = None

    @strict
    def __init__(self, inspector: Inspector, *, active: bool = True) -> None:
        require_inspector(self, inspector)
        self.controls = CompressionControls(inspector, active=active)
        self._chart: AccuracyChart | None = None
        self._before: AccuracyChart | None = None
        # HTML for the sake of the coloured lines; layer names are escaped.
        self._legend = ipywidgets.HTML()
        self._legend.add_class("innerview-compression-legend")
        self._charts = ipywidgets.VBox()
        self._charts.add_class("innerview-compression-charts")
        self._similarity = RankSimilarity(inspector, self.controls)
        super().__init__([self.controls, self._charts, self._similarity], active=active)
        self.add_class("innerview")
        self.add_class("innerview-compression")
        self.inspector = inspector
        self.observe(lambda change: self.controls.set_trait("active", change["new"]), "active")
        self.controls.observe(lambda _: self._draw(), "studied")

    def to_frame(self) -> Any:
        """The results so far as a pandas DataFrame; see ``innerview.study.compression_results.compression_table``."""
        return compression_table(point for points in self.controls.curves.values() for point in points)

    def close(self) -> None:
        """Close the panel, and let go of the inspector; that stays open."""
        inspector, self.inspector = self.inspector, None
        if inspector is not None:
            self.controls.unobserve_all("studied")
            self._similarity.close()
            for chart in (self._before, self._chart):
                if chart is not None:
                    chart.close()
            for widget in (self.controls, self._legend, self._charts):
                widget.close()
            self._before = self._chart = None
        super().close()

    def _draw(self) -> None:
        curves = self.controls.curves
        if self.inspector is None:
            return
        if self._before is not None:
            self._before.close()
        # The page may still be building the last one: it is let go when the next but one comes.
        self._before, self._chart = self._chart, None
        if not curves:
            self._charts.children = []
            return
        colours = _colours(list(curves))
        points = [point for some in curves.values() for point in some]
        labelled = any(point.accuracy is not None for point in points)
        drawn = [_drawn(one, some, colours[one], labelled=labelled) for one, some in curves.items()]
        keys = list(curves)
        self._chart = AccuracyChart(
            drawn,
            "accuracy" if labelled else "agreement",
            # Of those evaluated on most samples: all are the same at the end.
            max(points, key=lambda point: point.evaluated).baseline_accuracy if labelled else None,
            lambda number, rank: self._clicked(keys[number], rank),
        )
        self._legend.value = _legend(keys, colours)
        self._charts.children = [self._chart.figure, self._legend]

    def _clicked(self, series: Series, rank: int) -> None:
        try:
            self.controls.choose(CompressionSpec(series.layer, rank, series.basis, series.axis), series.also)
        except InnerviewError as error:
            self.controls.show_error("choose", error)


def _drawn(series: Series, points: Sequence[Compression], colour: str, *, labelled: bool) -> RankCurve:
    curve = curve_of(list(points))
    values = curve.accuracy if labelled else np.array([point.agreement for point in points])
    return RankCurve(curve.ranks, values, curve.low, curve.high, colour, _STYLES[series.basis])


def _colours(keys: Sequence[Series]) -> dict[Series, str]:
    """A colour for each layer, axis and others with it, whatever the basis."""
    places = list(dict.fromkeys(key._replace(basis="") for key in keys))
    return {key: _HUES[places.index(key._replace(basis="")) % len(_HUES)] for key in keys}


def _legend(keys: Sequence[Series], colours: dict[Series, str]) -> str:
    def item(key: Series) -> str:
        dash = f"border-top: 2px {_BORDERS[_STYLES[key.basis]]} {colours[key]}"
        others = [f"with {spec.layer} to {spec.rank:,}" for spec in key.also]
        words = escape(", ".join([key.layer, key.axis, BASIS_NAMES[key.basis], *others]))
        return (
            f'<span class="innerview-compression-curve"><i class="innerview-compression-dash" style="{dash}"></i>'
            f"{words}</span>"
        )

    return "".join(item(key) for key in keys)
