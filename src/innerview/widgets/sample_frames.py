"""Frames about the selection that more than one view receives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from innerview.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from innerview.session.inspector import Inspector
    from innerview.widgets.frame_widget import Frame


def as_codes(labels: np.ndarray) -> np.ndarray:
    """Labels as they cross the wire: uint32, with 2**32 - 1 for -1, which means none."""
    return np.asarray(labels).astype(np.int64).astype(np.uint32)


def brushed(inspector: Inspector) -> Frame:
    """The selected samples: their numbers, or a bit for each sample of the data where that is shorter."""
    brush, total = inspector.brush, len(inspector.data)
    header = {"kind": "brushed", "count": len(brush), "total": total}
    if 32 * len(brush) <= total:
        return header, {"indices": brush.astype(np.uint32)}
    mask = np.zeros(total, bool)
    mask[brush] = True
    return header, {"mask": np.packbits(mask, bitorder="little")}


def brush_of(arrays: Mapping[str, np.ndarray], total: int) -> np.ndarray:
    """The selected samples as they come from the browser: numbers, or a mask of all ``total`` samples.

    Raises:
        DataError: the mask belongs to other data.
    """
    if "mask" not in arrays:
        return arrays["indices"]
    bits = arrays["mask"]
    if len(bits) != -(-total // 8):
        raise DataError(f"a selection among {8 * len(bits):,} samples does not fit the {total:,} here")
    return np.unpackbits(bits, count=total, bitorder="little").view(bool)


def selected(inspector: Inspector) -> Frame:
    """The layer that is looked at."""
    return {"kind": "selected", "layer": inspector.layer}, {}


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
