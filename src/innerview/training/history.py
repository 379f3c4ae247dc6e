"""What a run was like, step by step, within a bounded size. It knows of no module, no hook and no widget."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from innerview.model.calls import unknown_layer
from innerview.training.overview import overview
from innerview.training.tables import LayerTable, WeightTable, add_metric, metric_timeline

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy as np

    from innerview.training.overview import Overview
    from innerview.training.record import Event, Record, Series, Weights
    from innerview.training.timeline import Timeline

PHASES = ("train", "eval")
_MOST_EVENTS = 10_000
# Rows are copied to larger arrays now and then: what is allocated may be this much more than what is used.
_ROOM = 1.25


class History:
    """Statistics of layers and weights, metrics and events of a run.

    One thread adds; any other may read a ``copy()``, which costs microseconds. When the rows take more than ``memory``
    bytes, old ones are merged with their neighbours: the whole run stays, at a resolution that decreases with age.

    Args:
        memory: in bytes.

    Attributes:
        memory: as given.
        step: how many steps were seen.
        overhead: what recording cost so far, as a fraction of the training time; None before it is known.
    """

    def __init__(self, memory: int = 100_000_000) -> None:
        self.memory = memory
        self.step = 0
        self.overhead: float | None = None
        self._lock = threading.Lock()
        self._order: list[str] = []
        self._kinds: dict[str, str] = {}
        self._layers: dict[str, LayerTable] = {phase: LayerTable() for phase in PHASES}
        self._weights = WeightTable()
        self._metrics: dict[str, Timeline] = {}
        self._events: list[Event] = []

    @property
    def layers(self) -> tuple[str, ...]:
        """Every layer seen, in execution order."""
        return tuple(self._order)

    @property
    def parameters(self) -> tuple[str, ...]:
        """Every parameter seen, in the order of the model."""
        return self._weights.names

    @property
    def metrics(self) -> tuple[str, ...]:
        """Every metric: "loss", "lr", "lr/1" of further groups of parameters, and what was passed to ``step``."""
        return tuple(self._metrics)

    @property
    def probes(self) -> int:
        """How many probe samples there are records of."""
        return sum(phase.startswith("probe ") for phase in self._layers)

    @property
    def events(self) -> tuple[Event, ...]:
        """What happened, in order."""
        return tuple(self._events)

    @property
    def bytes(self) -> int:
        """Size of all rows in memory."""
        return sum(timeline.bytes for timeline in self._timelines())

    def kind(self, layer: str) -> str:
        """Class of a layer's module.

        Raises:
            UnknownLayerError: no such layer was seen.
        """
        self._check(layer)
        return self._kinds[layer]

    def series(self, layer: str, phase: str = "train") -> Series:
        """What a layer did in training or evaluation passes.

        Args:
            layer: one of ``layers``.
            phase: "train" or "eval".

        Raises:
            UnknownLayerError: no such layer was seen; the nearest names are offered.
            ValueError: no such phase.
        """
        self._check(layer)
        if phase not in PHASES:
            raise ValueError(f"phase={phase!r}: there are {' and '.join(map(repr, PHASES))}; probe samples: probe()")
        return self._layers[phase].series(layer, self._kinds[layer])

    def overview(self, phase: str = "train", points: int = 60) -> Overview:
        """Every layer at a glance, at the cost of one ``series``.

        Args:
            phase: "train" or "eval".
            points: how many standard deviations over time, at most.
        """
        return overview(self._layers[phase], self.layers, points)

    def probe(self, number: int, layer: str) -> Series:
        """What a layer did for one probe sample, a record for each time that it was run.

        Args:
            number: of the sample, from 0.
            layer: one of ``layers``.

        Raises:
            UnknownLayerError: no such layer was seen.
            IndexError: no such sample was run.
        """
        self._check(layer)
        table = self._layers.get(f"probe {number}")
        if table is None:
            raise IndexError(f"probe {number}: there are records of {self.probes} probe samples")
        return table.series(layer, self._kinds[layer])

    def weights(self, parameter: str) -> Weights:
        """What a parameter did.

        Raises:
            UnknownLayerError: no such parameter was seen; the nearest names are offered.
        """
        if parameter not in self._weights.names:
            raise unknown_layer(parameter, self._weights.names, "parameter")
        return self._weights.weights(parameter)

    def metric(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Every value of a metric; of a long run the means of neighbouring steps.

        Returns:
            Steps, int64 ``[n]``, and values, float64 ``[n]``.

        Raises:
            UnknownLayerError: no such metric was passed.
        """
        timeline = self._metric(name)
        return timeline.steps.copy(), timeline["value"].copy()

    def metric_range(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Smallest and largest value behind each one that ``metric`` returns, float64 ``[n]`` each."""
        timeline = self._metric(name)
        return timeline["low"].copy(), timeline["high"].copy()

    def add(self, record: Record) -> None:
        """Add what was recorded of a step. Records of a phase come in the order of steps."""
        with self._lock:
            if record.layers:
                self._place(record.layers)
                self._kinds.update({name: record.kinds.get(name, "") for name in record.layers})
                self._layers.setdefault(record.phase, LayerTable()).append(record.step, record.layers)
            if record.weights:
                self._weights.append(record.step, record.weights)
            self.step = max(self.step, record.step)
            self._fit()

    def add_metrics(self, step: int, values: Mapping[str, float]) -> None:
        """Add the metrics of a step."""
        with self._lock:
            for name, value in values.items():
                if name not in self._metrics:
                    self._metrics[name] = metric_timeline()
                add_metric(self._metrics[name], step, value)
            self._fit()

    def add_event(self, event: Event) -> None:
        """Add an event; of many thousand the oldest are forgotten."""
        with self._lock:
            self._events.append(event)
            del self._events[:-_MOST_EVENTS]

    def copy(self) -> History:
        """A snapshot, which another thread may read while this one is added to."""
        with self._lock:
            result = History(self.memory)
            result.step, result.overhead = self.step, self.overhead
            result._order, result._kinds = list(self._order), dict(self._kinds)
            result._layers = {phase: table.snapshot() for phase, table in self._layers.items()}
            result._weights = self._weights.snapshot()
            result._metrics = {name: timeline.snapshot() for name, timeline in self._metrics.items()}
            result._events = list(self._events)
            return result

    def __repr__(self) -> str:
        size = f"{self.bytes / 1e6:.1f} MB"
        return f"History({self.step} steps, {len(self._order)} layers, {len(self._metrics)} metrics, {size})"

    def _timelines(self) -> list[Timeline]:
        return [*(table.timeline for table in self._layers.values()), self._weights.timeline, *self._metrics.values()]

    def _fit(self) -> None:
        while self.bytes > self.memory / _ROOM:
            largest = max(self._timelines(), key=lambda timeline: timeline.bytes if len(timeline) > 1 else 0)
            if len(largest) < 2:  # noqa: PLR2004 - nothing to merge
                return
            largest.thin()

    def _place(self, layers: Iterable[str]) -> None:
        """Put layers not seen before after the one that ran before them."""
        if all(name in self._kinds for name in layers):
            return
        at = 0
        for name in layers:
            if name not in self._kinds:
                self._order.insert(at, name)
                self._kinds[name] = ""
            at = self._order.index(name) + 1

    def _check(self, layer: str) -> None:
        if layer not in self._kinds:
            raise unknown_layer(layer, self._order)

    def _metric(self, name: str) -> Timeline:
        if name not in self._metrics:
            raise unknown_layer(name, self._metrics, "metric")
        return self._metrics[name]
