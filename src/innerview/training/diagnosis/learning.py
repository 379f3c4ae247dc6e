"""Rules about how fast the weights move and whether the loss follows: learning rate, slow layers, chance level."""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING

import numpy as np

from innerview.training.diagnosis.curves import HOLD, held, last_step, middle, over, recent
from innerview.training.diagnosis.finding import LOST, Sign, Symptom, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from innerview.training.diagnosis.run import Run

_RULE = "cs231n, Neural Networks 3: the update-to-weight ratio should be about 1e-3"
_TOO_HIGH = 0.1
_HIGH = 0.01  # with a rising loss
_TOO_LOW = 1e-6
_BEHIND = 1 / 2
_LOW_GAIN = 1 / 50
_LEAST_LAYERS = 3
_NEAR = 0.02  # of ln(classes)
_STUCK_STEPS = 100


@rule(
    "learning_rate",
    "The learning rate is too high: turn it down, by 10 to begin with.",
    f"{_RULE}; we warn at 0.1, and at 0.01 when the loss has given back a tenth of what it had gained",
)
def too_high(run: Run) -> Iterator[Symptom]:
    """All weights move by far too much in a step."""
    pace = run.pace
    if pace is None:
        return
    weights, ratio = pace.records, middle(pace.ratios)
    evidence = f"each step changes the weights by {recent(ratio):.1%} of their size (median of the layers), more than"
    yield Symptom("", weights, ratio > _TOO_HIGH, f"{evidence} {_TOO_HIGH:.0%}", LOST)
    if run.rise is not None:
        bad = (ratio > _HIGH) & (weights.steps >= run.rise.since)
        yield Symptom("", weights, bad, f"{evidence} {_HIGH:.0%}{run.rise}", LOST)


@rule("learning_rate", "The learning rate is too low: turn it up.", f"{_RULE}; we warn under 1e-6")
def too_low(run: Run) -> Iterator[Sign]:
    """All weights move by far too little in every step."""
    pace = run.pace
    if pace is None:
        return
    weights, ratio = pace.records, middle(pace.ratios)
    known = ratio[np.isfinite(ratio)]
    # A schedule may begin and end near zero: what counts is whether the rate has ever been enough, and is not rising.
    _, rates = run.metric("lr")
    rising = len(rates) > HOLD and rates[-1] > rates[-HOLD]
    if len(known) > HOLD and known.max() < _TOO_LOW and not rising:
        text = f"no step has changed the weights by more than {known.max():.1g} of their size (median of the layers)."
        yield Sign("", text, last_step(weights), int(weights.steps[0]))


@rule(
    "slow",
    "Give it a larger learning rate, or freeze it on purpose (requires_grad_(False)).",
    f"{_RULE}; Howard and Ruder 2018 take discriminative rates 2.6 times apart; we warn at 50",
)
def slow(run: Run) -> Iterator[Symptom]:
    """A layer whose weights hardly move beside those of the others."""
    pace = run.pace
    if pace is None or len(run.moving) < _LEAST_LAYERS:
        return
    ratio, gain = middle(pace.ratios), middle(pace.gains)
    for weights, own, own_gain, gradient in zip(run.moving, *pace[1:], strict=True):
        less = recent(over(gain, own_gain))
        rate = f"for its gradient it moves {less:,.0f} times less" if np.isfinite(less) else "it does not move at all"
        # Both: a layer that only has a small gradient is one for `vanishing`, or sits behind a scale that starts at
        # zero and will soon grow; one with a large gradient gets on with a small rate.
        bad = (own < _BEHIND * ratio) & (own_gain < _LOW_GAIN * gain)
        trained = np.isfinite(gradient)
        yield Symptom(
            weights.name.rpartition(".")[0],
            pace.records.at(trained),
            bad[trained],
            f"a step changes the weights by {recent(own):.1g} of their size, those of the other layers by "
            f"{recent(ratio):.1g} (median); {rate}{_groups(run)}",
        )


def _groups(run: Run) -> str:
    """The learning rates of the groups of parameters, if they differ."""
    names = [name for name in run.history.metrics if name == "lr" or name.startswith("lr/")]
    last = [float(values[-1]) for _, values in map(run.metric, names)]
    if len(last) < 2 or max(last) == min(last):  # noqa: PLR2004 - one group differs from none
        return ""
    return f"; the parameter groups' rates run from {min(last):.1g} to {max(last):.1g}"


@rule(
    "chance",
    "See the other findings first; then whether inputs and labels belong together, and try another learning rate.",
    "cs231n, Neural Networks 3: a guess has a loss of ln(classes); thresholds ours: within 2 % for 100 steps",
)
def chance(run: Run) -> Iterator[Sign]:
    """The loss stays where guessing would leave it."""
    steps, losses = run.metric("loss")
    if not run.classes or run.classes < 2 or not len(losses):  # noqa: PLR2004 - one class needs no guess
        return
    level, stuck = log(run.classes), run.history.step - _STUCK_STEPS
    tail = losses[steps > stuck]
    # Of a long run the older values are means of several steps.
    if steps[0] > stuck or len(tail) < 2 * HOLD:
        return
    falls = tail[: len(tail) // 2].mean() - tail[len(tail) // 2 :].mean() > _NEAR / 4 * level
    # Written so that a NaN is not near.
    if falls or not (abs(tail.mean() - level) <= _NEAR * level and tail.std() <= 5 * _NEAR * level):
        return
    width = len(tail) // 5
    means = np.convolve(losses, np.ones(width) / width, mode="valid")
    first = held(np.abs(means - level) <= 2 * _NEAR * level, 1)
    since = int(steps[len(losses) - len(tail) if first is None else min(first, len(losses) - len(tail))])
    text = (
        f"the loss is {tail.mean():.4g} on average over the last {_STUCK_STEPS} steps and does not fall; a guess among "
        f"{run.classes} classes gives ln({run.classes}) = {level:.4g} (since step {since})."
    )
    yield Sign("", text, int(steps[-1]), since, LOST)
