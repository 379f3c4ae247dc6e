"""A rule: what it looks for, what to try then, where it comes from; and how its symptoms become a finding."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from innerview.training.diagnosis.curves import held, last_step
from innerview.training.diagnosis.finding import PARTLY, Finding, Sign, finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import numpy as np

    from innerview.training.diagnosis.run import Run
    from innerview.training.series import LayerSeries, Weights


class Symptom(NamedTuple):
    """A fault of one layer, or of the run as a whole (""), if it shows in the last of the records ``where``.

    ``bad`` ``[R]`` marks those that show it. To the evidence, a sentence without its end, the step since when is added.
    """

    layer: str
    where: LayerSeries | Weights
    bad: np.ndarray
    evidence: str
    severity: int = PARTLY

    def sign(self) -> Sign | None:
        """The same as a sign; None when it does not hold."""
        since = held(self.bad)
        if since is None:
            return None
        step = int(self.where.steps[since])
        evidence = f"{self.evidence} (since step {step})."
        return Sign(self.layer, evidence, last_step(self.where), step, self.severity)


class Rule(NamedTuple):
    """How to look for the symptoms of one kind, in execution order, with what to try then and where that comes from."""

    kind: str
    look: Callable[[Run], Iterable[Symptom | Sign]]
    suggestion: str
    source: str

    def judge(self, run: Run) -> Finding | None:
        """One finding for all layers that show it, by the first of their symptoms that holds; None when none does."""
        signs: dict[str, Sign] = {}
        for seen in self.look(run):
            sign = seen.sign() if isinstance(seen, Symptom) else seen
            if sign is not None:
                signs.setdefault(sign.layer, sign)
        return finding(self.kind, list(signs.values()), self.suggestion, self.source)


def rule(kind: str, suggestion: str, source: str) -> Callable[[Callable[[Run], Iterable[Symptom | Sign]]], Rule]:
    """Make a rule of the function that looks for its symptoms."""
    return lambda look: Rule(kind, look, suggestion, source)
