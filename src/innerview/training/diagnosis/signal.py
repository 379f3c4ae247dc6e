"""Rules about the signal along the depth and over time: it vanishes, it explodes, or it is no number any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from innerview.training.diagnosis.curves import HOLD, early, recent, smooth
from innerview.training.diagnosis.finding import LOOK, LOST, PARTLY, Sign, Symptom, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from innerview.training.diagnosis.run import Run

_INITIALISE = "He initialisation (nn.init.kaiming_normal_), batch or layer normalisation, or shorter ways (residuals)"
_SOURCE = "He et al. 2015, Delving Deep into Rectifiers, section 2.2; Glorot and Bengio 2010, section 4"
_FADED = 1e-2
_FADED_GRADIENT = 1e-3
_SHRUNK = 0.1
_SHRUNK_AND_RISEN = 0.4
_TAIL = 3  # this many layers with weights in a row, so that a small last layer alone does not count
_GROWN = 100.0
_LARGE = 1e3


@rule(
    "nonfinite",
    "Look at what is computed there (division, log, sqrt, exp of a large number, half precision); turn down the "
    "learning rate, clip the gradient.",
    "IEEE 754: a NaN makes all that is computed from it NaN",
)
def nonfinite(run: Run) -> list[Sign]:
    """NaN or infinity in an output or in the loss."""
    signs, clean = [], {}
    for series in run.layers:
        where = np.flatnonzero(series.nonfinite)
        if len(where):
            first, last = where[[0, -1]]
            clean[series.layer] = int(series.steps[first - 1]) if first else -1
            evidence = f"{series.nonfinite[first]:,} of {series.count[first]:,} values are NaN or infinite at step "
            now = last == len(series.steps) - 1
            end = "." if now else f", and none after step {series.steps[last]}."
            signs.append(_sign(series.layer, f"{evidence}{series.steps[first]}{end}", series.steps[where], now=now))
    # First by step. Layers are recorded in turn: what was last seen to be finite before the first sign may have come
    # before it, or with it; then the order of execution, which sort() keeps.
    earliest = min((sign.since for sign in signs), default=0)
    signs.sort(key=lambda sign: sign.since if clean[sign.layer] >= earliest else earliest)
    steps, losses = run.metric("loss")
    where = np.flatnonzero(~np.isfinite(losses))
    # The layers are not looked at in every step, the loss is: it belongs before them only when it came before.
    if len(where) and (not signs or steps[where[0]] < earliest):
        evidence = f"the loss is {losses[where[0]]} at step {steps[where[0]]}."
        signs.insert(0, _sign("", evidence, steps[where], now=where[-1] == len(losses) - 1))
    return signs


def _sign(layer: str, evidence: str, steps: np.ndarray, *, now: bool) -> Sign:
    return Sign(layer, evidence, int(steps[-1]), int(steps[0]), LOST if now else LOOK)


@rule("vanishing", f"Try {_INITIALISE}.", f"{_SOURCE}; threshold: a hundredth")
def fading(run: Run) -> Iterator[Symptom]:
    """The spread falls with depth and never comes back."""
    table = run.depth
    if table is None:
        return
    first, rest = _up_to(table.spreads), _from(table.spreads)
    widest = table.layers[0].layer
    for number in range(1, len(table.layers) - _TAIL + 1):
        if table.spreads[number - 1, -1] >= first[number - 1, -1]:
            widest = table.layers[number - 1].layer
        yield Symptom(
            table.layers[number].layer,
            table.records,
            rest[number] < _FADED * first[number - 1],
            f"from here on the outputs hardly depend on the input: they vary by {recent(rest[number]):.2g} at most and "
            f"in layer {widest} by {recent(first[number - 1]):.2g}",
            LOST,
        )


@rule("vanishing", f"Use ReLU in place of sigmoid or tanh; try {_INITIALISE}.", f"{_SOURCE}; threshold: a thousandth")
def fading_gradient(run: Run) -> Iterator[Symptom]:
    """The gradient falls on its way back to the first layers."""
    table = run.depth
    if table is None:
        return
    known = np.flatnonzero(np.isfinite(table.gradients[:, -1]))
    if len(known) <= _TAIL:
        return
    gradients = table.gradients[known]
    here, later = _up_to(gradients)[:-1], _from(gradients)[1:]
    faded = np.logical_and.accumulate(here < _FADED_GRADIENT * later, axis=0)  # here and in all earlier layers
    faded[0] = faded[1]  # a single layer is not a trend
    for number, bad in enumerate(faded):
        yield Symptom(
            table.layers[known[number]].layer,
            table.records,
            bad,
            f"the gradient that arrives here has a norm of {recent(here[number]):.2g}, at its largest further on "
            f"{recent(later[number]):.2g}",
        )


@rule(
    "vanishing",
    "Turn down the learning rate or the weight decay and go back to a state from before; normalise between layers.",
    f"{_SOURCE}; thresholds ours: a tenth of the layer's own largest, 40 % with a rising loss",
)
def shrinking(run: Run) -> Iterator[Symptom]:
    """From some layer to the last one the spread has fallen far below what it was."""
    table, rise = run.depth, run.rise
    if table is None or table.spreads.shape[1] <= 2 * HOLD:
        return
    spreads = smooth(table.spreads)
    peak = np.fmax.accumulate(spreads, axis=1)
    # The outputs of a fresh network may well shrink while it begins to learn; so with a falling loss it takes more.
    limit = _SHRUNK if rise is None else _SHRUNK_AND_RISEN
    shrunk = np.logical_and.accumulate((spreads < limit * peak)[::-1], axis=0)[::-1]  # here and in all later layers
    for number in range(len(table.layers) - _TAIL + 1):
        yield Symptom(
            table.layers[number].layer,
            table.records,
            shrunk[number],
            f"from here to the end the outputs depend less and less on the input: they vary by "
            f"{spreads[number, -1]:.2g}, less than {limit:.0%} of the {peak[number, -1]:.2g} before{rise or ''}",
            LOST,
        )


@rule(
    "exploding",
    f"Turn down the learning rate, clip the gradient (torch.nn.utils.clip_grad_norm_); or try {_INITIALISE}.",
    f"{_SOURCE}; Pascanu et al. 2013 on clipping; threshold: over 1,000, and 100 times what it was",
)
def exploding(run: Run) -> Iterator[Symptom]:
    """The signal grows geometrically with depth, or without end over time."""
    table = run.depth
    if table is None:
        return
    least = np.fmin.accumulate(table.sizes, axis=0)
    for number, (series, size) in enumerate(zip(table.layers, table.sizes, strict=True)):
        start, now = early(size), recent(size)
        yield Symptom(
            series.layer,
            table.records,
            (size > _LARGE) & (size > _GROWN * start),
            f"the outputs have grown from {start:.2g} to {now:.2g}, over {_LARGE:,.0f}",
            LOST,
        )
        before = least[max(number - 1, 0)]
        yield Symptom(
            series.layer,
            table.records,
            (size > _LARGE) & (size > _LARGE * before),
            f"the outputs grow with depth: their size is {now:.2g} here, {recent(before):.2g} in an earlier layer",
            PARTLY,
        )


def _up_to(values: np.ndarray) -> np.ndarray:
    """The largest of each layer and those before it, ``[L, R]``; a layer that was not called yet is passed over."""
    return np.fmax.accumulate(values, axis=0)


def _from(values: np.ndarray) -> np.ndarray:
    """The largest of each layer and those after it, ``[L, R]``."""
    return _up_to(values[::-1])[::-1]
