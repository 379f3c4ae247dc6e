"""The tables of a history: of layers, of weights, of metrics."""

from __future__ import annotations

from abc import abstractmethod
from itertools import accumulate
from typing import TYPE_CHECKING

import numpy as np

from innerview.analysis.statistics.accumulators import COLUMNS, Statistics, empty, empty_channels, merge, merge_channels
from innerview.training.record import WeightSample
from innerview.training.series import LayerSeries, Overview, Weights
from innerview.training.step_table import Columns, StepTable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from typing_extensions import Self


class NamedTable(StepTable):
    """Rows in which each name has a part, and in the column "channels" as many places as it has channels."""

    def __init__(self) -> None:
        self.widths: dict[str, int] = {}  # channels of each name, in the order in which they lie
        self.places: dict[str, tuple[int, slice]] = {}  # position of each name, and where its channels lie
        super().__init__(self._nothing({}))

    @abstractmethod
    def _nothing(self, widths: Mapping[str, int]) -> Columns:
        """Make the row that stands for nothing."""

    def widen(self, widths: Mapping[str, int]) -> None:
        """Make room for these names and numbers of channels."""
        self.lay_out(self.widths | {name: max(self.widths.get(name, 0), width) for name, width in widths.items()})

    def lay_out(self, widths: Mapping[str, int]) -> None:
        """Have room for exactly these names and numbers of channels, in this order; none is taken away."""
        if list(widths.items()) == list(self.widths.items()):
            return
        starts = accumulate(widths.values(), initial=0)
        places = {
            name: (at, slice(start, start + widths[name]))
            for at, (name, start) in enumerate(zip(widths, starts, strict=False))
        }
        order = [places[name][0] for name in self.widths]
        channels = [places[name][1].start + number for name, width in self.widths.items() for number in range(width)]

        def place(column: str, old: np.ndarray, new: np.ndarray) -> None:
            if column == "channels":
                new[:, :, channels] = old
            else:
                new[:, order] = old

        self._reshape(self._nothing(widths), place)
        self.widths, self.places = dict(widths), places

    def together(self, other: Self) -> Self:
        """Make a table of the rows of both, whatever their names and widths."""
        mine, theirs = self.snapshot(), other.snapshot()
        mine.widen(other.widths)
        theirs.lay_out(mine.widths)
        return mine.joined(theirs)


class LayerTable(NamedTable):
    """Statistics of layers by step. All layers of a row lie side by side, their channels one after the other."""

    def append(self, step: int, layers: Mapping[str, Statistics]) -> None:
        """Add a row; layers that are not in it count as not called."""
        self.widen({name: statistics.channels.shape[-1] for name, statistics in layers.items()})
        row = self._nothing(self.widths)
        for name, given in layers.items():
            at, channels = self.places[name]
            row["scalars"][at], row["histogram"][at] = given.scalars, given.histogram
            row["channels"][:, channels.start : channels.start + given.channels.shape[-1]] = given.channels
        self._append(step, row)

    def series(self, name: str, kind: str) -> LayerSeries:
        """Return what one layer did; of a layer that this table does not have, a series without records."""
        if name not in self.places:
            nothing = np.zeros(0, np.int64)
            return LayerSeries(name, kind, nothing, nothing, empty(0))
        at, channels = self.places[name]
        statistics = Statistics(self["scalars"][:, at], self["histogram"][:, at], self["channels"][:, :, channels])
        return LayerSeries(name, kind, self.steps, self.spans, statistics)

    def overview(self, layers: Sequence[str], points: int) -> Overview:
        """Look at some layers at once, at so many points; those that the table does not have are NaN."""
        places = [self.places[name] for name in layers if name in self.places]
        at, where = np.array([at for at, _ in places], int), np.flatnonzero([name in self.places for name in layers])
        some = np.unique(np.linspace(0, len(self) - 1, min(points, len(self))).astype(int))
        mean, std, near_zeros, dead = np.full((4, len(layers)), np.nan)
        histogram = np.zeros((len(layers), self["histogram"].shape[-1]), np.float32)
        stds = np.full((len(layers), max(1, len(some))), np.nan)
        if len(self) and len(at):
            called = self["scalars"][:, at, COLUMNS.index("count")] > 0
            # The last row of all for a layer that was never called.
            latest = np.where(called.any(0), len(self) - 1 - np.argmax(called[::-1], 0), len(self) - 1)
            now = self._all(self["scalars"][latest, at], self["histogram"][latest, at])
            mean[where], std[where], near_zeros[where] = now.mean, now.std, now.near_zeros
            histogram[where] = now.histogram
            stds[where] = self._all(self["scalars"][np.ix_(some, at)], self["histogram"][np.ix_(some, at)]).std.T
            for place, row, (_, channels) in zip(where, latest, places, strict=True):
                one = Statistics(now.histogram, now.histogram, self["channels"][row : row + 1, :, channels])
                dead[place] = LayerSeries("", "", self.steps[:1], self.spans[:1], one).dead[0]
        return Overview(tuple(layers), mean, std, near_zeros, dead, histogram, stds)

    def _all(self, scalars: np.ndarray, histogram: np.ndarray) -> LayerSeries:
        """Read the numbers of many layers as if they were those of one."""
        return LayerSeries("", "", self.steps, self.spans, Statistics(scalars, histogram, empty_channels(channels=0)))

    def _nothing(self, widths: Mapping[str, int]) -> Columns:
        nothing = empty(len(widths))
        channels = empty_channels(channels=sum(widths.values()))
        return {"scalars": nothing.scalars, "histogram": nothing.histogram, "channels": channels}

    def _merged(self, one: Columns, other: Columns) -> Columns:
        # Their channels lie side by side, so they are merged apart.
        none = empty_channels(*one["scalars"].shape[:-1], channels=0)
        merged = merge(
            Statistics(one["scalars"], one["histogram"], none), Statistics(other["scalars"], other["histogram"], none)
        )
        channels = merge_channels(one["channels"], other["channels"])
        return {"scalars": merged.scalars, "histogram": merged.histogram, "channels": channels}


