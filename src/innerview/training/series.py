"""The course of a layer, of a parameter and of all layers together through a run, as arrays."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from innerview.analysis.statistics.accumulators import BINS, CHANNEL_ROWS, Statistics, saturating

if TYPE_CHECKING:
    from collections.abc import Sequence

_FEW = 4  # intervals without a record are a gap


class LayerSeries:
    """One layer over the ``R`` records that there are of it in one phase, each with its own steps.

    Each attribute is computed when it is first asked for. Floats are NaN where a record has no finite value of the
    layer, of the channel or of the gradient.

    Args:
        layer: its name, as in the layer table.
        kind: class of the module.
        steps: int64 ``[R]``, the first training step each record stands for.
        spans: int64 ``[R]``, how many steps it stands for: old records are merged.
        statistics: of the layer, ``[R, ...]`` each, or with more leading axes than one. Nobody writes to these arrays
            any more.

    Attributes:
        layer, kind: as given.
        steps, spans, histogram: as given, float32 ``[R, B]`` the last one: counts of sampled values in the bins of
            ``analysis.statistics.EDGES``. The history's own arrays, not to be written to.
    """

    # Those that are a number for each record.
    NUMBERS = (
        *("steps", "spans", "count", "mean", "std", "low", "high", "zeros", "near_zeros", "saturated", "nonfinite"),
        *("gradient_mean", "gradient_std", "gradient_nonfinite", "dead"),
    )

    def __init__(self, layer: str, kind: str, steps: np.ndarray, spans: np.ndarray, statistics: Statistics) -> None:
        self.layer, self.kind = layer, kind
        self.steps, self.spans, self.histogram = _closed(steps), _closed(spans), _closed(statistics.histogram)
        self._statistics, self._column, self._channels = statistics, statistics.column, statistics.channels

    def at(self, records: slice | np.ndarray) -> LayerSeries:
        """Some of the records, by their places."""
        statistics = Statistics(*(values[records] for values in self._statistics))
        return LayerSeries(self.layer, self.kind, self.steps[records], self.spans[records], statistics)

    @cached_property
    def count(self) -> np.ndarray:
        """Values that were looked at: int64 ``[R]``."""
        return self._column("count").astype(np.int64)

    @cached_property
    def nonfinite(self) -> np.ndarray:
        """NaN and infinite values among them: int64 ``[R]``."""
        return self._column("nonfinite").astype(np.int64)

    @cached_property
    def mean(self) -> np.ndarray:
        """Mean of the finite values: float64 ``[R]``."""
        return self._over("mean", 1, self._finite > 0)

    @cached_property
    def std(self) -> np.ndarray:
        """Standard deviation of the finite values: float64 ``[R]``."""
        return np.sqrt(self._over("squares", self._finite))

    @cached_property
    def low(self) -> np.ndarray:
        """Smallest finite value: float64 ``[R]``."""
        return self._over("low", 1, self._finite > 0)

    @cached_property
    def high(self) -> np.ndarray:
        """Largest finite value: float64 ``[R]``."""
        return self._over("high", 1, self._finite > 0)

    @cached_property
    def zeros(self) -> np.ndarray:
        """Fraction of the values that are zero: float64 ``[R]``."""
        return self._over("zeros", self._column("sampled"))

    @cached_property
    def near_zeros(self) -> np.ndarray:
        """Fraction of the values that are at most 0.001 in size: float64 ``[R]``."""
        return self._over("near_zeros", self._column("sampled"))

    @cached_property
    def saturated(self) -> np.ndarray:
        """Fraction of the values where the slope of a sigmoid or tanh is under a twentieth of its greatest.

        Of a softmax, the fraction of its distributions that are that one-sided. Float64 ``[R]``; NaN for other layers.
        """
        if not saturating(self.kind):
            return np.full(len(self.steps), np.nan)
        return self._over("saturated", self._column("saturable"))

    @cached_property
    def channel_mean(self) -> np.ndarray:
        """Mean of the finite values of each channel: float32 ``[R, C]``."""
        return self._channel("mean")

    @cached_property
    def channel_std(self) -> np.ndarray:
        """Standard deviation of each channel: float32 ``[R, C]``."""
        return self._channel("std")

    @cached_property
    def channel_low(self) -> np.ndarray:
        """Smallest value of each channel: float32 ``[R, C]``."""
        return self._channel("low")

    @cached_property
    def channel_high(self) -> np.ndarray:
        """Largest value of each channel: float32 ``[R, C]``."""
        return self._channel("high")

    @cached_property
    def dead(self) -> np.ndarray:
        """Fraction of the channels that were never above zero within the record: float64 ``[R]``."""
        seen = ~np.isnan(self.channel_high)
        return _ratio((seen & ~(self.channel_high > 0)).sum(-1), seen.sum(-1))

    @cached_property
    def gradient_mean(self) -> np.ndarray:
        """Mean of the gradient of the loss with respect to the output: float64 ``[R]``."""
        return self._over("gradient_mean", 1, self._gradients > 0)

    @cached_property
    def gradient_std(self) -> np.ndarray:
        """Standard deviation of that gradient: float64 ``[R]``."""
        return np.sqrt(self._over("gradient_squares", self._gradients))

    @cached_property
    def gradient_nonfinite(self) -> np.ndarray:
        """NaN and infinite values of the gradient: int64 ``[R]``."""
        return self._column("gradient_nonfinite").astype(np.int64)

    @property
    def _finite(self) -> np.ndarray:
        return self._column("count") - self._column("nonfinite")

    @property
    def _gradients(self) -> np.ndarray:
        return self._column("gradient_count") - self._column("gradient_nonfinite")

    def _over(self, name: str, by: np.ndarray | int, seen: np.ndarray | None = None) -> np.ndarray:
        return _ratio(self._column(name), by, seen)

    def _channel(self, name: str) -> np.ndarray:
        seen = self._channels[..., CHANNEL_ROWS.index("count"), :] > 0
        return np.where(seen, self._channels[..., CHANNEL_ROWS.index(name), :], np.float32(np.nan))


@dataclass(frozen=True, eq=False)
class Weights:
    """One parameter over the ``R`` records that there are of it; NaN where something was not seen.

    Attributes:
        name: as in ``model.named_parameters()``.
        steps, spans: int64 ``[R]``, as of a ``LayerSeries``.
        rms: float64 ``[R]``, root mean square of the weights.
        gradient_rms: float64 ``[R]``, of their gradient.
        update_ratio: float64 ``[R]``, root mean square of one step's change, over ``rms``.
        near_zeros: float64 ``[R]``, fraction of the weights at most 0.001 in size.
    """

    name: str
    steps: np.ndarray
    spans: np.ndarray
    rms: np.ndarray
    gradient_rms: np.ndarray
    update_ratio: np.ndarray
    near_zeros: np.ndarray

    def at(self, records: np.ndarray) -> Weights:
        """Some of the records: bool ``[R]``."""
        return Weights(self.name, *(getattr(self, column.name)[records] for column in fields(self)[1:]))


@dataclass(frozen=True, eq=False)
class Overview:
    """The latest record of each of ``L`` layers, and the course of their standard deviation; NaN where there is none.

    Attributes:
        layers: their names, in execution order.
        mean, std, near_zeros, dead: float64 ``[L]``, of each layer's latest record.
        histogram: float32 ``[L, B]``, of the same record.
        stds: float64 ``[L, P]``, standard deviations from each layer's first record to its last.
    """

    layers: tuple[str, ...]
    mean: np.ndarray
    std: np.ndarray
    near_zeros: np.ndarray
    dead: np.ndarray
    histogram: np.ndarray
    stds: np.ndarray


def overview(courses: Sequence[LayerSeries], points: int) -> Overview:
    """Look at the latest record of each layer, and at its standard deviation at so many points at most."""
    layers = tuple(series.layer for series in courses)
    mean, std, near_zeros, dead = np.full((4, len(courses)), np.nan)
    histogram = np.zeros((len(courses), BINS), np.float32)
    stds = np.full((len(courses), max(1, min(points, max((len(each.steps) for each in courses), default=0)))), np.nan)
    for place, series in enumerate(courses):
        if len(series.steps):
            last = series.at(slice(-1, None))
            mean[place], std[place], near_zeros[place] = last.mean[0], last.std[0], last.near_zeros[0]
            dead[place], histogram[place] = last.dead[0], last.histogram[0]
            stds[place] = series.at(np.linspace(0, len(series.steps) - 1, stds.shape[1]).astype(int)).std
    return Overview(layers, mean, std, near_zeros, dead, histogram, stds)


def interval(steps: np.ndarray, spans: np.ndarray) -> float:
    """Return the usual number of steps from the end of a record to the next one: the median; 1 of fewer than two."""
    return float(np.median(_rests(steps, spans))) + 1 if len(steps) > 1 else 1.0


def gaps(steps: np.ndarray, spans: np.ndarray) -> np.ndarray:
    """Mark the records before which there was none for longer than a few usual intervals: bool ``[R]``."""
    late = _rests(steps, spans) >= _FEW * interval(steps, spans)
    return np.concatenate([np.zeros(min(1, len(steps)), bool), late])


def _rests(steps: np.ndarray, spans: np.ndarray) -> np.ndarray:
    return steps[1:] - (steps[:-1] + spans[:-1])


def _closed(array: np.ndarray) -> np.ndarray:
    """Return the same numbers, not to be written to."""
    view = array.view()
    view.flags.writeable = False
    return view


def _ratio(values: np.ndarray, by: np.ndarray | int, seen: np.ndarray | None = None) -> np.ndarray:
    """Divide where there is something to divide by; NaN elsewhere."""
    seen = np.asarray(by) > 0 if seen is None else seen
    return np.where(seen, values / np.where(seen, by, 1), np.nan)
