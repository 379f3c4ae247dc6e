"""The record of a run, step by step, within a bounded size. It knows nothing of modules, hooks or widgets."""

from __future__ import annotations

import io
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from innerview.arguments import strict, whole
from innerview.errors import InnerviewError
from innerview.figures.curves import course_figure
from innerview.model.calls import unknown_layer
from innerview.training import storage
from innerview.training.ordering import in_order
from innerview.training.series import overview
from innerview.training.storage import Content
from innerview.training.tables import MetricTable, Tables

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy as np

    from innerview.training.record import Event, Record
    from innerview.training.series import LayerSeries, Overview, Weights

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
        recorded: of how many of them something was recorded.
        overhead: what recording cost so far, as a fraction of the training time; None before it is known.
        tables: all that was recorded, as arrays.
    """

    @strict
    def __init__(self, memory: int = 100_000_000) -> None:
        whole("memory", memory, 1, "bytes")
        self.memory = memory
        self.step = 0
        self.recorded = 0
        self.overhead: float | None = None
        self._lock = threading.Lock()
        self._kinds: dict[str, str] = {}  # in execution order
        self.tables = Tables()
        self._events: list[Event] = []

    @property
    def layers(self) -> tuple[str, ...]:
        """Every layer seen, in execution order."""
        return tuple(self._kinds)

    @property
    def parameters(self) -> tuple[str, ...]:
        """Every parameter seen, in the order in which they were first recorded."""
        return tuple(self.tables.weights)

    @property
    def metrics(self) -> tuple[str, ...]:
        """Every metric: "loss", "lr", "lr/1" of further groups of parameters, and what was passed to ``step``."""
        return tuple(self.tables.metrics)

    @property
    def probes(self) -> int:
        """Number of probe samples that there are records of."""
        return sum(phase.startswith("probe ") for phase in self.tables.layers)

    @property
    def events(self) -> tuple[Event, ...]:
        """All events, in order."""
        return tuple(self._events)

    @property
    def bytes(self) -> int:
        """Size of all rows in memory."""
        return self.tables.bytes

    def kind(self, layer: str) -> str:
        """Class of a layer's module.

        Raises:
            UnknownLayerError: no such layer was seen.
        """
        self._check(layer)
        return self._kinds[layer]

    def series(self, layer: str, phase: str = "train") -> LayerSeries:
        """Return the course of a layer in training or evaluation passes.

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
        return self.tables.series(phase, layer, self._kinds[layer])

    def figure(self, layer: str) -> Any:
        """A bqplot Figure of a layer's activations over the steps, for a dashboard of one's own.

        Args:
            layer: one of ``layers``.

        Raises:
            UnknownLayerError: no such layer was seen; the nearest names are offered.
        """
        series = self.series(layer)
        return course_figure(series.steps, series.mean, series.std, layer)

    def overview(self, phase: str = "train", points: int = 60) -> Overview:
        """Return every layer at a glance.

        Args:
            phase: "train" or "eval".
            points: the most standard deviations over time.
        """
        return overview([self.tables.series(phase, layer, kind) for layer, kind in self._kinds.items()], points)

    def probe(self, number: int, layer: str) -> LayerSeries:
        """Return the course of a layer for one probe sample, a record for each time that it was run.

        Args:
            number: of the sample, from 0.
            layer: one of ``layers``.

        Raises:
            UnknownLayerError: no such layer was seen.
            IndexError: no such sample was run.
        """
        self._check(layer)
        if f"probe {number}" not in self.tables.layers:
            raise IndexError(f"probe {number}: there are records of {self.probes} probe samples")
        return self.tables.series(f"probe {number}", layer, self._kinds[layer])

    def weights(self, parameter: str) -> Weights:
        """Return the course of a parameter.

        Raises:
            UnknownLayerError: no such parameter was seen; the nearest names are offered.
        """
        if parameter not in self.tables.weights:
            raise unknown_layer(parameter, self.parameters, "parameter")
        return self.tables.weights[parameter].weights(parameter)

    def metric(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Every value of a metric; of a long run the means of neighbouring steps.

        Returns:
            Steps, int64 ``[n]``, and values, float64 ``[n]``.

        Raises:
            UnknownLayerError: no such metric was passed.
        """
        table = self._metric(name)
        return table.steps.copy(), table["value"].copy()

    def metric_range(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Smallest and largest value behind each one that ``metric`` returns, float64 ``[n]`` each."""
        table = self._metric(name)
        return table["low"].copy(), table["high"].copy()

    def add(self, record: Record) -> None:
        """Add what was recorded of a step, of any of the layers. Records of a phase come in the order of steps."""
        with self._lock:
            if record.layers:
                self._place({name: record.kinds.get(name, "") for name in record.layers}, record.order)
                self.tables.add_layers(record.phase, record.step, record.layers)
            self.tables.add_weights(record.step, record.weights)
            self.recorded += record.phase == "train"
            self.step = max(self.step, record.step)
            self._fit()

    def add_metrics(self, step: int, values: Mapping[str, float]) -> None:
        """Add the metrics of a step."""
        with self._lock:
            self.tables.add_metrics(step, values)
            self._fit()

    def add_event(self, event: Event) -> None:
        """Add an event; of many thousand the oldest are forgotten."""
        with self._lock:
            self._events.append(event)
            del self._events[:-_MOST_EVENTS]

    def copy(self) -> History:
        """A snapshot, which another thread may read while this one is added to."""
        return self._of(self._content())

    def save(self, path: str | Path) -> None:
        """Write it to a file: an .npz of arrays, without pickle.

        Args:
            path: of the file; the ending .npz is not added.
        """
        # To a file beside it first: one cut short must not take the place of a whole one.
        path = Path(path)
        part = path.with_name(path.name + ".part")
        try:
            with part.open("wb") as file:
                storage.write(self._content(), file)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)

    @classmethod
    def load(cls, path: str | Path) -> History:
        """Read what ``save`` wrote.

        Raises:
            HistoryError: it is not a history, is of another version, or cut short.
            OSError: there is no such file, or it cannot be read.
        """
        with Path(path).open("rb") as file:
            return cls._of(storage.read(file, str(path)))

    def to_bytes(self) -> bytes:
        """The content of the file that ``save`` writes, to be sent to another process."""
        file = io.BytesIO()
        storage.write(self._content(), file)
        return file.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> History:
        """Read what ``to_bytes`` returned.

        Raises:
            HistoryError: as for ``load``.
        """
        return cls._of(storage.read(io.BytesIO(content), "this"))

    def merge(self, *others: History) -> History:
        """Make a history of what this and others saw in one run: by workers, by the ranks of a distributed job.

        Records, and metrics, of the same step become one; a metric is averaged over those that have it. So do records
        that overlap where one of the histories was thinned out. The result takes as much memory as the largest may.
        Associative while nothing was thinned out.
        """
        result = History(self.memory)
        for each in (self, *others):
            result._take_in(each.copy())
        result._fit()
        return result

    def to_frame(self) -> Any:
        """Return a pandas DataFrame: a row for each layer, phase and record, without histogram and channels.

        Raises:
            InnerviewError: pandas is not installed.
        """
        try:
            import pandas as pd  # noqa: PLC0415 - slow to import
        except ImportError as error:
            raise InnerviewError("to_frame() makes a pandas DataFrame: pip install pandas") from error
        frames, snapshot = [], self.copy()
        for phase, tables in snapshot.tables.layers.items():
            for layer in snapshot.layers:
                if layer in tables:
                    series = tables[layer].series(layer, snapshot.kind(layer))
                    columns = {name: getattr(series, name) for name in series.NUMBERS}
                    frames.append(pd.DataFrame({"layer": layer, "phase": phase, **columns}))
        return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame({"layer": [], "phase": []})

    def __repr__(self) -> str:
        size = f"{self.bytes / 1e6:.1f} MB"
        return f"History({self.step} steps, {len(self._kinds)} layers, {len(self.metrics)} metrics, {size})"

    def _take_in(self, other: History) -> None:
        self._place(other._kinds)
        self.tables = self.tables.joined(other.tables)
        # What happened on all ranks alike is said once.
        events = sorted(dict.fromkeys((*self._events, *other.events)), key=lambda event: event.step)
        self._events = events[-_MOST_EVENTS:]
        self.step, self.memory = max(self.step, other.step), max(self.memory, other.memory)
        self.recorded = max(self.recorded, other.recorded)
        known = [each.overhead for each in (self, other) if each.overhead is not None]
        self.overhead = max(known, default=None)

    def _fit(self) -> None:
        self.tables.fit(int(self.memory / _ROOM))

    def _place(self, kinds: Mapping[str, str], order: Iterable[str] = ()) -> None:
        """Note the classes of layers, in the order in which they ran."""
        if not kinds.keys() <= self._kinds.keys():
            known = [name for name in order if name in kinds or name in self._kinds]
            self._kinds = {name: self._kinds.get(name, "") for name in in_order(self._kinds, known or kinds)}
        self._kinds.update(kinds)

    def _content(self) -> Content:
        with self._lock:
            tables = self.tables.snapshot()
            return Content(
                self.memory, self.step, self.recorded, self.overhead, dict(self._kinds), tables, list(self._events)
            )

    @classmethod
    def _of(cls, content: Content) -> History:
        result = cls(content.memory)
        _, result.step, result.recorded, result.overhead, result._kinds, result.tables, result._events = content
        return result

    def _check(self, layer: str) -> None:
        if layer not in self._kinds:
            raise unknown_layer(layer, self._kinds)

    def _metric(self, name: str) -> MetricTable:
        if name not in self.tables.metrics:
            raise unknown_layer(name, self.tables.metrics, "metric")
        return self.tables.metrics[name]
