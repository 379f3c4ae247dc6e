"""A training run at a glance: its state, what is wrong with it, and the latest numbers of each layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from innerview.training.diagnosis import too_few

if TYPE_CHECKING:
    from collections.abc import Sequence

    from innerview.training.diagnosis import Finding
    from innerview.training.history import History
    from innerview.training.monitor import Monitor
    from innerview.training.series import Overview

_STRIP_BINS = 4  # of the histogram that make one column of a row's strip
_STRIP_SPAN = 40  # bins to each side of zero: about 1e-3 to 1e3
_SPARK = 32  # points of a row's standard deviations over time
_NOTHING = 255  # instead of a height, where there is no number


def state(monitor: Monitor | None, history: History) -> dict[str, Any]:
    """The state of the run and of its controls."""
    return {
        "step": history.step,
        "state": _phase(monitor, history),
        "live": monitor is not None,
        "budget": 0.0 if monitor is None else monitor.budget,
        "overhead": None if history.overhead is None else round(history.overhead, 5),
        "recorded": history.recorded,
        "few": too_few(history),
        "undo": "" if monitor is None else monitor.undoable,
        "metrics": list(history.metrics),
    }


def glance(history: History) -> dict[str, np.ndarray]:
    """The latest numbers of each layer, and of each metric."""
    seen = history.overview(points=_SPARK)
    latest = [history.metric(name)[1][-1:] for name in history.metrics]
    return {
        "values": np.array([value[0] if len(value) else np.nan for value in latest], np.float64),
        "mean": seen.mean.astype(np.float32),
        "std": seen.std.astype(np.float32),
        "nearZeros": seen.near_zeros.astype(np.float32),
        # Of an output with negative values none is dead for being negative.
        "dead": np.where(_negative(seen), np.nan, seen.dead).astype(np.float32),
        "sparks": _sparks(seen.stds),
        "strips": _strips(seen.histogram),
    }


def verdicts(findings: Sequence[Finding]) -> dict[str, list[Any]]:
    """Name and severity of the worst finding of each layer that has one."""
    worst: dict[str, list[Any]] = {}
    for finding in findings:
        for layer in (finding.layer, *finding.others):
            if layer and finding.severity > worst.get(layer, ["", 0])[1]:
                worst[layer] = [finding.name, finding.severity]
    return worst


def in_words(finding: Finding) -> dict[str, Any]:
    """A finding for the view."""
    names = ("layer", "kind", "name", "evidence", "suggestion", "source", "severity", "step", "since")
    return {name: getattr(finding, name) for name in names}


def _phase(monitor: Monitor | None, history: History) -> str:
    if monitor is None:
        return "ended"
    if not monitor.recording:
        return "ended" if history.step else "waiting"
    if monitor.paused:
        return "paused"
    return "training" if history.step else "waiting"


def _negative(seen: Overview) -> np.ndarray:
    """Mark the layers that have negative values: bool ``[L]``."""
    return seen.histogram[:, : seen.histogram.shape[1] // 2].max(1) > 0


def _sparks(stds: np.ndarray) -> np.ndarray:
    """Heights of a line through them, each row on its own scale from 0 to 254: uint8 ``[L, P]``."""
    there = np.isfinite(stds)
    low, high = (np.where(there.any(1), pick(stds, there), 0.0)[:, None] for pick in (_least, _most))
    # What changes by less than a hundredth is drawn as steady.
    span = np.maximum(np.maximum(high - low, 0.01 * np.maximum(abs(high), abs(low))), 1e-30)
    heights = (np.where(there, stds, 0.0) - (low + high - span) / 2) / span
    return np.where(there, np.rint(254 * heights.clip(0, 1)), _NOTHING).astype(np.uint8)


def _least(values: np.ndarray, there: np.ndarray) -> np.ndarray:
    return np.where(there, values, np.inf).min(1)


def _most(values: np.ndarray, there: np.ndarray) -> np.ndarray:
    return np.where(there, values, -np.inf).max(1)


def _strips(histogram: np.ndarray) -> np.ndarray:
    """Make a strip for each layer of where its values lie, 0 to 255: uint8 ``[L, S]``."""
    centre = histogram.shape[1] // 2
    middle = histogram[:, centre - _STRIP_SPAN : centre + _STRIP_SPAN + 1].astype(float).copy()
    # What lies beyond the ends is counted there.
    middle[:, 0] += histogram[:, : centre - _STRIP_SPAN].sum(1)
    middle[:, -1] += histogram[:, centre + _STRIP_SPAN + 1 :].sum(1)
    half = _STRIP_SPAN // _STRIP_BINS
    negative = middle[:, :_STRIP_SPAN].reshape(-1, half, _STRIP_BINS).sum(2)
    positive = middle[:, _STRIP_SPAN + 1 :].reshape(-1, half, _STRIP_BINS).sum(2)
    columns = np.concatenate([negative, middle[:, [_STRIP_SPAN]], positive], 1)
    most = columns.max(1, keepdims=True)
    return np.rint(255 * np.sqrt(columns / np.where(most > 0, most, 1))).astype(np.uint8)
