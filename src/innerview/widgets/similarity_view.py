"""The similarity view: cosine similarities within and between classes, layer by layer."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ipywidgets
from traitlets import Bool

from innerview.analysis.spaces.similarity import CosineHistogram
from innerview.arguments import strict
from innerview.errors import InnerviewError
from innerview.jobs.progress import relay
from innerview.jobs.worker import SOON
from innerview.panels.inspector_panel import cancel_jobs, require_inspector
from innerview.panels.notice import Notice
from innerview.study.qualities import leaves
from innerview.study.similarities import ranks, similarity
from innerview.widgets.page import Page
from innerview.widgets.similarity_panel import LEGEND, SimilarityPanel

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from innerview.jobs.worker import Job
    from innerview.session.inspector import Inspector

_SCOPE = "similarity"
_FOLLOWED = ["layer", "sample", "version", "sample_size"]  # traits of the inspector
_MOST = 12  # charts side by side
_EVERY = 0.15  # seconds between two reports of progress
_PAIRS = [("all pairs", "all"), ("the chosen sample with all", "one")]
_CHARTS = [("the chosen layer", "layer"), ("several layers", "layers"), ("its PCA, rank by rank", "ranks")]
_MEASURES = [("density", "density"), ("pairs", "pairs"), ("pairs, logarithmic", "log")]


@dataclass(frozen=True)
class _Asked:
    """A request for charts; two that are equal need not be computed twice."""

    layers: tuple[str, ...]
    ranks: tuple[int | None, ...]
    reference: int | None
    correct_only: bool
    samples: int
    version: int

    @property
    def charts(self) -> list[tuple[str, int | None]]:
        """Layer and rank of each chart."""
        return [(layer, rank) for layer in self.layers for rank in self.ranks]


class SimilarityView(ipywidgets.VBox):
    """Histograms of the cosine similarity between samples: all pairs in grey, pairs of one class in red.

    It follows the inspector's layer and, where one sample is compared with the others, its sample.

    Args:
        inspector: whose model and data are looked at.
        active: whether to compute now; the charts catch up when ``active`` is set to true.

    Attributes:
        active: whether the view computes (observable).
    """

    active = Bool(default_value=True)
    inspector: Inspector | None = None

    @strict
    def __init__(self, inspector: Inspector, *, active: bool = True) -> None:
        require_inspector(self, inspector)
        self._found: dict[tuple[str, int | None], CosineHistogram | InnerviewError] = {}
        self._asked: _Asked | None = None
        self._panels: list[SimilarityPanel] = []
        self._shown: dict[tuple[str, int | None], SimilarityPanel] = {}
        self._told = 0.0
        self._make_controls(inspector)
        self._notice = Notice()
        self._page = Page({"notice": self._notice})
        self._legend = ipywidgets.HTML(LEGEND, layout={"margin": "0 0 0 52px"})
        self._grid = ipywidgets.GridBox(
            layout={"grid_template_columns": "repeat(auto-fit, minmax(260px, 1fr))", "width": "100%", "grid_gap": "8px"}
        )
        super().__init__(
            [self._page, self._bar, self._layers, self._grid, self._legend],
            layout={"width": "100%", "min_width": "0"},
            active=active,
        )
        self.add_class("innerview")
        self.inspector = inspector
        inspector.observe(self._follow, _FOLLOWED)
        self.observe(self._follow, "active")
        self._follow()

    def close(self) -> None:
        """Close the view, its charts and its controls, and let go of the inspector; that stays open."""
        inspector, self.inspector = self.inspector, None
        if inspector is not None:
            inspector.unobserve(self._follow, _FOLLOWED)
            self._stop(inspector)
            for widget in [*self._panels, *self._controls, self._bar, self._page, self._grid, self._legend]:
                widget.close()
            self._panels, self._shown, self._found = [], {}, {}
        super().close()

    @property
    def histograms(self) -> dict[tuple[str, int | None], CosineHistogram]:
        """The histograms shown, by layer and PCA rank (None: not reduced)."""
        return {chart: found for chart, found in self._found.items() if isinstance(found, CosineHistogram)}

    def _make_controls(self, inspector: Inspector) -> None:
        def placed(width: str) -> dict[str, Any]:
            layout = {"width": width, "margin": "2px 12px 2px 0"}
            return {"layout": layout, "style": {"description_width": "initial"}}

        labelled = inspector.data.labels is not None
        self._pairs = ipywidgets.Dropdown(options=_PAIRS, description="Compare", **placed("260px"))
        self._show = ipywidgets.Dropdown(options=_CHARTS, description="of", **placed("200px"))
        self._measure = ipywidgets.Dropdown(options=_MEASURES, description="as", **placed("170px"))
        self._samples = ipywidgets.BoundedIntText(
            value=min(inspector.sample_size, len(inspector.data)),
            min=2,
            max=max(2, len(inspector.data)),
            description="Samples",
            **placed("150px"),
        )
        self._correct = ipywidgets.Checkbox(
            description="only correctly classified" if labelled else "only correctly classified (needs labels)",
            indent=False,
            disabled=not labelled,
            layout={"width": "auto", "margin": "2px 0"},
        )
        names = leaves(inspector.subject)
        some = (
            names if len(names) <= _MOST else [names[round(i * (len(names) - 1) / (_MOST - 1))] for i in range(_MOST)]
        )
        self._layers = ipywidgets.SelectMultiple(
            options=names,
            value=some,
            rows=min(8, max(2, len(names))),
            description="Layers",
            layout={"display": "none", "width": "360px"},
            style={"description_width": "initial"},
        )
        self._controls = [self._pairs, self._show, self._measure, self._samples, self._correct, self._layers]
        self._bar = ipywidgets.Box(self._controls[:-1], layout={"flex_flow": "row wrap", "width": "100%"})
        for control in self._controls:
            control.observe(self._changed, "value")

    def _changed(self, change: Any) -> None:
        """A control was used."""
        inspector = self.inspector
        if inspector is None:
            return
        self._layers.layout.display = "flex" if self._show.value == "layers" else "none"
        if change["owner"] is self._measure:
            self._draw()
        elif change["owner"] is self._samples:
            inspector.sample_size = self._samples.value  # and so to _follow
        else:
            self._follow()

    def _follow(self, _: Any = None) -> None:
        """Compute the charts asked for, unless they are shown already or the view is not looked at."""
        inspector = self.inspector
        if inspector is None or not self.active:
            return
        shown = min(inspector.sample_size, self._samples.max)
        if self._samples.value != shown:
            self._samples.value = shown
        try:
            asked = self._wanted(inspector)
        except InnerviewError as error:
            self._asked = None
            self._stop(inspector)
            self._notice.say(_SCOPE, str(error))
            self._lay_out([])
            return
        if asked != self._asked:
            self._asked, self._found = asked, {}
            self._notice.say(_SCOPE, "")
            self._draw()
            inspector.jobs.submit(
                (id(self), "similarity"),
                "cosine similarity",
                lambda job: self._watched(self._work(inspector, asked, job), asked),
                deliver=lambda step: self._deliver(asked, *step),
                fail=lambda error: self._failed(asked, error),
                priority=SOON,
            )

    def _wanted(self, inspector: Inspector) -> _Asked:
        reference = None
        if self._pairs.value == "one":
            reference = inspector.sample
            if reference is None:
                raise InnerviewError("your own image has no place among the samples: choose a sample to compare with")
        of: tuple[int | None, ...] = (None,)
        if self._show.value == "layers":
            layers = tuple(self._layers.value)[:_MOST]
            if not layers:
                raise InnerviewError("no layer is chosen: click one in the list, or several with Ctrl or Shift")
        elif inspector.layer is None:
            raise InnerviewError("no layer is chosen: choose one, and its samples are compared")
        else:
            layers = (inspector.layer,)
            if self._show.value == "ranks":
                of = (None, *ranks(inspector.subject, inspector.layer, inspector.sample_size))[:_MOST]
        return _Asked(layers, of, reference, self._correct.value, inspector.sample_size, inspector.version)

    def _work(
        self, inspector: Inspector, asked: _Asked, job: Job
    ) -> Generator[tuple[tuple[str, int | None], Any, float], None, None]:
        """Step by step: which chart, what there is for it, and how much of all is done."""
        charts, subject = asked.charts, inspector.subject
        for number, (layer, rank) in enumerate(charts):

            def place(step: Any, number: int = number) -> tuple[tuple[str, int | None], Any, float]:
                part = step if isinstance(step, float) else job.fraction
                return charts[number], step, (number + (part or 0.0)) / len(charts)

            try:
                work = similarity(
                    subject,
                    layer,
                    reference=asked.reference,
                    rank=rank,
                    samples=asked.samples,
                    correct_only=asked.correct_only,
                    job=job,
                )
                found = yield from relay(work, place)
            except InnerviewError as error:
                # The other layers may still have something to show.
                found = error
            yield charts[number], found, (number + 1) / len(charts)

    def _watched(self, work: Generator[Any, None, None], asked: _Asked) -> Generator[Any, None, None]:
        try:
            yield from work
        finally:
            # However it ends: the work may also be cancelled from the status bar.
            if asked is self._asked:
                self._notice.progress(_SCOPE, "", None, over=True)

    def _deliver(self, asked: _Asked, chart: tuple[str, int | None], step: Any, fraction: float) -> None:
        if self.inspector is None or asked is not self._asked:
            return
        if fraction < 1 and time.monotonic() - self._told > _EVERY:
            self._told = time.monotonic()
            self._notice.progress(_SCOPE, "cosine similarity", fraction)
        if isinstance(step, (CosineHistogram, InnerviewError)):
            self._found[chart] = step
            if chart in self._shown:
                measure: Any = self._measure.value
                self._shown[chart].show(_title(*chart), step, measure)

    def _failed(self, asked: _Asked, error: BaseException) -> None:
        if asked is self._asked:
            self._notice.show_error(_SCOPE, error)
            self._lay_out([])

    def _stop(self, inspector: Inspector) -> None:
        cancel_jobs(inspector, self)
        self._notice.progress(_SCOPE, "", None, over=True)

    def _draw(self) -> None:
        """Lay out the charts asked for; those made before are used again."""
        charts = [] if self._asked is None else self._asked.charts
        measure: Any = self._measure.value
        self._panels += [SimilarityPanel() for _ in charts[len(self._panels) :]]
        self._shown = dict(zip(charts, self._panels, strict=False))
        for chart, panel in self._shown.items():
            panel.alone = len(charts) == 1
            panel.show(_title(*chart), self._found.get(chart), measure)
        self._lay_out(list(self._shown.values()))

    def _lay_out(self, panels: Sequence[SimilarityPanel]) -> None:
        self._grid.children = panels
        self._legend.layout.display = None if panels else "none"


def _title(layer: str, rank: int | None) -> str:
    return layer if rank is None else f"{layer}, PCA rank {rank:,}"
