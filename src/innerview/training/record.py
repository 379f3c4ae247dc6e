"""What is recorded of one step, and how a history answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from innerview.analysis.statistics import Statistics, saturating

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Event:
    """Something that happened during a run.

    Attributes:
        step: when.
        kind: "epoch", "pause", "resume", "action", "undo", "error", "layer", "loss", ...
        text: a sentence for people.
        layer: the layer that it is about, if any.
    """

    step: int
    kind: str
    text: str
    layer: str = ""


class WeightSample(NamedTuple):
    """One parameter around one optimizer step; NaN for what was not seen.

    Attributes:
        rms: root of the mean square of the values before the step.
        gradient_rms: of its gradient.
        update_ratio: root mean square of the step's change over ``rms``.
        near_zeros: fraction of the values at most ``NEAR_ZERO`` in size.
    """

    rms: float
    gradient_rms: float
    update_ratio: float
    near_zeros: float


@dataclass(frozen=True)
class Record:
    """Statistics of one step.

    Attributes:
        step: its number, from 0.
        phase: "train", "eval", or "probe 0" and so on.
        layers: by layer name, in the order in which the layers started.
        kinds: by layer name: the class of the module.
        weights: by name of the parameter.
    """

    step: int
    layers: Mapping[str, Statistics]
    kinds: Mapping[str, str]
    phase: str = "train"
    weights: Mapping[str, WeightSample] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Series:
    """What one layer did over the ``R`` records of one phase.

    Attributes:
        layer: its name, as in the layer table.
        kind: class of the module.
        steps: int64 ``[R]``, the first training step each record stands for.
        spans: int64 ``[R]``, how many steps it stands for: old records are merged.
        count: int64 ``[R]``, how many values were looked at; 0 where the layer was not called.
        mean, std, low, high: float64 ``[R]``, of the finite values; NaN where there were none.
        zeros, near_zeros: float64 ``[R]``, fractions of the values; ``near_zeros`` counts those at most 0.001 in size.
        saturated: float64 ``[R]``, fraction of the values where the slope of a sigmoid or tanh is under a twentieth of
            its greatest, of a softmax's distributions that are that one-sided; NaN for other kinds of layers.
        nonfinite: int64 ``[R]``, how many values were NaN or infinite.
        histogram: float32 ``[R, B]``, counts of sampled values in the bins of ``analysis.statistics.EDGES``.
        channel_low, channel_high, channel_mean, channel_std: float32 ``[R, C]``; NaN where a channel had no finite
            value.
        gradient_mean, gradient_std: float64 ``[R]``, of the gradient of the loss with respect to the output; NaN where
            none was seen.
        gradient_nonfinite: int64 ``[R]``, how many values of the gradient were NaN or infinite.
    """

    layer: str
    kind: str
    steps: np.ndarray
    spans: np.ndarray
    count: np.ndarray
    mean: np.ndarray
    std: np.ndarray
    low: np.ndarray
    high: np.ndarray
    zeros: np.ndarray
    near_zeros: np.ndarray
    saturated: np.ndarray
    nonfinite: np.ndarray
    histogram: np.ndarray
    channel_low: np.ndarray
    channel_high: np.ndarray
    channel_mean: np.ndarray
    channel_std: np.ndarray
    gradient_mean: np.ndarray
    gradient_std: np.ndarray
    gradient_nonfinite: np.ndarray

    @property
    def dead(self) -> np.ndarray:
        """Fraction of the channels that were never above zero within the record: float64 ``[R]``."""
        seen = ~np.isnan(self.channel_high)
        dead = (seen & ~(self.channel_high > 0)).sum(1)
        return np.where(seen.any(1), dead / np.maximum(seen.sum(1), 1), np.nan)


@dataclass(frozen=True, eq=False)
class Weights:
    """What one parameter did over the records of a run; NaN where something was not seen.

    Attributes:
        name: as in ``model.named_parameters()``.
        steps, spans: int64 ``[R]``, as of a ``Series``.
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


def series_of(layer: str, kind: str, steps: np.ndarray, spans: np.ndarray, statistics: Statistics) -> Series:
    """Read a layer's statistics, ``[R, ...]`` each."""
    column = statistics.column
    count, nonfinite = column("count"), column("nonfinite")
    finite, sampled = count - nonfinite, column("sampled")
    gradients = column("gradient_count") - column("gradient_nonfinite")
    channels = np.where(statistics.channels[:, :1] > 0, statistics.channels[:, 1:], np.float32(np.nan))
    nan = np.full(len(steps), np.nan)
    return Series(
        layer=layer,
        kind=kind,
        steps=steps.copy(),
        spans=spans.copy(),
        count=count.astype(np.int64),
        mean=_over(column("mean"), 1, finite > 0),
        std=np.sqrt(_over(column("squares"), finite, finite > 0)),
        low=_over(column("low"), 1, finite > 0),
        high=_over(column("high"), 1, finite > 0),
        zeros=_over(column("zeros"), sampled, sampled > 0),
        near_zeros=_over(column("near_zeros"), sampled, sampled > 0),
        saturated=_over(column("saturated"), column("saturable"), column("saturable") > 0) if saturating(kind) else nan,
        nonfinite=nonfinite.astype(np.int64),
        histogram=statistics.histogram.copy(),
        channel_mean=channels[:, 0],
        channel_std=channels[:, 1],
        channel_low=channels[:, 2],
        channel_high=channels[:, 3],
        gradient_mean=_over(column("gradient_mean"), 1, gradients > 0),
        gradient_std=np.sqrt(_over(column("gradient_squares"), gradients, gradients > 0)),
        gradient_nonfinite=column("gradient_nonfinite").astype(np.int64),
    )


def _over(values: np.ndarray, by: np.ndarray | int, seen: np.ndarray) -> np.ndarray:
    return np.where(seen, values / np.where(seen, by, 1), np.nan)
