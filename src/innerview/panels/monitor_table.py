"""The monitor's table: the state of a run and its controls, what is wrong with it, and a row for each layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from innerview.panels.panel import Panel
from innerview.training.diagnosis import too_few

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from innerview.training.diagnosis import Finding
    from innerview.training.history import History
    from innerview.training.monitor import Monitor

_STRIP_BINS = 4  # of the histogram that make one column of a row's strip
_STRIP_SPAN = 40  # bins to each side of zero: about 1e-3 to 1e3


class MonitorTable(Panel):
    """The part of a ``MonitorView`` above its charts; ``choose`` is called with the layers that were clicked."""

    view = "monitor_table"

    def __init__(
        self, monitor: Monitor | None, choose: Callable[[list[str]], None], changed: Callable[[], None], choosable: int
    ) -> None:
        self._monitor = monitor
        self._choose = choose
        self._changed = changed
        self._choosable = choosable
        super().__init__()

    def want_layers(self, layers: list[str]) -> None:
        """Rows were clicked."""
        self._choose([str(layer) for layer in layers])

    def want_paused(self, paused: bool) -> None:  # noqa: FBT001 - a want carries one value
        """Recording is to rest, or to go on."""
        if self._monitor is not None:
            (self._monitor.pause if paused else self._monitor.resume)()
            self._changed()

    def want_budget(self, budget: float | None) -> None:
        """Another limit of what recording may cost."""
        if self._monitor is not None:
            self._monitor.budget = None if budget is None else float(budget)
            self._changed()

    def want_undo(self, _: object) -> None:
        """The last action is to be taken back."""
        if self._monitor is not None:
            self._monitor.undo()
            self._changed()

    def show(
        self, history: History, findings: Sequence[Finding] | None, chosen: Sequence[str], colours: Sequence[str]
    ) -> None:
        """Send the state of a run; ``findings`` is None until it was judged."""
        monitor = self._monitor
        glance = history.overview()
        worst = _verdicts(findings or ())
        header = {
            "kind": "monitor",
            "step": history.step,
            "state": _state(monitor, history),
            "live": monitor is not None,
            "budget": 0.0 if monitor is None else monitor.budget,
            "overhead": history.overhead,
            "recorded": history.recorded,
            "few": too_few(history),
            "undo": "" if monitor is None else monitor.undoable,
            "metrics": list(history.metrics),
            "rows": [
                {"name": name, "kind": history.kind(name), "verdict": verdict, "severity": severity}
                for name in glance.layers
                for verdict, severity in [worst.get(name, ("", 0))]
            ],
            "findings": None if findings is None else [_for_view(finding) for finding in findings],
            "chosen": list(chosen),
            "colours": list(colours),
            "choosable": self._choosable,
        }
        latest = [history.metric(name)[1][-1:] for name in history.metrics]
        arrays = {
            "values": np.array([value[0] if len(value) else np.nan for value in latest], np.float64),
            "mean": glance.mean.astype(np.float32),
            "std": glance.std.astype(np.float32),
            "nearZeros": glance.near_zeros.astype(np.float32),
            # Of an output with negative values none is dead for being negative.
            "dead": np.where(_negative(glance.histogram), np.nan, glance.dead).astype(np.float32),
            "sparks": glance.stds.astype(np.float32),
            "strips": _strips(glance.histogram),
        }
        self.push(header, arrays)


def _state(monitor: Monitor | None, history: History) -> str:
    if monitor is None:
        return "ended"
    if not monitor.recording:
        return "ended" if history.step else "waiting"
    if monitor.paused:
        return "paused"
    return "training" if history.step else "waiting"


def _verdicts(findings: Sequence[Finding]) -> dict[str, tuple[str, int]]:
    """Name and severity of the worst finding of each layer."""
    worst: dict[str, tuple[str, int]] = {}
    for finding in findings:
        for layer in (finding.layer, *finding.others):
            if layer and finding.severity > worst.get(layer, ("", 0))[1]:
                worst[layer] = finding.name, finding.severity
    return worst


def _for_view(finding: Finding) -> dict[str, Any]:
    names = ("layer", "kind", "name", "evidence", "suggestion", "source", "severity", "step", "since")
    return {name: getattr(finding, name) for name in names}


def _negative(histogram: np.ndarray) -> np.ndarray:
    """Mark the layers that have negative values: bool ``[L]``."""
    return histogram[:, : histogram.shape[1] // 2].max(1) > 0


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
