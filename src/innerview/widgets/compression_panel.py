"""The compression panel: a layer compressed, the difference it makes, and accuracy against rank."""

from __future__ import annotations

from html import escape
from itertools import product
from typing import TYPE_CHECKING, Any

import ipywidgets
import numpy as np
from traitlets import Bool

from innerview.arguments import strict
from innerview.errors import InnerviewError
from innerview.panels.compression_controls import CompressionControls
from innerview.panels.compression_settings import BASIS_NAMES
from innerview.panels.inspector_panel import require_inspector
from innerview.study.compression_results import Compression, CompressionSpec, compression_table, curve_of
from innerview.widgets.charts import AccuracyChart, RankCurve
from innerview.widgets.page import Page
from innerview.widgets.rank_similarity import RankSimilarity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from innerview.panels.compression_settings import Series
    from innerview.session.inspector import Inspector

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
        self._page = Page({"controls": self.controls})
        self._chart: AccuracyChart | None = None
        self._drawn: list[AccuracyChart] = []
        self._before: list[AccuracyChart] = []
        # HTML for the sake of the coloured lines; layer names are escaped.
        self._legend, self._blocks = ipywidgets.HTML(), ipywidgets.HTML()
        for legend in (self._legend, self._blocks):
            legend.add_class("innerview-compression-legend")
        self._charts = ipywidgets.VBox()
        self._charts.add_class("innerview-compression-charts")
        self._similarity = RankSimilarity(inspector, self.controls)
        super().__init__([self._page, self._charts, self._similarity], active=active)
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
            for chart in (*self._before, *self._drawn):
                chart.close()
            for widget in (self._page, self._legend, self._blocks, self._charts):
                widget.close()
            self._before, self._drawn, self._chart = [], [], None
        super().close()

    def _draw(self) -> None:
        if self.inspector is None:
            return
        for chart in self._before:
            chart.close()
        # The page may still be building the last ones: they are let go when the next but one comes.
        self._before, self._drawn = self._drawn, []
        self._charts.children = [*self._by_rank(), *self._by_block()]

    def _by_rank(self) -> list[Any]:
        curves = self.controls.curves
        if not curves:
            return []
        colours, keys = _colours(list(curves)), list(curves)
        drawn = [_drawn(some, colours[one], _STYLES[one.basis]) for one, some in curves.items()]
        self._chart = self._added(drawn, list(curves.values()), [one.also for one in keys])
        items = [(colours[key], _STYLES[key.basis], _words(key)) for key in keys]
        self._legend.value = _legend(items, [point for points in curves.values() for point in points])
        return [self._chart.figure, self._legend]

    def _by_block(self) -> list[Any]:
        compared = self.controls.compared
        if compared is None:
            return []
        looks = list(product(_STYLES.values(), _HUES))
        look = {layer: looks[place % len(looks)] for place, layer in enumerate(compared.curves)}
        drawn = []
        for layer, curve in compared.curves.items():
            style, colour = look[layer]
            one = _drawn(curve.points, colour, style)
            drawn.append(one._replace(ranks=curve.ranks / compared.dimensions[layer]))
        points = [curve.points for curve in compared.curves.values()]
        chart = self._added(drawn, points, [()] * len(points), parts=True)
        items = [(colour, style, layer) for layer, (style, colour) in look.items()]
        self._blocks.value = _legend(items, [point for some in points for point in some])
        return [chart.figure, self._blocks]

    def _added(
        self,
        drawn: Sequence[RankCurve],
        curves: Sequence[Sequence[Compression]],
        also: Sequence[tuple[CompressionSpec, ...]],
        *,
        parts: bool = False,
    ) -> AccuracyChart:
        """A chart of curves; a click on a point compresses as it was compressed there."""

        def clicked(number: int, place: int) -> None:
            point = curves[number][place]
            spec = CompressionSpec(point.layer, point.rank, point.basis, point.axis)
            try:
                self.controls.choose(spec, also[number])
            except InnerviewError as error:
                self.controls.show_error("choose", error)

        points = [point for some in curves for point in some]
        baseline = _baseline(points)
        label = "agreement" if baseline is None else "accuracy"
        chart = AccuracyChart(drawn, label, baseline, clicked, parts=parts)
        self._drawn.append(chart)
        return chart


def _baseline(points: Sequence[Compression]) -> float | None:
    """The accuracy without compression, of the largest part evaluated."""
    return max(points, key=lambda point: point.evaluated).baseline_accuracy


def _drawn(points: Sequence[Compression], colour: str, style: str) -> RankCurve:
    """A curve as it lies below its baseline: each rank by its change against the same samples."""
    curve, top = curve_of(list(points)), _baseline(points)
    values, *bounds = (
        column + (1.0 if top is None else top) for column in (curve.change, curve.change_low, curve.change_high)
    )
    low, high = (np.clip(bound, 0.0, 1.0) for bound in bounds)
    return RankCurve(curve.ranks, values, low, high, colour, style)


def _colours(keys: Sequence[Series]) -> dict[Series, str]:
    """A colour for each layer, axis and others with it, whatever the basis."""
    places = list(dict.fromkeys(key._replace(basis="") for key in keys))
    return {key: _HUES[places.index(key._replace(basis="")) % len(_HUES)] for key in keys}


def _words(key: Series) -> str:
    others = [f"with {spec.layer} to {spec.rank:,}" for spec in key.also]
    return ", ".join([key.layer, key.axis, BASIS_NAMES[key.basis], *others])


def _legend(items: Sequence[tuple[str, str, str]], points: Sequence[Compression]) -> str:
    """Lines of a colour and a style, each with its words; then of how many samples the points are."""

    def item(colour: str, style: str, words: str) -> str:
        dash = f"border-top: 2px {_BORDERS[style]} {colour}"
        return (
            f'<span class="innerview-compression-curve"><i class="innerview-compression-dash" style="{dash}"></i>'
            f"{escape(words)}</span>"
        )

    counts = [point.evaluated for point in points]
    most, total = max(counts), max(point.total for point in points)
    part = f"{most:,}" if most == min(counts) else f"{min(counts):,} to {most:,}"
    said = f"by the change against the same samples, with its 95 % interval: of {part} of {total:,} samples"
    return "".join(item(*each) for each in items) + f'<span class="innerview-compression-curve">{said}</span>'
