"""Rules about how fast the weights move and whether the loss follows: learning rate, slow layers, chance level."""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING

import numpy as np

from innerview.training.diagnosis.curves import HOLD, held, is_norm, path, recent
from innerview.training.diagnosis.finding import LOST, PARTLY, Finding, Sign, finding

if TYPE_CHECKING:
    from innerview.training.diagnosis.curves import Rise
    from innerview.training.history import History
    from innerview.training.series import Weights

_RULE = "cs231n, Neural Networks 3: the update-to-weight ratio should be about 1e-3"
_TOO_HIGH = 0.1
_HIGH = 0.01  # with a rising loss
_TOO_LOW = 1e-6
_BEHIND = 1 / 2
_LOW_GAIN = 1 / 50
_LEAST_LAYERS = 3
_NEAR = 0.02  # of ln(classes)
_STUCK_STEPS = 100


def learning_rate(history: History, rise: Rise | None) -> Finding | None:
    """All weights move by far too much or far too little in a step."""
    moving = _moving(history)
    if len(moving) < _LEAST_LAYERS - 1:
        return None
    ratios = _together(moving, [weights.update_ratio for weights in moving])
    return _too_high(moving[0], _middle(ratios), rise) or _too_low(history, moving[0], _middle(ratios))


def _too_high(weights: Weights, ratio: np.ndarray, rise: Rise | None) -> Finding | None:
    steps, limit, loss = weights.steps[-len(ratio) :], _TOO_HIGH, ""
    since = held(ratio > limit)
    if since is None and rise is not None:
        limit = _HIGH
        since = held((ratio > limit) & (steps >= rise.since))
        loss = f", and the mean loss has risen from {rise.best:.3g} to {rise.now:.3g}"
    if since is None:
        return None
    evidence = (
        f"each step changes the weights by {recent(ratio):.1%} of their size (median of the layers; more than "
        f"{limit:.0%} since step {steps[since]}){loss}."
    )
    return finding(
        "learning_rate",
        [Sign("", evidence, _last_step(weights), int(steps[since]), LOST)],
        "The learning rate is too high: turn it down, by 10 to begin with.",
        f"{_RULE}; we warn at 0.1, and at 0.01 when the loss has given back a tenth of what it had gained",
    )


def _too_low(history: History, weights: Weights, ratio: np.ndarray) -> Finding | None:
    # A schedule may begin and end near zero: what counts is whether the rate has ever been enough, and is not rising.
    known = ratio[np.isfinite(ratio)]
    if len(known) <= HOLD or known.max() >= _TOO_LOW or _rising(history):
        return None
    evidence = f"no step has changed the weights by more than {known.max():.1g} of their size (median of the layers)."
    return finding(
        "learning_rate",
        [Sign("", evidence, _last_step(weights), int(weights.steps[0]))],
        "The learning rate is too low: turn it up.",
        f"{_RULE}; we warn under 1e-6",
    )


def slow(history: History) -> Finding | None:
    """A layer whose weights hardly move beside those of the others."""
    moving = _moving(history)
    if len(moving) < _LEAST_LAYERS:
        return None
    ratios = _together(moving, [weights.update_ratio for weights in moving])
    # How far a step moves the weights for their gradient: with SGD, the learning rate.
    gains = _together(moving, [_over(w.update_ratio * w.rms, w.gradient_rms) for w in moving])
    middle, gain = _middle(ratios), _middle(gains)
    signs = []
    for weights, own, own_gain in zip(moving, ratios, gains, strict=True):
        # Both: a layer that only has a small gradient is one for `vanishing`, or sits behind a scale that starts at
        # zero and will soon grow; one with a large gradient gets on with a small rate.
        since = held((own < _BEHIND * middle) & (own_gain < _LOW_GAIN * gain))
        if since is None:
            continue
        less = recent(_over(gain, own_gain))
        rate = f"for its gradient it moves {less:,.0f} times less" if np.isfinite(less) else "it does not move at all"
        start = int(weights.steps[-len(own) :][since])
        signs.append(
            Sign(
                weights.name.rpartition(".")[0],
                f"a step changes the weights by {recent(own):.1g} of their size, those of the other layers by "
                f"{recent(middle):.1g} (median); {rate}, since step {start}.",
                _last_step(weights),
                start,
                PARTLY,
            )
        )
    return finding(
        "slow",
        signs,
        f"Give it a larger learning rate, or freeze it on purpose (requires_grad_(False)).{_groups(history)}",
        f"{_RULE}; Howard and Ruder 2018 take discriminative rates 2.6 times apart; we warn at 50",
    )


