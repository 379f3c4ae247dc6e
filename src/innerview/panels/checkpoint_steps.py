"""The training step that a scatter looks at, and the places of the points at the other steps."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

from innerview.errors import DataError
from innerview.jobs.progress import silent
from innerview.panels.point_colours import Before
from innerview.session.checkpoints import NOW
from innerview.study.representations import representing

if TYPE_CHECKING:
    from collections.abc import Generator

    from innerview.jobs.worker import Job
    from innerview.session.inspector import Inspector
    from innerview.study.embeddings import Embedding, Places
    from innerview.study.subject import Subject


class CheckpointSteps:
    """The checkpoints of an Inspector, of which one is looked at."""

    def __init__(self, inspector: Inspector) -> None:
        self._inspector: Inspector = weakref.proxy(inspector)  # a closed view keeps no model alive
        self._chosen: str | None = None  # None: the newest
        self._places: dict[tuple[Any, ...], Places] = {}

    def steps(self) -> list[str]:
        """The labels of the steps, oldest first."""
        return self._inspector.checkpoints.labels()

    def now(self) -> str:
        """The label of the step looked at."""
        steps = self.steps()
        return self._chosen if self._chosen is not None and self._chosen in steps else steps[-1]

    def subject(self, label: str) -> Subject:
        """The model at a step."""
        return self._inspector.checkpoints.step(label)

    @property
    def newest(self) -> bool:
        """True while the newest step is looked at, whichever that comes to be."""
        return self._chosen is None or self._chosen not in self.steps()

    def go(self, label: str) -> None:
        """Look at a step."""
        steps = self.steps()
        self._chosen = label if label in steps and label != steps[-1] else None

    def keep(self) -> None:
        """Make the model as it is now a step, and look at it; DataError while a cell runs, or if it has not changed."""
        inspector = self._inspector
        if inspector.busy:
            raise DataError("a cell is running and may be changing the model: call inspector.checkpoint() in that cell")
        labels = list(inspector.checkpoints)
        if labels and NOW not in self.steps():
            raise DataError(f"the model has not changed since {labels[-1]!r}")
        self._chosen = None
        inspector.checkpoint()

    def remember(self, label: str, made: Embedding) -> None:
        """Keep the places of the points at a step."""
        if len(self.steps()) > 1:
            self._places[made.method, made.points.shape[1], made.layer, label] = made.places

    def onto(self, label: str, method: str, dimensions: int, layer: str) -> Places | None:
        """The places of the points at this step, so that going back and forth turns nothing; else at one before."""
        before = self.steps()
        if label in before:
            del before[before.index(label) :]
        # The model itself changes under its label.
        for step in [label, *reversed(before)] if label != NOW else reversed(before):
            places = self._places.get((method, dimensions, layer, step))
            if places is not None:
                return places
        return None

    def before(self, layer: str, job: Job, **options: Any) -> Generator[None, None, Before | None]:
        """The vectors of some samples at the step before; None at the first. The options are ``representing``'s."""
        labels = self.steps()
        place = labels.index(self.now())
        if place == 0:
            return None
        label = labels[place - 1]
        return Before(label, (yield from silent(representing(self.subject(label), layer, job=job, **options))))
