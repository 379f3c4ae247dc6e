"""What is wrong with a training run: pure functions of its history, each with its threshold and source beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from innerview.training.diagnosis.finding import Finding
from innerview.training.diagnosis.learning import chance, learning_rate, slow
from innerview.training.diagnosis.nonfinite import nonfinite
from innerview.training.diagnosis.signal import exploding, vanishing
from innerview.training.diagnosis.units import batch_norm, dead, gate, saturated

if TYPE_CHECKING:
    from innerview.training.history import History

__all__ = ["KINDS", "Finding", "diagnose"]

_RULES = (nonfinite, exploding, vanishing, dead, saturated, batch_norm, gate, learning_rate, slow)
KINDS = (*(rule.__name__ for rule in _RULES), "chance")


def diagnose(history: History, *, classes: int | None = None) -> list[Finding]:
    """Judge a training run by what was recorded of it.

    Args:
        history: of a run, finished or not.
        classes: how many classes a guess has to choose from; the outputs of the last dense layer when None.

    Returns:
        What is wrong, the worst first. Empty when nothing is.
    """
    found = [finding for rule in _RULES if (finding := rule(history)) is not None]
    stuck = chance(history, classes)
    return sorted([*found, *([stuck] if stuck else [])], key=lambda finding: -finding.severity)