def _groups(history: History) -> str:
    """What the learning rates of the groups of parameters are, where they differ."""
    names = [name for name in history.metrics if name == "lr" or name.startswith("lr/")]
    last = [float(values[-1]) for _, values in map(history.metric, names)]
    if len(last) < 2 or max(last) == min(last):  # noqa: PLR2004 - one group differs from none
        return ""
    return f" The parameter groups' rates run from {min(last):.1g} to {max(last):.1g}."


def chance(history: History, classes: int | None) -> Finding | None:
    """The loss stays where guessing would leave it."""
    classes = classes or _classes(history)
    if not classes or classes < 2 or "loss" not in history.metrics:  # noqa: PLR2004 - one class needs no guess
        return None
    level = log(classes)
    steps, losses = history.metric("loss")
    late = steps > history.step - _STUCK_STEPS
    tail = losses[late]
    # Of a long run the older values are means of several steps.
    if steps[0] > history.step - _STUCK_STEPS or len(tail) < 2 * HOLD:
        return None
    falls = tail[: len(tail) // 2].mean() - tail[len(tail) // 2 :].mean() > _NEAR / 4 * level
    # Written so that a NaN is none.
    if falls or not (abs(tail.mean() - level) <= _NEAR * level and tail.std() <= 5 * _NEAR * level):
        return None
    width = len(tail) // 5
    means = np.convolve(losses, np.ones(width) / width, mode="valid")
    first = held(np.abs(means - level) <= 2 * _NEAR * level, 1)
    since = int(steps[len(losses) - len(tail) if first is None else min(first, len(losses) - len(tail))])
    evidence = (
        f"the loss is {tail.mean():.4g} on average over the last {_STUCK_STEPS} steps and does not fall; a guess among "
        f"{classes} classes gives ln({classes}) = {level:.4g} (since step {since})."
    )
    return finding(
        "chance",
        [Sign("", evidence, int(steps[-1]), since, LOST)],
        "See the other findings first; then whether inputs and labels belong together, and try another learning rate.",
        "cs231n, Neural Networks 3: a guess has a loss of ln(classes); thresholds ours: within 2 % for 100 steps",
    )


def _classes(history: History) -> int | None:
    """How many outputs the last dense layer has."""
    dense = [name for name in history.layers if history.kind(name) == "Linear"]
    return history.series(dense[-1]).channel_high.shape[1] if dense else None


def _moving(history: History) -> list[Weights]:
    """The weights of layers that are trained, in execution order: no norms, embeddings or biases.

    A scale of a norm and a row of an embedding are of another size than other weights, so their ratios say nothing
    beside those. Weights without a gradient are frozen on purpose.
    """
    names = set(history.parameters)
    found = []
    for layer in dict.fromkeys(map(path, history.layers)):
        if is_norm(history.kind(layer)) or "Embedding" in history.kind(layer):
            continue
        for part in ("weight", "in_proj_weight", "weight_ih_l0"):
            if f"{layer}.{part}" in names:
                weights = history.weights(f"{layer}.{part}")
                if len(weights.steps) and np.isfinite(weights.gradient_rms[-HOLD:]).any():
                    found.append(weights)
    return found


def _together(moving: list[Weights], columns: list[np.ndarray]) -> np.ndarray:
    """Columns of the weights at the records that all of them have, ``[W, R]``."""
    shortest = min(len(weights.steps) for weights in moving)
    return np.stack([column[-shortest:] for column in columns])


def _middle(table: np.ndarray) -> np.ndarray:
    """The median over the layers, ``[R]``; NaN at records without a number, such as of a step that was skipped."""
    result = np.full(table.shape[1], np.nan)
    known = np.isfinite(table).any(axis=0)
    result[known] = np.nanmedian(table[:, known], axis=0)
    return result


def _over(values: np.ndarray, by: np.ndarray) -> np.ndarray:
    return np.divide(values, by, out=np.full(len(values), np.nan), where=by > 0)


def _last_step(weights: Weights) -> int:
    return int(weights.steps[-1] + weights.spans[-1] - 1)


def _rising(history: History) -> bool:
    if "lr" not in history.metrics:
        return False
    _, rates = history.metric("lr")
    return len(rates) > HOLD and bool(rates[-1] > rates[-HOLD])
