"""The tables of a history: one for each layer and phase, one for each parameter, one for each metric."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from innerview.analysis.statistics.accumulators import Statistics, empty, empty_channels, merge
from innerview.training.record import WeightSample
from innerview.training.series import LayerSeries, Weights
from innerview.training.step_table import Columns, StepTable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from typing_extensions import Self


class LayerTable(StepTable):
    """Statistics of one layer by step: a row where it was recorded, none where it was not, for whatever reason."""

    def __init__(self, channels: int = 0) -> None:
        super().__init__(_nothing(channels))

    @property
    def channels(self) -> int:
        """The most channels that the layer had."""
        return self["channels"].shape[-1]

    def append(self, step: int, statistics: Statistics) -> None:
        """Add a row."""
        self.widen(statistics.channels.shape[-1])
        channels = statistics.channels
        if channels.shape[-1] < self.channels:
            channels = empty_channels(channels=self.channels)
            channels[:, : statistics.channels.shape[-1]] = statistics.channels
        self._append(step, {"scalars": statistics.scalars, "histogram": statistics.histogram, "channels": channels})

    def widen(self, channels: int) -> None:
        """Make room for so many channels."""
        if channels <= self.channels:
            return
        before = self.channels

        def place(column: str, old: np.ndarray, new: np.ndarray) -> None:
            (new[..., :before] if column == "channels" else new)[:] = old

        self._reshape(_nothing(channels), place)

    def together(self, other: Self) -> Self:
        """Make a table of the rows of both, whatever their numbers of channels."""
        mine, theirs = self.snapshot(), other.snapshot()
        mine.widen(theirs.channels)
        theirs.widen(mine.channels)
        return mine.joined(theirs)

    def series(self, name: str, kind: str) -> LayerSeries:
        """Return what the layer did."""
        return LayerSeries(name, kind, self.steps, self.spans, Statistics(**self.columns()))

    def _merged(self, one: Columns, other: Columns) -> Columns:
        return merge(Statistics(**one), Statistics(**other))._asdict()


class WeightTable(StepTable):
    """Sums over samples of one parameter by step."""

    def __init__(self) -> None:
        size = len(WeightSample._fields)
        super().__init__({"sums": np.zeros(size), "counts": np.zeros(size, np.float32)})

    def append(self, step: int, sample: WeightSample) -> None:
        """Add a row."""
        values = np.array(sample, np.float64)
        values[:2] **= 2  # of root mean squares it is the squares that are averaged
        seen = ~np.isnan(values)
        self._append(step, {"sums": np.where(seen, values, 0), "counts": seen.astype(np.float32)})

    def weights(self, name: str) -> Weights:
        """Return what the parameter did."""
        counts = self["counts"]
        rms, gradient, ratio, near = (self["sums"] / np.where(counts > 0, counts, np.nan)).T
        return Weights(name, self.steps.copy(), self.spans.copy(), np.sqrt(rms), np.sqrt(gradient), ratio, near)

    def _merged(self, one: Columns, other: Columns) -> Columns:
        return {name: one[name] + other[name] for name in one}


class MetricTable(StepTable):
    """The values of one metric by step: their mean, smallest, largest and number."""

    def __init__(self) -> None:
        nothing = {"value": np.nan, "low": np.inf, "high": -np.inf, "count": np.float32(0)}
        super().__init__({name: np.array(value) for name, value in nothing.items()})

    def append(self, step: int, value: float) -> None:
        """Add one value."""
        self._append(step, {"value": value, "low": value, "high": value, "count": 1.0})

    def _merged(self, one: Columns, other: Columns) -> Columns:
        counts = one["count"] + other["count"]
        # Zero times NaN is NaN: a side without values must not count.
        a, b = (np.where(side["count"] > 0, side["value"], 0) * side["count"] for side in (one, other))
        return {
            "value": np.where(counts > 0, (a + b) / np.maximum(counts, 1), np.nan),
            "low": np.minimum(one["low"], other["low"]),
            "high": np.maximum(one["high"], other["high"]),
            "count": counts.astype(np.float32),
        }


class Tables:
    """All tables of a history: of layers by phase and name, of parameters and of metrics by name."""

    def __init__(self) -> None:
        self.layers: dict[str, dict[str, LayerTable]] = {}
        self.weights: dict[str, WeightTable] = {}
        self.metrics: dict[str, MetricTable] = {}
        self._spare = 0  # bytes that may be added before all sizes are added up again

    def groups(self) -> list[Mapping[str, StepTable]]:
        """Return the tables that are thinned out together: those of a phase, of all parameters, of all metrics."""
        return [*self.layers.values(), self.weights, self.metrics]

    def all(self) -> list[StepTable]:
        """Return every one of them."""
        return [table for group in self.groups() for table in group.values()]

    @property
    def bytes(self) -> int:
        """Size of all rows."""
        return sum(table.bytes for table in self.all())

    def series(self, phase: str, name: str, kind: str) -> LayerSeries:
        """Return what a layer did in a phase: a series without records where it was never recorded."""
        table = self.layers.get(phase, {}).get(name)
        return (LayerTable() if table is None else table).series(name, kind)

    def add_layers(self, phase: str, step: int, layers: Mapping[str, Statistics]) -> None:
        """Add what was recorded of some layers at a step."""
        tables = self.layers.setdefault(phase, {})
        for name, statistics in layers.items():
            table = tables.get(name)
            if table is None:
                table = tables[name] = LayerTable(statistics.channels.shape[-1])
            before = table.bytes
            table.append(step, statistics)
            self._spare -= table.bytes - before

    def add_weights(self, step: int, weights: Mapping[str, WeightSample]) -> None:
        """Add what was recorded of some parameters at a step."""
        for name, sample in weights.items():
            table = self.weights.get(name)
            if table is None:
                table = self.weights[name] = WeightTable()
            table.append(step, sample)
            self._spare -= table.row_bytes

    def add_metrics(self, step: int, values: Mapping[str, float]) -> None:
        """Add the metrics of a step."""
        for name, value in values.items():
            table = self.metrics.get(name)
            if table is None:
                table = self.metrics[name] = MetricTable()
            table.append(step, value)
            self._spare -= table.row_bytes

    def snapshot(self) -> Tables:
        """Make tables that later changes to these do not touch."""
        result = Tables()
        result.layers = {
            phase: {name: table.snapshot() for name, table in tables.items()} for phase, tables in self.layers.items()
        }
        result.weights = {name: table.snapshot() for name, table in self.weights.items()}
        result.metrics = {name: table.snapshot() for name, table in self.metrics.items()}
        return result

    def joined(self, other: Tables) -> Tables:
        """Make tables of the rows of both."""
        result = Tables()
        for phase in _names(self.layers, other.layers):
            mine, theirs = (tables.layers.get(phase, {}) for tables in (self, other))
            result.layers[phase] = {
                name: mine.get(name, LayerTable()).together(theirs.get(name, LayerTable()))
                for name in _names(mine, theirs)
            }
        for name in _names(self.weights, other.weights):
            mine, theirs = (tables.weights.get(name, WeightTable()) for tables in (self, other))
            result.weights[name] = mine.joined(theirs)
        for name in _names(self.metrics, other.metrics):
            mine, theirs = (tables.metrics.get(name, MetricTable()) for tables in (self, other))
            result.metrics[name] = mine.joined(theirs)
        return result

    def fit(self, size: int) -> None:
        """Merge old rows until all take at most ``size`` bytes, as far as there are rows to be merged."""
        if self._spare > 0:
            return
        while (taken := self.bytes) > size:
            groups = [[table for table in group.values() if len(table) > 1] for group in self.groups()]
            largest = max(groups, key=lambda group: sum(table.bytes for table in group))
            # All of them alike, so that layers can be compared; those that have few rows anyway keep them.
            rows = max((len(table) for table in largest), default=0)
            if not rows:
                return
            for table in largest:
                if 2 * len(table) > rows:
                    table.thin()
        self._spare = size - taken


def _nothing(channels: int) -> Columns:
    return empty(channels=channels)._asdict()


def _names(one: Iterable[str], other: Iterable[str]) -> dict[str, None]:
    """Return the names of both, each once, in order."""
    return dict.fromkeys((*one, *other))
