"""Rules about the units of one layer: dead, saturated, switched off by batch normalisation or by a gate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from innerview.analysis.statistics.accumulators import saturating
from innerview.training.diagnosis.curves import HOLD, held, last_step, path, recent
from innerview.training.diagnosis.finding import Symptom, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from innerview.training.diagnosis.run import Run
    from innerview.training.series import LayerSeries

_RELUS = frozenset({"ReLU", "ReLU6"})
_UNUSED = 0.5
_FEW_CHANNELS = 8
# A unit that fires for one value in a hundred is silent in a thousand of them with a probability of 0.00004.
_ENOUGH = 1000
_SATURATED = 0.5
_SMALL_SCALE = 0.05
_WAS_SCALE = 0.1
_SIGMOIDS = frozenset({"Sigmoid", "Hardsigmoid"})
# Names that people give to squeeze-and-excitation blocks and to what is in them.
_GATE_NAMES = ("se", "squeeze", "excit", "gate", "attention")
_BEFORE_GATE = 6
_CLOSED = 0.1
_DRIVEN = 10.0


@rule(
    "dead",
    "Turn down the learning rate and start again from before they died; or use LeakyReLU, batch normalisation, or "
    "He initialisation with zero biases.",
    "cs231n, Neural Networks 1 (too high a learning rate can kill 40 % of a network); we warn at half of a layer",
)
def dead(run: Run) -> Iterator[Symptom]:
    """ReLUs of which many channels are never above zero."""
    for series in run.layers:
        channels = series.channel_high.shape[1]
        if series.kind not in _RELUS or not channels or held(series.dead >= _UNUSED) is None:
            continue
        seen = np.cumsum(series.count[::-1]) / channels
        window = max(HOLD, int(np.searchsorted(seen, _ENOUGH)) + 1)
        silent = int((series.channel_high[-window:].max(axis=0) <= 0).sum())
        enough = silent >= (_UNUSED * channels if channels >= _FEW_CHANNELS else channels)
        if seen[-1] >= _ENOUGH and enough:
            yield Symptom(
                series.layer,
                series,
                series.dead >= _UNUSED,
                f"{silent} of {channels} channels were never above zero in the last {window} records (steps "
                f"{series.steps[-window]} to {last_step(series)}); no gradient passes through them",
            )


@rule(
    "saturated",
    "Scale down what goes in: smaller initial weights (Xavier), a lower learning rate, or normalisation before it; "
    "or use ReLU.",
    "Glorot and Bengio 2010, section 3; threshold: half of the values",
)
def saturated(run: Run) -> Iterator[Symptom]:
    """Hidden sigmoid, tanh and softmax layers that sit at their ends, where no gradient passes."""
    # What comes after the last weights is the answer of the network, which is meant to be one-sided.
    last = run.layers.index(run.weighted[-1]) if run.weighted else -1
    gates = _gates(run.layers)
    for series in run.layers[:last]:
        if saturating(series.kind) and series not in gates:
            yield Symptom(
                series.layer,
                series,
                series.saturated > _SATURATED,
                f"{recent(series.saturated):.0%} of the {series.kind}'s values are at its ends, where its slope is "
                "less than a twentieth of the steepest",
            )


@rule(
    "batch_norm",
    "Take the scales out of the weight decay (or L1 penalty), or make it weaker; otherwise the layer is wider than "
    "needed.",
    "Liu et al. 2017, Network Slimming: channels with scales near zero can be removed; thresholds ours",
)
def batch_norm(run: Run) -> Iterator[Symptom]:
    """Batch normalisation of which many scales have gone to zero, so that it lets nothing through."""
    for series in run.layers:
        if not series.kind.startswith(("BatchNorm", "SyncBatchNorm")) or len(series.steps) <= HOLD:
            continue
        # In training the deviation of a normalised channel is the absolute value of its scale.
        scales = series.channel_std
        peak = np.maximum.accumulate(scales, axis=0)
        small = (scales < _SMALL_SCALE * peak) & (peak > _WAS_SCALE)
        if not _input_is_constant(run, series):
            yield Symptom(
                series.layer,
                series,
                small.mean(axis=1) >= _UNUSED,
                f"the scales of {int(small[-1].sum())} of {scales.shape[1]} channels have fallen under "
                f"{_SMALL_SCALE:.0%} of what they were",
            )


def _input_is_constant(run: Run, series: LayerSeries) -> bool:
    """Tell channels that are flat because their input is, the scales being as they were."""
    weight = f"{path(series.layer)}.weight"
    if weight not in run.history.parameters:
        return False
    rms = float(np.sqrt(np.mean(np.square(series.channel_std[-1], dtype=np.float64))))
    return recent(run.history.weights(weight).rms) > 3 * rms


def _gates(layers: list[LayerSeries]) -> dict[LayerSeries, LayerSeries]:
    """The sigmoid layers that gate channels, after a global pooling or named as such: each with what goes into it."""
    found = {}
    for number in range(1, len(layers) - 1):
        series = layers[number]
        parts = series.layer.lower().replace("_", ".").split(".")
        named = any(part == "se" or part.startswith(_GATE_NAMES[1:]) for part in parts)
        pooled = any("AvgPool" in before.kind for before in layers[max(0, number - _BEFORE_GATE) : number])
        if series.kind in _SIGMOIDS and (named or pooled):
            found[series] = layers[number - 1]
    return found


@rule(
    "gate",
    "Begin with gates near 1 (a positive bias before the sigmoid), turn down the learning rate, or normalise what is "
    "pooled.",
    "Hu et al. 2018, Squeeze-and-Excitation Networks: gates are sigmoids; at 10 a sigmoid's slope is 5e-5",
)
def gate(run: Run) -> Iterator[Symptom]:
    """Squeeze-and-excitation gates that are shut, or driven so hard that they cannot move."""
    for series, before in _gates(run.layers).items():
        yield Symptom(
            series.layer,
            series,
            series.mean < _CLOSED,
            f"the gates average {recent(series.mean):.2g}; the channels are multiplied by that, so hardly anything "
            "passes",
        )
        size = np.hypot(before.mean, before.std)
        yield Symptom(
            series.layer,
            before,
            size >= _DRIVEN,
            f"what goes into the gates ({before.layer}) has a size of {recent(size):.3g}; from {_DRIVEN:.0f} on a "
            "sigmoid is 0 or 1 and passes no gradient",
        )
