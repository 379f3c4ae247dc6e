"""The similarity view: cosine similarities within and between classes, layer by layer, or rank by rank."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from innerview.analysis.spaces.similarity import CosineHistogram
from innerview.errors import InnerviewError
from innerview.jobs.progress import Portion, relay
from innerview.jobs.worker import SOON
from innerview.panels.inspector_panel import InspectorPanel
from innerview.panels.similarity_frames import gone, histogram
from innerview.study.qualities import leaves
from innerview.study.similarities import ranks, similarity

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from innerview.jobs.worker import Job
    from innerview.panels.panel import Frame
    from innerview.session.inspector import Inspector

_SCOPE = "similarity"
_MOST = 12  # charts side by side

Chart = tuple[str, int | None]  # a layer, and how many of its principal components; None: not reduced


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
    def charts(self) -> list[Chart]:
        """Layer and rank of each chart."""
        return [(layer, rank) for layer in self.layers for rank in self.ranks]


class SimilarityView(InspectorPanel):
    """Histograms of the cosine similarity between samples: all pairs, and pairs of one class.

    It follows the inspector's layer and, where one sample is compared with the others, its sample.
    """

    view = "similarity_view"

    def __init__(self, inspector: Inspector, **kwargs: Any) -> None:
        super().__init__(inspector, **kwargs)
        self._leaves = leaves(inspector.subject)
        last, most = len(self._leaves) - 1, min(_MOST, len(self._leaves))
        some = dict.fromkeys(self._leaves[round(i * last / max(1, most - 1))] for i in range(most))
        self._pairs, self._of, self._layers, self._correct = "all", "layer", list(some), False
        self._found: dict[Chart, CosineHistogram | InnerviewError] = {}
        self._asked: _Asked | None = None
        self._run = 0
        self.watch(lambda _: self._follow(), "layer", "sample", "version", "sample_size")
        self._follow()

    @property
    def histograms(self) -> dict[Chart, CosineHistogram]:
        """The histograms shown, by layer and PCA rank (None: not reduced)."""
        return {chart: found for chart, found in self._found.items() if isinstance(found, CosineHistogram)}

    def want_settings(self, chosen: Mapping[str, Any]) -> None:
        """Apply the choices made in the view."""
        inspector = self._inspector
        self._pairs = "one" if chosen["pairs"] == "one" else "all"
        self._of = chosen["of"] if chosen["of"] in ("layers", "ranks") else "layer"
        # In the model's order.
        self._layers = [name for name in self._leaves if name in chosen["layers"]]
        self._correct = bool(chosen["correctOnly"]) and inspector.data.labels is not None
        samples = max(2, min(int(chosen["samples"]), len(inspector.data)))
        if inspector.sample_size != samples:
            inspector.sample_size = samples  # and so to _follow
        else:
            self._follow()

    def want_again(self, _: object) -> None:
        """Compute what was stopped."""
        self._follow(again=True)

    def close(self) -> None:
        """As ``InspectorPanel.close``; the histograms are forgotten."""
        super().close()
        self._asked, self._found = None, {}

    def activated(self) -> None:
        """Catch up."""
        self._follow()

    def _follow(self, *, again: bool = False) -> None:
        """Compute the charts asked for, unless they are shown already or the view is not looked at."""
        inspector = self.inspector
        if inspector is None or not self.active:
            return
        try:
            asked = self._wanted(inspector)
        except InnerviewError as error:
            self.cancel(_SCOPE)
            self._begin(None)
            self.push({"kind": "error", "scope": _SCOPE, "message": str(error), "detail": ""})
            return
        if asked == self._asked and not again:
            self.push(*self._state())
            return
        self.clear_error(_SCOPE)
        self._begin(asked)
        self.run(_SCOPE, "cosine similarity", partial(self._work, asked), priority=SOON)

    def _wanted(self, inspector: Inspector) -> _Asked:
        reference = None
        if self._pairs == "one":
            reference = inspector.sample
            if reference is None:
                raise InnerviewError("your own image has no place among the samples: choose a sample to compare with")
        of: tuple[int | None, ...] = (None,)
        if self._of == "layers":
            layers = tuple(self._layers)[:_MOST]
            if not layers:
                raise InnerviewError("no layer is chosen: tick one in the list of layers, or several")
        elif inspector.layer is None:
            raise InnerviewError("no layer is chosen: choose one, and its samples are compared")
        else:
            layers = (inspector.layer,)
            if self._of == "ranks":
                of = (None, *ranks(inspector.subject, inspector.layer, inspector.sample_size))[:_MOST]
        return _Asked(layers, of, reference, self._correct, inspector.sample_size, inspector.version)

    def _begin(self, asked: _Asked | None) -> None:
        """Make room for other charts; those of the same layer and rank stay until there are new ones."""
        before = [] if self._asked is None else self._asked.charts
        self._asked, self._found = asked, {}
        self._run += 1
        charts = [] if asked is None else asked.charts
        for chart in before:
            if chart not in charts:
                self.push(*gone(_key(*chart)))
        self.push(*self._state())

    def _work(self, asked: _Asked, inspector: Inspector, job: Job) -> Generator[Frame | None, None, None]:
        charts, subject = asked.charts, inspector.subject
        for number, (layer, rank) in enumerate(charts):
            part = Portion(job, number / len(charts), (number + 1) / len(charts))

            def step(found: CosineHistogram | None, chart: Chart = (layer, rank)) -> Frame | None:
                return None if found is None else self._keep(chart, found)

            try:
                work = similarity(
                    subject,
                    layer,
                    reference=asked.reference,
                    rank=rank,
                    samples=asked.samples,
                    correct_only=asked.correct_only,
                    job=part,
                )
                found = yield from relay(work, step)
            except InnerviewError as error:
                # The other layers may still have something to show.
                found = error
            part.fraction = 1.0
            yield self._keep((layer, rank), found)

    def _keep(self, chart: Chart, found: CosineHistogram | InnerviewError) -> Frame:
        self._found[chart] = found
        return histogram(_key(*chart), found, layer=chart[0], rank=chart[1], run=self._run)

    def _state(self) -> Frame:
        inspector, charts = self._inspector, [] if self._asked is None else self._asked.charts
        return {
            "kind": "similarity",
            "run": self._run,
            "charts": [{"key": _key(*chart), "layer": chart[0], "rank": chart[1]} for chart in charts],
            "settings": {
                "pairs": self._pairs,
                "of": self._of,
                "layers": self._layers,
                "samples": min(inspector.sample_size, len(inspector.data)),
                "correctOnly": self._correct,
            },
            "choices": self._leaves,
            "mostLayers": _MOST,
            "total": len(inspector.data),
            "noLabels": "" if inspector.data.labels is not None else "the data has no labels",
        }, {}


def _key(layer: str, rank: int | None) -> str:
    return layer if rank is None else f"{layer} {rank}"
