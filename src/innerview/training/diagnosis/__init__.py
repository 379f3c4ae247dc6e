"""What is wrong with a training run: pure functions of its history, each with its threshold and source beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from innerview.training.diagnosis.curves import depth, loss_rise
from innerview.training.diagnosis.finding import Finding
from innerview.training.diagnosis.learning import chance, learning_rate, slow
from innerview.training.diagnosis.nonfinite import nonfinite
from innerview.training.diagnosis.signal import exploding, vanishing
from innerview.training.diagnosis.units import batch_norm, dead, gate, saturated

if TYPE_CHECKING:
    from innerview.training.history import History

__all__ = ["KINDS", "Finding", "diagnose"]

# In the order in which they are told where they are equally bad.
KINDS = (
    *("nonfinite", "exploding", "vanishing", "dead", "saturated", "batch_norm", "gate"),
    *("learning_rate", "slow", "chance"),
)


def diagnose(history: History, *, classes: int | None = None) -> list[Finding]:
    """Judge a training run by what was recorded of it.

    Args:
        history: of a run, finished or not.
        classes: how many classes a guess has to choose from; the outputs of the last dense layer when None.

    Returns:
        What is wrong, the worst first. Empty when nothing is.
    """
    table, rise = depth(history), loss_rise(history)
    found = [
        nonfinite(history),
        exploding(table),
        vanishing(table, rise),
        dead(history),
        saturated(history),
        batch_norm(history),
        gate(history),
        learning_rate(history, rise),
        slow(history),
        chance(history, classes),
    ]
    return sorted((each for each in found if each is not None), key=lambda finding: -finding.severity)
