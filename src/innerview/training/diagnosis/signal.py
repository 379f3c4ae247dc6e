"""Rules about the signal along the depth and over time: it vanishes, or it explodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from innerview.training.diagnosis.curves import HOLD, Depth, early, held, last_step, recent
from innerview.training.diagnosis.finding import LOST, PARTLY, Finding, Sign, finding

if TYPE_CHECKING:
    from innerview.training.diagnosis.curves import Rise

_INITIALISE = "He initialisation (nn.init.kaiming_normal_), batch or layer normalisation, or shorter ways (residuals)"
_SOURCE = "He et al. 2015, Delving Deep into Rectifiers, section 2.2; Glorot and Bengio 2010, section 4"
_FADED = 1e-2
_FADED_GRADIENT = 1e-3
_SHRUNK = 0.1
_SHRUNK_AND_RISEN = 0.4
_TAIL = 3  # this many layers with weights in a row, so that a small last layer alone is none
_GROWN = 100.0
_LARGE = 1e3


def vanishing(table: Depth | None, rise: Rise | None) -> Finding | None:
    """The signal or its gradient falls geometrically with depth, or shrinks over time."""
    if table is None or len(table.layers) < _TAIL:
        return None
    return _shrinking(table, rise) or _fading(table) or _fading_gradient(table)


def _fading(table: Depth) -> Finding | None:
    """The spread falls with depth and never comes back."""
    first = np.maximum.accumulate(table.spreads, axis=0)  # the widest up to here
    rest = np.maximum.accumulate(table.spreads[::-1], axis=0)[::-1]  # the widest from here on
    signs = []
    for number in range(1, len(table.layers) - _TAIL + 1):
        since = held(rest[number] < _FADED * first[number - 1])
        if since is None:
            continue
        series = table.layers[number]
        widest = table.layers[int(np.argmax(table.spreads[:number, -1]))]
        signs.append(
            Sign(
                series.layer,
                f"from here on the outputs hardly depend on the input: they vary by {recent(rest[number]):.2g} at most "
                f"and in layer {widest.layer} by {recent(first[number - 1]):.2g} (since step {series.steps[since]}).",
                last_step(series),
                int(series.steps[since]),
                LOST,
            )
        )
    return finding("vanishing", signs, f"Try {_INITIALISE}.", f"{_SOURCE}; threshold: a hundredth")


def _fading_gradient(table: Depth) -> Finding | None:
    """The gradient falls on its way back to the first layers."""
    gradients = table.gradients
    known = np.flatnonzero(np.isfinite(gradients).all(axis=1))
    layers = [table.layers[number] for number in known]
    gradients = gradients[known]
    if len(layers) < _TAIL + 1:
        return None
    signs = []
    before = np.maximum.accumulate(gradients, axis=0)  # the largest up to here
    after = np.maximum.accumulate(gradients[::-1], axis=0)[::-1]
    for number in range(len(layers) - 1):
        since = held(before[number] < _FADED_GRADIENT * after[number + 1])
        if since is None:
            break
        signs.append(
            Sign(
                layers[number].layer,
                f"the gradient that arrives here has a norm of {recent(before[number]):.2g}, at its largest further on "
                f"{recent(after[number + 1]):.2g} (since step {layers[number].steps[since]}).",
                last_step(layers[number]),
                int(layers[number].steps[since]),
            )
        )
    if len(signs) < 2:  # noqa: PLR2004 - a single layer is no trend
        return None
    return finding(
        "vanishing", signs, f"Use ReLU in place of sigmoid or tanh; try {_INITIALISE}.", f"{_SOURCE}; threshold 1/1000"
    )


def _shrinking(table: Depth, rise: Rise | None) -> Finding | None:
    """From some layer to the last one the spread has fallen far below what it was."""
    if table.spreads.shape[1] <= 2 * HOLD:
        return None
    spreads = _smooth(table.spreads)
    peak = np.maximum.accumulate(spreads, axis=1)
    # The outputs of a fresh network may well shrink while it begins to learn; so with a falling loss it takes more.
    limit = _SHRUNK if rise is None else _SHRUNK_AND_RISEN
    shrunk = spreads < limit * peak
    tail = np.logical_and.accumulate(shrunk[::-1], axis=0)[::-1]  # here and in all later layers
    signs = []
    for number in range(len(table.layers) - _TAIL + 1):
        since = held(tail[number])
        if since is None:
            continue
        series = table.layers[number]
        signs.append(
            Sign(
                series.layer,
                f"from here to the end the outputs depend less and less on the input: they vary by "
                f"{spreads[number, -1]:.2g}, and by {peak[number, -1]:.2g} at most before "
                f"(less than {limit:.0%} of that since step {series.steps[since]})"
                + (f", and the mean loss has risen from {rise.best:.3g} to {rise.now:.3g}." if rise else "."),
                last_step(series),
                int(series.steps[since]),
                LOST,
            )
        )
    return finding(
        "vanishing",
        signs,
        "Turn down the learning rate or the weight decay and go back to a state from before; normalise between layers.",
        f"{_SOURCE}; thresholds ours: a tenth of the layer's own largest, 40 % with a rising loss",
    )


def _smooth(values: np.ndarray) -> np.ndarray:
    """The median over each record and those before it, ``HOLD`` in all: one wild batch is none of them."""
    padded = np.pad(values, ((0, 0), (HOLD - 1, 0)), mode="edge")
    return np.median(sliding_window_view(padded, HOLD, axis=1), axis=-1)


def exploding(table: Depth | None) -> Finding | None:
    """The signal grows geometrically with depth, or without end over time."""
    if table is None:
        return None
    sizes = np.stack([np.hypot(series.mean, series.std) for series in table.layers])
    signs = []
    for number, series in enumerate(table.layers):
        start = early(sizes[number])
        since = held((sizes[number] > _LARGE) & (sizes[number] > _GROWN * start))
        if since is not None:
            signs.append(
                Sign(
                    series.layer,
                    f"the outputs have grown from {start:.2g} to {recent(sizes[number]):.2g} (over {_LARGE:,.0f} since "
                    f"step {series.steps[since]}).",
                    last_step(series),
                    int(series.steps[since]),
                    LOST,
                )
            )
            continue
        least = np.minimum.reduce(sizes[: max(number, 1)])
        since = held((sizes[number] > _LARGE) & (sizes[number] > _LARGE * least)) if number else None
        if since is not None:
            signs.append(
                Sign(
                    series.layer,
                    f"the outputs grow with depth: their size is {recent(sizes[number]):.2g} here, {recent(least):.2g} "
                    f"in an earlier layer (since step {series.steps[since]}).",
                    last_step(series),
                    int(series.steps[since]),
                    PARTLY,
                )
            )
    return finding(
        "exploding",
        signs,
        f"Turn down the learning rate, clip the gradient (torch.nn.utils.clip_grad_norm_); or try {_INITIALISE}.",
        f"{_SOURCE}; Pascanu et al. 2013 on clipping; threshold: over 1,000, and 100 times what it was",
    )
