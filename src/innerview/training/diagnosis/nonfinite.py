"""The rule about values that are no numbers: where and when they appeared first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from innerview.training.diagnosis.finding import LOOK, LOST, Sign
from innerview.training.diagnosis.rule import rule

if TYPE_CHECKING:
    from innerview.training.diagnosis.run import Run


@rule(
    "nonfinite",
    "Look at what is computed there (division, log, sqrt, exp of a large number, half precision); turn down the "
    "learning rate, clip the gradient.",
    "IEEE 754: a NaN makes all that is computed from it NaN",
)
def nonfinite(run: Run) -> list[Sign]:
    """NaN or infinity in an output or in the loss."""
    signs = []
    for series in run.layers:
        where = np.flatnonzero(series.nonfinite)
        if len(where):
            first, last = where[[0, -1]]
            evidence = f"{series.nonfinite[first]:,} of {series.count[first]:,} values are NaN or infinite at step "
            now = last == len(series.steps) - 1
            end = "." if now else f", and none after step {series.steps[last]}."
            signs.append(_sign(series.layer, f"{evidence}{series.steps[first]}{end}", series.steps[where], now=now))
    # First by step; sorted() keeps the order of execution within a step.
    signs.sort(key=lambda sign: sign.since)
    steps, losses = run.metric("loss")
    where = np.flatnonzero(~np.isfinite(losses))
    # The layers are not looked at in every step, the loss is: it belongs before them only when it came before.
    if len(where) and (not signs or steps[where[0]] < signs[0].since):
        evidence = f"the loss is {losses[where[0]]} at step {steps[where[0]]}."
        signs.insert(0, _sign("", evidence, steps[where], now=where[-1] == len(losses) - 1))
    return signs


def _sign(layer: str, evidence: str, steps: np.ndarray, *, now: bool) -> Sign:
    return Sign(layer, evidence, int(steps[-1]), int(steps[0]), LOST if now else LOOK)
