"""The quality table: the separation of the classes in each layer, in its own space and as a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from innerview.errors import InnerviewError
from innerview.jobs.progress import relay
from innerview.jobs.worker import BACKGROUND
from innerview.panels.frames import selected
from innerview.panels.inspector_panel import InspectorPanel
from innerview.study.qualities import Row, TableProgress, leaves, measuring_table, table

if TYPE_CHECKING:
    from collections.abc import Generator

    from innerview.jobs.worker import Job
    from innerview.panels.panel import Frame
    from innerview.session.inspector import Inspector

_K = 10


class QualityTable(InspectorPanel):
    """A row for each layer, model and space: distances within and between classes, kNN accuracy, trustworthiness.

    Args:
        inspector: whose layers are measured, and those of its ``baseline`` beside them.

    Attributes:
        rows: the rows measured so far.
    """

    view = "quality_table"

    def __init__(self, inspector: Inspector, **kwargs: Any) -> None:
        super().__init__(inspector, **kwargs)
        self.rows: list[Row] = []
        self._labelled = inspector.data.labels is not None
        self.watch(lambda _: self._forget(), "version")
        self.push(*self._frame())
        self.follow(selected, "layer")

    def to_frame(self) -> Any:
        """The rows as a pandas DataFrame, which has ``to_latex()``."""
        return table(self.rows)

    def want_measure(self, asked: dict[str, Any]) -> None:
        """Measure the chosen layer or all of them, in these spaces."""
        inspector = self._inspector
        if inspector.layer is None and asked["layers"] != "all":
            raise InnerviewError("no layer is chosen")
        layers = leaves(inspector.subject) if asked["layers"] == "all" else [str(inspector.layer)]
        methods = [None if method == "own space" else str(method) for method in asked["methods"]]
        if not methods:
            raise InnerviewError("no space is chosen to measure in: tick one of own space, PCA, t-SNE or UMAP")

        def work(inspector: Inspector, job: Job) -> Generator[Frame | None, None, None]:
            baseline = None if inspector.baseline is None else inspector.baseline.subject
            rows = measuring_table(
                inspector.subject, layers, methods, _K, baseline=baseline, samples=inspector.sample_size, job=job
            )
            yield from relay(rows, lambda step: self._step(step, job))

        label = f"quality of {len(layers)} layer{'s' if len(layers) > 1 else ''}"
        self.run("measure", label, work, priority=BACKGROUND)

    def _step(self, step: Row | TableProgress, job: Job) -> Frame | None:
        if isinstance(step, TableProgress):
            job.label, job.fraction = step.label, step.fraction
            return None
        same = [row for row in self.rows if (row.layer, row.model, row.space) != (step.layer, step.model, step.space)]
        self.rows = [*same, step]
        return self._frame()

    def _forget(self) -> None:
        self.rows = []
        self.push(*self._frame())

    def _frame(self) -> Frame:
        return {
            "kind": "quality",
            "rows": [_for_view(row) for row in self.rows],
            "k": _K,
            "noLabels": "" if self._labelled else "the data has no labels, so there are no classes to tell apart",
            "latex": self.to_frame().to_latex(float_format="%.4f") if self.rows else "",
        }, {}


def _for_view(row: Row) -> dict[str, Any]:
    # Names as the front end has them: sameClass for same_class.
    measures = {
        "".join(part.title() if place else part for place, part in enumerate(name.split("_"))): value
        for name, value in row.measures().items()
    }
    return {"layer": row.layer, "model": row.model, "method": row.space, "note": row.note} | measures
