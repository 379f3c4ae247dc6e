"""The rule about values that are no numbers: where and when they appeared first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from innerview.training.diagnosis.finding import LOOK, LOST, Finding, Sign, finding

if TYPE_CHECKING:
    from innerview.training.history import History


def nonfinite(history: History) -> Finding | None:
    """NaN or infinity in an output or in the loss."""
    signs = []
    for name in history.layers:
        series = history.series(name)
        where = np.flatnonzero(series.nonfinite)
        if not len(where):
            continue
        first, last = int(where[0]), int(where[-1])
        signs.append(
            Sign(
                name,
                f"{int(series.nonfinite[first]):,} of {int(series.count[first]):,} values are NaN or infinite at step "
                f"{series.steps[first]}"
                + ("." if last == len(series.steps) - 1 else f", and none after step {series.steps[last]}."),
                int(series.steps[last]),
                int(series.steps[first]),
                LOST if last == len(series.steps) - 1 else LOOK,
            )
        )
    # First by step; sorted() keeps the order of execution within a step.
    signs = sorted(signs, key=lambda sign: sign.since)
    if "loss" in history.metrics:
        steps, losses = history.metric("loss")
        where = np.flatnonzero(~np.isfinite(losses))
        if len(where):
            at, now = int(steps[where[0]]), where[-1] == len(losses) - 1
            loss = Sign(
                "", f"the loss is {losses[where[0]]} at step {at}.", int(steps[where[-1]]), at, LOST if now else LOOK
            )
            # The layers are not looked at in every step, the loss is: it belongs before them only when it came before.
            signs = [loss, *signs] if not signs or at < signs[0].since else signs
    return finding(
        "nonfinite",
        signs,
        "Look at what is computed there (division, log, sqrt, exp of a large number, half precision); turn down the "
        "learning rate, clip the gradient.",
        "IEEE 754: a NaN makes all that is computed from it NaN",
    )
