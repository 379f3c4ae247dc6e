"""Frames about the samples that more than one view receives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from innerview.inspector import Inspector
    from innerview.widgets.frame_widget import Frame


def as_codes(labels: np.ndarray) -> np.ndarray:
    """Labels as they cross the wire: uint32, with 2**32 - 1 for -1, which means none."""
    return np.asarray(labels).astype(np.int64).astype(np.uint32)


def brushed(inspector: Inspector) -> Frame:
    """The selected samples."""
    brush = inspector.brush
    return {"kind": "brushed", "count": len(brush), "total": len(inspector.data)}, {"indices": brush.astype(np.uint32)}


def current(inspector: Inspector) -> Frame:
    """The sample and the channel that are looked at."""
    return {"kind": "current", "sample": inspector.sample, "channel": inspector.channel}, {}


class Labels:
    """The labels read so far, once each time that more of them are known."""

    def __init__(self) -> None:
        self._known = -1

    def frame(self, inspector: Inspector) -> Frame | None:
        """The labels of all samples; None when nothing is new."""
        labels = inspector.data.labels
        known = 0 if labels is None else int((labels >= 0).sum())
        if known == self._known:
            return None
        self._known = known
        header = {"kind": "labels", "classes": [] if labels is None else inspector.data.classes}
        return header | {"total": len(inspector.data)}, {} if labels is None else {"labels": as_codes(labels)}
