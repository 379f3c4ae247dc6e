"""Rules about the units of one layer: dead, saturated, switched off by batch normalisation or by a gate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from innerview.analysis.statistics.accumulators import saturating
from innerview.training.diagnosis.curves import ACTIVATIONS, HOLD, held, last_step, path, recent
from innerview.training.diagnosis.finding import Finding, Sign, finding

if TYPE_CHECKING:
    from innerview.training.history import History
    from innerview.training.series import LayerSeries as Series

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


def dead(history: History) -> Finding | None:
    """ReLUs of which many channels are never above zero."""
    signs = []
    for name in history.layers:
        if history.kind(name) not in ACTIVATIONS:
            continue
        series = history.series(name)
        channels = series.channel_high.shape[1]
        if not len(series.steps) or not channels:
            continue
        since = held(series.dead >= _UNUSED)
        seen = np.cumsum(series.count[::-1]) / channels
        if since is None or seen[-1] < _ENOUGH:
            continue
        window = max(HOLD, int(np.searchsorted(seen, _ENOUGH)) + 1)
        # Of the records in which the layer was called: fmax passes over NaN.
        silent = int((np.fmax.reduce(series.channel_high[-window:]) <= 0).sum())
        if silent < channels and (silent < _UNUSED * channels or channels < _FEW_CHANNELS):
            continue
        signs.append(
            Sign(
                name,
                f"{silent} of {channels} channels were never above zero in the last {window} records "
                f"(steps {series.steps[-window]} to {last_step(series)}); no gradient passes through them.",
                last_step(series),
                int(series.steps[since]),
            )
        )
    return finding(
        "dead",
        signs,
        "Turn down the learning rate and start again from before they died; or use LeakyReLU, batch normalisation, or "
        "He initialisation with zero biases.",
        "cs231n, Neural Networks 1 (too high a learning rate can kill 40 % of a network); we warn at half of a layer",
    )


def saturated(history: History) -> Finding | None:
    """Hidden sigmoid, tanh and softmax layers that sit at their ends, where no gradient passes."""
    owners = {parameter.rpartition(".")[0] for parameter in history.parameters}
    weighted = [number for number, name in enumerate(history.layers) if path(name) in owners]
    # What comes after the last weights is the answer of the network, which is meant to be one-sided.
    hidden = history.layers[: weighted[-1] if weighted else -1]
    gates = set(gates_of(history))
    signs = []
    for name in hidden:
        if name in gates or not saturating(history.kind(name)):
            continue
        series = history.series(name)
        since = held(series.saturated > _SATURATED)
        if since is None:
            continue
        signs.append(
            Sign(
                name,
                f"{recent(series.saturated):.0%} of the {series.kind}'s values are at its ends since step "
                f"{series.steps[since]}, where its slope is less than a twentieth of the steepest.",
                last_step(series),
                int(series.steps[since]),
            )
        )
    return finding(
        "saturated",
        signs,
        "Scale down what goes in: smaller initial weights (Xavier), a lower learning rate, or normalisation before it; "
        "or use ReLU.",
        "Glorot and Bengio 2010, section 3; threshold: half of the values",
    )


def batch_norm(history: History) -> Finding | None:
    """Batch normalisation of which many scales have gone to zero, so that it lets nothing through."""
    signs = []
    for name in history.layers:
        if not history.kind(name).startswith(("BatchNorm", "SyncBatchNorm")):
            continue
        series = history.series(name)
        if len(series.steps) <= HOLD:
            continue
        # In training the deviation of a normalised channel is the absolute value of its scale.
        scales = series.channel_std
        peak = np.maximum.accumulate(scales, axis=0)
        small = (scales < _SMALL_SCALE * peak) & (peak > _WAS_SCALE)
        since = held(small.mean(axis=1) >= _UNUSED)
        if since is None or _input_is_constant(history, series):
            continue
        signs.append(
            Sign(
                name,
                f"the scales of {int(small[-1].sum())} of {scales.shape[1]} channels have fallen under "
                f"{_SMALL_SCALE:.0%} of what they were, since step {series.steps[since]}.",
                last_step(series),
                int(series.steps[since]),
            )
        )
    return finding(
        "batch_norm",
        signs,
        "Take the scales out of the weight decay (or L1 penalty), or make it weaker; otherwise the layer is wider than "
        "needed.",
        "Liu et al. 2017, Network Slimming: channels with scales near zero can be removed; thresholds ours",
    )


def _input_is_constant(history: History, series: Series) -> bool:
    """Whether the channels are flat because what comes in is, the scales being as they were."""
    weight = f"{path(series.layer)}.weight"
    if weight not in history.parameters:
        return False
    rms = float(np.sqrt(np.mean(np.square(series.channel_std[-1], dtype=np.float64))))
    return recent(history.weights(weight).rms) > 3 * rms


def gates_of(history: History) -> list[str]:
    """The sigmoid layers that gate channels: after a global pooling, or named as such."""
    found = []
    kinds = [history.kind(name) for name in history.layers]
    for number, (name, kind) in enumerate(zip(history.layers, kinds, strict=True)):
        if kind not in _SIGMOIDS or number == len(kinds) - 1:
            continue
        parts = name.lower().replace("_", ".").split(".")
        named = any(part == "se" or part.startswith(_GATE_NAMES[1:]) for part in parts)
        if named or any("AvgPool" in before for before in kinds[max(0, number - _BEFORE_GATE) : number]):
            found.append(name)
    return found


def gate(history: History) -> Finding | None:
    """Squeeze-and-excitation gates that are shut, or driven so hard that they cannot move."""
    signs = []
    order = list(history.layers)
    for name in gates_of(history):
        series = history.series(name)
        since = held(series.mean < _CLOSED)
        if since is not None:
            signs.append(
                Sign(
                    name,
                    f"the gates average {recent(series.mean):.2g} since step {series.steps[since]}; the channels "
                    "are multiplied by that, so hardly anything passes.",
                    last_step(series),
                    int(series.steps[since]),
                )
            )
            continue
        before = history.series(order[order.index(name) - 1])
        size = np.hypot(before.mean, before.std)
        since = held(size >= _DRIVEN)
        if since is not None:
            signs.append(
                Sign(
                    name,
                    f"what goes into the gates ({before.layer}) has a size of {recent(size):.3g} since step "
                    f"{before.steps[since]}; from 10 on a sigmoid is 0 or 1 and passes no gradient.",
                    last_step(before),
                    int(before.steps[since]),
                )
            )
    return finding(
        "gate",
        signs,
        "Begin with gates near 1 (a positive bias before the sigmoid), turn down the learning rate, or normalise what "
        "is pooled.",
        "Hu et al. 2018, Squeeze-and-Excitation Networks: gates are sigmoids; at 10 a sigmoid's slope is 5e-5",
    )
