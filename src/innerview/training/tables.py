"""The timelines of a history: of layers, of weights, of metrics."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

import numpy as np

from innerview.analysis.statistics.accumulators import Statistics, empty, empty_channels, merge, merge_channels
from innerview.training.record import WeightSample
from innerview.training.series import Series, Weights
from innerview.training.timeline import Timeline

if TYPE_CHECKING:
    from collections.abc import Mapping

    from innerview.training.timeline import Rows


class LayerTable:
    """Statistics of layers by step. All layers of a row lie side by side, their channels one after the other.

    Attributes:
        names: the layers, in the order in which they were first seen.
        widths: how many channels each has.
        places: of each layer its position in a row, and where its channels lie.
        timeline: the rows.
    """

    def __init__(self) -> None:
        self.names: tuple[str, ...] = ()
        self.widths: tuple[int, ...] = ()
        self.places: dict[str, tuple[int, slice]] = {}
        self.timeline = Timeline(_row((), {}), _merged_layers)

    def append(self, step: int, layers: Mapping[str, Statistics]) -> None:
        """Add a row; layers that are not in it count as not called."""
        self.widen({name: statistics.channels.shape[-1] for name, statistics in layers.items()})
        widths = dict(zip(self.names, self.widths, strict=True))
        self.timeline.append(step, 1, _row(self.names, widths, layers))

    def widen(self, widths: Mapping[str, int]) -> None:
        """Make room for these layers and numbers of channels."""
        known = dict(zip(self.names, self.widths, strict=True))
        wanted = known | {name: max(known.get(name, 0), width) for name, width in widths.items()}
        if wanted == known:
            return
        places = _places(wanted)

        def place(column: str, old: np.ndarray, new: np.ndarray) -> None:
            if column != "channels":
                new[:, : len(known)] = old
                return
            for name, (_, channels) in self.places.items():
                start = places[name][1].start
                new[:, :, start : start + known[name]] = old[:, :, channels]

        self.timeline.widen(_row(tuple(wanted), wanted), place)
        self.names, self.widths, self.places = tuple(wanted), tuple(wanted.values()), places

    def series(self, name: str, kind: str) -> Series:
        """What one layer did; of a layer that this table does not have, a series without records."""
        if name not in self.places:
            nothing = np.zeros(0, np.int64)
            return Series(name, kind, nothing, nothing, empty(0))
        (at, channels), rows = self.places[name], self.timeline
        statistics = Statistics(rows["scalars"][:, at], rows["histogram"][:, at], rows["channels"][:, :, channels])
        return Series(name, kind, rows.steps, rows.spans, statistics)

    def snapshot(self) -> LayerTable:
        """A table that later changes to this one do not touch."""
        result = LayerTable()
        result.names, result.widths, result.places = self.names, self.widths, self.places
        result.timeline = self.timeline.snapshot()
        return result

    def joined(self, other: LayerTable) -> LayerTable:
        """The rows of both."""
        mine, theirs = self.snapshot(), LayerTable()
        mine.widen(dict(zip(other.names, other.widths, strict=True)))
        # The other's layers in the order of mine.
        theirs.timeline = other.timeline.snapshot()
        places = [(*mine.places[name], width) for name, width in zip(other.names, other.widths, strict=True)]
        order = [at for at, _, _ in places]
        columns = np.concatenate(
            [np.arange(channels.start, channels.start + width) for _, channels, width in places] or [np.zeros(0, int)]
        )

        def place(column: str, old: np.ndarray, new: np.ndarray) -> None:
            if column == "channels":
                new[:, :, columns] = old
            else:
                new[:, order] = old

        theirs.timeline.widen(_row(mine.names, dict(zip(mine.names, mine.widths, strict=True))), place)
        mine.timeline = mine.timeline.joined(theirs.timeline)
        return mine


class WeightTable:
    """Sums over samples of parameters by step.

    Attributes:
        names: the parameters.
        timeline: the rows.
    """

    def __init__(self, names: tuple[str, ...] = ()) -> None:
        self.names = names
        self.timeline = Timeline(self._empty(names), _added)

    @staticmethod
    def _empty(names: tuple[str, ...]) -> Rows:
        size = (len(names), len(WeightSample._fields))
        return {"sums": np.zeros(size), "counts": np.zeros(size, np.float32)}

    def append(self, step: int, weights: Mapping[str, WeightSample]) -> None:
        """Add a row."""
        self.widen(tuple(weights))
        unseen = (np.nan,) * len(WeightSample._fields)
        values = np.array([weights.get(name, unseen) for name in self.names], np.float64)
        # Of root mean squares it is the squares that are averaged.
        values[:, :2] **= 2
        seen = ~np.isnan(values)
        self.timeline.append(step, 1, {"sums": np.where(seen, values, 0), "counts": seen.astype(np.float32)})

    def widen(self, names: tuple[str, ...]) -> None:
        """Make room for these parameters."""
        wanted = tuple(dict.fromkeys((*self.names, *names)))
        if wanted == self.names:
            return
        known = len(self.names)

        def place(_column: str, old: np.ndarray, new: np.ndarray) -> None:
            new[:, :known] = old

        self.timeline.widen(self._empty(wanted), place)
        self.names = wanted

    def weights(self, name: str) -> Weights:
        """What one parameter did."""
        at, rows = self.names.index(name), self.timeline
        with np.errstate(invalid="ignore"):
            values = rows["sums"][:, at] / np.where(rows["counts"][:, at] > 0, rows["counts"][:, at], np.nan)
        rms, gradient, ratio, near = values.T
        return Weights(name, rows.steps.copy(), rows.spans.copy(), np.sqrt(rms), np.sqrt(gradient), ratio, near)

    def snapshot(self) -> WeightTable:
        """A table that later changes to this one do not touch."""
        result = WeightTable()
        result.names, result.timeline = self.names, self.timeline.snapshot()
        return result

    def joined(self, other: WeightTable) -> WeightTable:
        """The rows of both."""
        mine, theirs = self.snapshot(), other.snapshot()
        mine.widen(other.names)
        order = [mine.names.index(name) for name in other.names]

        def place(_column: str, old: np.ndarray, new: np.ndarray) -> None:
            new[:, order] = old

        theirs.timeline.widen(self._empty(mine.names), place)
        mine.timeline = mine.timeline.joined(theirs.timeline)
        return mine


class Tables:
    """All timelines of a history.

    Attributes:
        layers: by phase: "train", "eval", "probe 0", ...
        weights: of all parameters.
        metrics: by name.
    """

    def __init__(self, weights: WeightTable | None = None) -> None:
        self.layers: dict[str, LayerTable] = {}
        self.weights = weights or WeightTable()
        self.metrics: dict[str, Timeline] = {}

    def of(self, phase: str) -> LayerTable:
        """The layers in a phase: a table without any where there was none."""
        return self.layers.get(phase) or LayerTable()

    def timelines(self) -> list[Timeline]:
        """Every one of them."""
        return [*(table.timeline for table in self.layers.values()), self.weights.timeline, *self.metrics.values()]

    def snapshot(self) -> Tables:
        """Tables that later changes to these do not touch."""
        result = Tables(self.weights.snapshot())
        result.layers = {phase: table.snapshot() for phase, table in self.layers.items()}
        result.metrics = {name: timeline.snapshot() for name, timeline in self.metrics.items()}
        return result

    def joined(self, other: Tables) -> Tables:
        """The rows of both."""
        result = Tables(self.weights.joined(other.weights))
        for phase in {**self.layers, **other.layers}:
            result.layers[phase] = self.of(phase).joined(other.of(phase))
        for name in {**self.metrics, **other.metrics}:
            mine = self.metrics.get(name, metric_timeline())
            result.metrics[name] = mine.joined(other.metrics.get(name, metric_timeline()))
        return result


def metric_timeline() -> Timeline:
    """The values of one metric by step: their mean, smallest, largest and number."""
    empty_row = {
        "value": np.array(np.nan),
        "low": np.array(np.inf),
        "high": np.array(-np.inf),
        "count": np.array(0, np.float32),
    }
    return Timeline(empty_row, _averaged)


def add_metric(timeline: Timeline, step: int, value: float) -> None:
    """Add one value."""
    one = np.array(value, np.float64)
    timeline.append(step, 1, {"value": one, "low": one, "high": one, "count": np.array(1, np.float32)})


def _places(widths: Mapping[str, int]) -> dict[str, tuple[int, slice]]:
    """Of each layer its position, and where its channels lie."""
    starts = accumulate(widths.values(), initial=0)
    return {
        name: (at, slice(start, start + width))
        for at, ((name, width), start) in enumerate(zip(widths.items(), starts, strict=False))
    }


def _row(names: tuple[str, ...], widths: Mapping[str, int], layers: Mapping[str, Statistics] | None = None) -> Rows:
    """One row; of layers that are not given, the row that stands for nothing."""
    nothing = empty(len(names))
    channels = empty_channels(channels=sum(widths.values()))
    at = 0
    for position, name in enumerate(names):
        if layers is not None and name in layers:
            given = layers[name]
            nothing.scalars[position] = given.scalars
            nothing.histogram[position] = given.histogram
            channels[:, at : at + given.channels.shape[-1]] = given.channels
        at += widths[name]
    return {"scalars": nothing.scalars, "histogram": nothing.histogram, "channels": channels}


def _merged_layers(one: Rows, other: Rows) -> Rows:
    # Their channels lie side by side, so they are merged apart.
    none = empty_channels(*one["scalars"].shape[:-1], channels=0)
    merged = merge(
        Statistics(one["scalars"], one["histogram"], none), Statistics(other["scalars"], other["histogram"], none)
    )
    return {
        "scalars": merged.scalars,
        "histogram": merged.histogram,
        "channels": merge_channels(one["channels"], other["channels"]),
    }


def _added(one: Rows, other: Rows) -> Rows:
    return {name: one[name] + other[name] for name in one}


def _averaged(one: Rows, other: Rows) -> Rows:
    counts = one["count"] + other["count"]
    # Zero times NaN is NaN: a side without values must not count.
    a = np.where(one["count"] > 0, one["value"], 0) * one["count"]
    b = np.where(other["count"] > 0, other["value"], 0) * other["count"]
    return {
        "value": np.where(counts > 0, (a + b) / np.maximum(counts, 1), np.nan),
        "low": np.minimum(one["low"], other["low"]),
        "high": np.maximum(one["high"], other["high"]),
        "count": counts.astype(np.float32),
    }