class WeightTable(NamedTable):
    """Sums over samples of parameters by step."""

    def append(self, step: int, weights: Mapping[str, WeightSample]) -> None:
        """Add a row."""
        self.widen(dict.fromkeys(weights, 0))
        unseen = (np.nan,) * len(WeightSample._fields)
        values = np.array([weights.get(name, unseen) for name in self.widths], np.float64)
        values[:, :2] **= 2  # of root mean squares it is the squares that are averaged
        seen = ~np.isnan(values)
        self._append(step, {"sums": np.where(seen, values, 0), "counts": seen.astype(np.float32)})

    def weights(self, name: str) -> Weights:
        """Return what one parameter did."""
        at = self.places[name][0]
        sums, counts = self["sums"][:, at], self["counts"][:, at]
        rms, gradient, ratio, near = (sums / np.where(counts > 0, counts, np.nan)).T
        return Weights(name, self.steps.copy(), self.spans.copy(), np.sqrt(rms), np.sqrt(gradient), ratio, near)

    def _nothing(self, widths: Mapping[str, int]) -> Columns:
        size = (len(widths), len(WeightSample._fields))
        return {"sums": np.zeros(size), "counts": np.zeros(size, np.float32)}

    def _merged(self, one: Columns, other: Columns) -> Columns:
        return {name: one[name] + other[name] for name in one}


class MetricTable(StepTable):
    """The values of one metric by step: their mean, smallest, largest and number."""

    def __init__(self) -> None:
        nothing = {"value": np.nan, "low": np.inf, "high": -np.inf, "count": np.float32(0)}
        super().__init__({name: np.array(value) for name, value in nothing.items()})

    def append(self, step: int, value: float) -> None:
        """Add one value."""
        one = np.array(value, np.float64)
        self._append(step, {"value": one, "low": one, "high": one, "count": np.array(1, np.float32)})

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
    """All tables of a history: of layers by phase, of all parameters, of metrics by name."""

    def __init__(self) -> None:
        self.layers: dict[str, LayerTable] = {}
        self.weights = WeightTable()
        self.metrics: dict[str, MetricTable] = {}

    def of(self, phase: str) -> LayerTable:
        """Return the layers in a phase: a table without any where there was none."""
        return self.layers.get(phase) or LayerTable()

    def all(self) -> list[StepTable]:
        """Return every one of them."""
        return [*self.layers.values(), self.weights, *self.metrics.values()]

    def snapshot(self) -> Tables:
        """Make tables that later changes to these do not touch."""
        result = Tables()
        result.layers = {phase: table.snapshot() for phase, table in self.layers.items()}
        result.weights = self.weights.snapshot()
        result.metrics = {name: table.snapshot() for name, table in self.metrics.items()}
        return result

    def joined(self, other: Tables) -> Tables:
        """Make tables of the rows of both."""
        result = Tables()
        result.weights = self.weights.together(other.weights)
        for phase in {**self.layers, **other.layers}:
            result.layers[phase] = self.of(phase).together(other.of(phase))
        for name in {**self.metrics, **other.metrics}:
            mine, theirs = (tables.metrics.get(name) or MetricTable() for tables in (self, other))
            result.metrics[name] = mine.joined(theirs)
        return result

    def fit(self, size: int) -> None:
        """Merge old rows until all take at most ``size`` bytes, as far as there are rows to be merged."""
        while sum(table.bytes for table in self.all()) > size:
            largest = max(self.all(), key=lambda table: table.bytes if len(table) > 1 else 0)
            if len(largest) < 2:  # noqa: PLR2004 - nothing to merge
                return
            largest.thin()
