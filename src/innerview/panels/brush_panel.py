"""The brush panel: the classes of the brushed samples, and the channels that set them apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from traitlets import Int

from innerview.analysis.statistics.channels import contrast
from innerview.jobs.progress import silent
from innerview.jobs.worker import SOON
from innerview.panels.frames import Labels, brushed, current
from innerview.panels.inspector_panel import InspectorPanel
from innerview.study.representations import representing

if TYPE_CHECKING:
    from collections.abc import Generator

    from innerview.jobs.worker import Job
    from innerview.panels.panel import Frame
    from innerview.session.inspector import Inspector

_FIRST = 32  # channels sent at first
_MOST_BRUSHED = 2000  # samples beyond those drawn that are run for the comparison


class BrushPanel(InspectorPanel):
    """The classes of the brushed samples against the rest, and each channel's mean activation over them.

    Args:
        inspector: whose ``brush`` and ``layer`` are shown; a click on a channel sets ``channel``.

    Attributes:
        clicked: the channel clicked last (observable).
    """

    view = "brush_panel"

    clicked = Int(None, allow_none=True)

    def __init__(self, inspector: Inspector, **kwargs: Any) -> None:
        super().__init__(inspector, **kwargs)
        self._count = _FIRST
        self._labels = Labels()
        self.watch(lambda _: self._update(), "brush", "layer", "version", "sample_size", "kept")
        self._update()
        self.follow(current, "channel")

    def want_channel(self, channel: int | None) -> None:
        """A channel was clicked."""
        super().want_channel(channel)
        self.clicked = None
        self.clicked = channel

    def want_more(self, count: int) -> None:
        """List so many channels."""
        self._count = max(_FIRST, int(count))
        self._update()

    def want_clear(self, _: object) -> None:
        """Clear the brush."""
        self._inspector.brush = []

    def activated(self) -> None:
        """Catch up with the changes made while nobody looked."""
        self._update()

    def _update(self) -> None:
        if self.active:
            self.run("contrast", "selected against the rest", self._contrast, priority=SOON)

    def _contrast(self, inspector: Inspector, job: Job) -> Generator[Frame | None, None, None]:
        brush, layer = inspector.brush, inspector.layer
        header: dict[str, Any] = {
            "kind": "contrast",
            "layer": layer,
            "selected": len(brush),
            "rest": len(inspector.data) - len(brush),
            "classes": self._classes(inspector, brush),
            "channels": [],
            "channelCount": 0,
            "note": "",
        }
        subject = inspector.subject
        yield brushed(inspector)
        yield header, {}
        if not len(brush) or layer is None:
            return
        drawn = yield from silent(representing(subject, layer, pool="mean", samples=inspector.sample_size, job=job))
        indices, means = drawn.indices, drawn.vectors
        beyond = np.setdiff1d(brush, indices)[:_MOST_BRUSHED]
        if len(beyond):
            more = yield from silent(representing(subject, layer, pool="mean", samples=beyond.tolist(), job=job))
            indices, means = np.concatenate([indices, more.indices]), torch.cat([means, more.vectors])
        selected = np.isin(indices, brush)
        header["rest"] = int((~selected).sum())
        if selected.all() or not selected.any():
            header["note"] = "every sample looked at is selected: there is no rest to compare with"
            yield header, {}
            return
        found = contrast(means, selected)
        order = np.argsort(-np.abs(found.difference), kind="stable")
        header["channelCount"] = len(order)
        header["channels"] = [
            {"channel": int(channel)} | {name: float(values[channel]) for name, values in found._asdict().items()}
            for channel in order[: self._count]
        ]
        header["note"] = f"means over {int(selected.sum()):,} selected samples and {int((~selected).sum()):,} others"
        if inspector.checkpoints:  # the points beside may be those of one of them
            header["note"] += ", by the model as it is now"
        # By now the labels of all that was run are known.
        labels = self._labels.frame(inspector)
        if labels is not None:
            yield labels
        header["classes"] = self._classes(inspector, brush, indices[~selected])
        yield header, {}

    @staticmethod
    def _classes(inspector: Inspector, brush: np.ndarray, rest: np.ndarray | None = None) -> list[dict[str, Any]]:
        labels = inspector.data.labels
        if labels is None:
            return []
        others = np.zeros(len(labels), bool)
        others[slice(None) if rest is None else rest] = True
        others[brush] = False
        names = inspector.data.classes
        selected = np.bincount(labels[brush][labels[brush] >= 0], minlength=len(names))
        remaining = np.bincount(labels[others & (labels >= 0)], minlength=len(names))
        return [
            {"name": inspector.data.class_name(label), "selected": int(selected[label]), "rest": int(remaining[label])}
            for label in range(len(names))
        ]
