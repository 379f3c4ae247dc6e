"""The status bar: the model, its data and accuracy, and the jobs under way."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from innerview.errors import InnerviewError
from innerview.jobs.worker import BACKGROUND
from innerview.panels.inspector_panel import InspectorPanel

if TYPE_CHECKING:
    from collections.abc import Generator

    from innerview.jobs.worker import Job
    from innerview.panels.panel import Frame
    from innerview.session.inspector import Inspector

_EVERY = 0.2  # seconds between two reports of progress
_LONG = 0.3  # seconds after which a job is worth mentioning

_SNAPSHOT = "a cell is running: the views show a snapshot of the model"


class StatusBar(InspectorPanel):
    """Model, data, chosen layer, accuracy and running jobs of an Inspector in one line."""

    view = "status_bar"

    def __init__(self, inspector: Inspector, **kwargs: Any) -> None:
        super().__init__(inspector, **kwargs)
        self._last = 0.0
        self._shown: list[int] = []
        self._asked = self._told = 0  # reports begun; the newest of those sent
        self._lock = threading.Lock()
        inspector.jobs.on_change(self._jobs_changed)
        self.watch(lambda _: self._report(), "layer", "judged", "version")
        self.watch(self._cell_ended, "running")
        self.watch(lambda _: self._evaluate(), "version")
        self._report()
        self._evaluate()

    def close(self) -> None:
        """As ``View.close``; it no longer hears of the jobs."""
        if self.inspector is not None:
            self.inspector.jobs.off_change(self._jobs_changed)
        super().close()

    def want_cancel(self, job_id: int) -> None:
        """Cancel a job."""
        self._inspector.jobs.cancel(int(job_id))

    def _evaluate(self) -> None:
        inspector = self._inspector
        if inspector.data.labels is not None and inspector.predictions.done < len(inspector.data):
            self.run("accuracy", "accuracy", self._accuracy, priority=BACKGROUND)

    def _accuracy(self, inspector: Inspector, job: Job) -> Generator[Frame | None, None, None]:
        try:
            for _ in inspector.predict(job):
                if inspector.busy:
                    return  # the processor is the cell's; this goes on after it
                yield None
        except InnerviewError:
            # Not a classifier: the sample picker says so where its predictions would be.
            return
        self._report()  # as many may be judged as of the model that was here before: then nobody hears of a change

    def _cell_ended(self, change: Any) -> None:
        # The start of a cell is worth a word only once a view had to use a snapshot.
        if not change["new"]:
            self._evaluate()
            self._report()

    def _jobs_changed(self) -> None:
        inspector = self.inspector
        if inspector is None:
            return
        with self._lock:
            now = time.monotonic()
            long = [job.id for job in inspector.jobs.active() if now - job.submitted > _LONG]
            due = now - self._last > _EVERY and long
            if not due and not (self._shown and not long):
                return
            self._last, self._shown = now, long
        self._report()

    def _report(self) -> None:
        inspector = self.inspector
        if inspector is None:
            return
        with self._lock:
            self._asked += 1
            asked = self._asked
        layer = inspector.layer
        row = None
        # The model was changed: it may reject its data, and the layer may be gone. The picker and the grid say so.
        with suppress(InnerviewError):
            row = None if layer is None else inspector.layers.get(layer)
        shape = None if row is None or row.shape is None else list(row.shape)
        score = inspector.predictions.score
        active = {job.id: job for job in inspector.jobs.active()}
        status = {
            "kind": "status",
            "model": type(inspector.model).__name__,
            "data": inspector.data.name,
            "samples": len(inspector.data),
            "device": inspector.device,
            "layer": layer,
            "shape": shape,
            "accuracy": None
            if score.accuracy is None
            else {
                "value": score.accuracy,
                "low": score.low,
                "high": score.high,
                "evaluated": score.labelled,
                "total": len(inspector.data),
            },
            "jobs": [
                {"id": job.id, "label": job.label, "fraction": job.fraction}
                for job in (active[i] for i in self._shown if i in active)
            ],
            "note": _SNAPSHOT if inspector.busy else inspector.data.note,
        }
        with self._lock:
            if asked > self._told:  # else another thread has sent a newer one meanwhile
                self._told = asked
                self.push(status)
