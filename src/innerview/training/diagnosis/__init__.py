"""Find out what is wrong with a training run: pure functions of its history, with threshold and source beside each."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from innerview.training.diagnosis.curves import ENOUGH
from innerview.training.diagnosis.finding import NAMES, Finding
from innerview.training.diagnosis.learning import chance, slow, too_high, too_low
from innerview.training.diagnosis.run import Run
from innerview.training.diagnosis.signal import exploding, fading, fading_gradient, nonfinite, shrinking
from innerview.training.diagnosis.units import batch_norm, dead, gate, saturated

if TYPE_CHECKING:
    from innerview.training.history import History

__all__ = ["KINDS", "Finding", "diagnose", "too_few"]

KINDS = tuple(NAMES)
# In the order in which they are told where they are equally bad. Of several of a kind the first that holds counts.
_RULES = (
    *(nonfinite, exploding, shrinking, fading, fading_gradient, dead, saturated, batch_norm, gate),
    *(too_high, too_low, slow, chance),
)


def diagnose(history: History, *, classes: int | None = None) -> list[Finding]:
    """Judge a training run by what was recorded of it.

    Args:
        history: of a run, finished or not.
        classes: how many classes a guess has to choose from; the outputs of the last dense layer when None.

    Returns:
        What is wrong, the worst first. Empty when nothing is, or when there are too few records to see it.
    """
    run = Run(history, classes)
    found: dict[str, Finding] = {}
    for rule in _RULES:
        if rule.kind not in found and (finding := rule.judge(run)) is not None:
            found[rule.kind] = finding
    return sorted(found.values(), key=lambda finding: -finding.severity)


def too_few(history: History) -> int | None:
    """Return how many records there are of a layer, where they are too few to say that nothing is wrong; None else.

    It is the median over the layers; without any, over the parameters.
    """
    tables = history.tables.layers.get("train") or history.tables.weights
    records = int(median([len(table) for table in tables.values()])) if tables else 0
    return records if records < ENOUGH else None
