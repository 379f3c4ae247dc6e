"""One histogram of cosine similarities, with its numbers and notes."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import ipywidgets

from innerview.analysis.spaces.similarity import CosineHistogram
from innerview.widgets.bqplot_parts import GREY, RED
from innerview.widgets.charts import CosineChart

if TYPE_CHECKING:
    from innerview.errors import InnerviewError
    from innerview.widgets.charts import Measure

_SMALL, _LARGE = 200, 360  # pixels of height: of a chart among others, and of the only one
LEGEND = f'<span style="color: {GREY}">■</span> all pairs&emsp;<span style="color: {RED}">■</span> pairs of one class'


class SimilarityPanel(ipywidgets.VBox):
    """One chart, its numbers, and a note on them; ``alone`` where it has the page for itself, and can be larger."""

    def __init__(self) -> None:
        self.alone = False
        self._chart: CosineChart | None = None
        self._before: CosineChart | None = None
        self._drawn: tuple[CosineHistogram, str, Measure, bool] | None = None
        # HTML for the sake of its line breaks; its text is escaped.
        self._numbers, self._note = (ipywidgets.HTML(layout={"margin": "0 12px 0 52px"}) for _ in range(2))
        super().__init__([self._numbers, self._note], layout={"min_width": "0", "max_width": "640px", "margin": "0"})

    def show(self, title: str, found: CosineHistogram | InnerviewError | None, measure: Measure = "density") -> None:
        """Draw a histogram, or say why there is none; None means that it is under way."""
        if isinstance(found, CosineHistogram):
            self._draw(found, title, measure)
            self._numbers.value, self._note.value = _text(_describe(found)), _text(found.note)
        elif found is None:
            # The old chart stays until there is a new one; its own title says what it shows.
            self._numbers.value, self._note.value = _text(f"{title}: under way"), ""
        else:
            self._drawn = None
            self.children = [self._numbers, self._note]
            self._numbers.value, self._note.value = "", _text(str(found))

    def _draw(self, histogram: CosineHistogram, title: str, measure: Measure) -> None:
        asked = (histogram, title, measure, self.alone)
        if self._drawn is not None and self._drawn[0] is histogram and self._drawn[1:] == asked[1:]:
            return
        self._drawn = asked
        if self._before is not None:
            self._before.close()
        # The page may still be building the last one: it is let go when the next but one comes.
        self._before = self._chart
        self._chart = CosineChart(histogram, title, measure, height=_LARGE if self.alone else _SMALL)
        self.layout.max_width = "1000px" if self.alone else "640px"
        self.children = [self._chart.figure, self._numbers, self._note]

    def close(self) -> None:
        """Close the chart too."""
        for chart in (self._before, self._chart):
            if chart is not None:
                chart.close()
        self._numbers.close()
        self._note.close()
        super().close()


def _describe(histogram: CosineHistogram) -> str:
    """The numbers of a histogram in one line."""
    parts = [f"estimate from {histogram.pairs:,} pairs" if histogram.sampled else f"{histogram.pairs:,} pairs"]
    if histogram.overlap is not None:
        parts.insert(0, f"overlap {histogram.overlap:.2f}")
    if histogram.auc is not None:
        parts.insert(0, f"AUC {histogram.auc:.3f}")
    return " · ".join(parts)


def _text(words: str) -> str:
    """Words as HTML that shows them as they are."""
    return f'<div style="line-height: 18px">{escape(words)}</div>' if words else ""
