"""The cosine similarities of samples in a compressed layer, at the rank of the slider."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ipywidgets

from innerview.errors import InnerviewError
from innerview.jobs.worker import BACKGROUND
from innerview.panels.compression_settings import BASIS_NAMES, OFF
from innerview.panels.inspector_panel import cancel_jobs
from innerview.study.similarities import COMPARED, compressed_similarity, similarity
from innerview.widgets.similarity_panel import LEGEND, SimilarityPanel

if TYPE_CHECKING:
    from collections.abc import Generator

    from innerview.analysis.spaces.similarity import CosineHistogram
    from innerview.jobs.worker import Job
    from innerview.panels.compression_controls import CompressionControls
    from innerview.session.inspector import Inspector
    from innerview.study.compression_results import CompressionSpec


class RankSimilarity(ipywidgets.VBox):
    """A histogram of cosine similarities that follows the compression controls while its box is ticked."""

    def __init__(self, inspector: Inspector, controls: CompressionControls) -> None:
        self._inspector: Inspector | None = inspector
        self._controls = controls
        self._box = ipywidgets.Checkbox(
            description="cosine similarity of samples at this rank", indent=False, layout={"width": "auto"}
        )
        self._panel: SimilarityPanel | None = None
        self._legend = ipywidgets.HTML(LEGEND, layout={"margin": "0 0 0 52px"})
        super().__init__([self._box], layout={"width": "100%", "min_width": "0"})
        self.add_class("innerview-compression-similarity")
        self._box.observe(self._follow, "value")
        controls.observe(self._follow, "rested")

    def close(self) -> None:
        """Close the chart too."""
        if self._inspector is not None:
            cancel_jobs(self._inspector, self)
            self._inspector = None
            self._controls.unobserve(self._follow, "rested")
            for widget in (self._panel, self._box, self._legend):
                if widget is not None:
                    widget.close()
        super().close()

    def _follow(self, _: object = None) -> None:
        inspector, spec = self._inspector, self._controls.settings.now
        if inspector is None:
            return
        cancel_jobs(inspector, self)
        if not self._box.value or spec is None:
            self.children = [self._box]
            return
        if self._panel is None:
            self._panel = SimilarityPanel()
        panel, title = self._panel, _title(spec)
        self.children = [self._box, panel, self._legend]
        panel.show(title, None)

        def work(job: Job) -> Generator[CosineHistogram | None, None, None]:
            if spec.basis == OFF:
                found = yield from similarity(inspector.subject, spec.layer, samples=COMPARED, job=job)
            else:
                found = yield from compressed_similarity(inspector.subject, *spec, job=job)
            yield found

        def deliver(found: CosineHistogram | None) -> None:
            if found is not None and self._inspector is not None:
                panel.show(title, found)

        def fail(error: BaseException) -> None:
            panel.show(title, error if isinstance(error, InnerviewError) else InnerviewError(str(error)))

        key = (id(self), "similarity")
        inspector.jobs.submit(key, f"similarity at {title}", work, deliver=deliver, fail=fail, priority=BACKGROUND)


def _title(spec: CompressionSpec) -> str:
    if spec.basis == OFF:
        return spec.layer
    return f"{spec.layer}, {spec.axis}, {BASIS_NAMES[spec.basis]} {spec.rank:,}"
