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
    """A fault of one layer, if it holds in the last records.

    Attributes:
        layer: its name; "" for the run as a whole.
        where: the records.
        bad: bool ``[R]``, which of them show it.
        evidence: the numbers that show it, as a sentence without its end: the step since when is added.
        severity: as in ``Finding``.
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
    """One rule.

    Attributes:
        kind: of what it finds.
        look: for its symptoms, in execution order; of several of one layer the first that holds counts.
        suggestion: what to try, as a sentence.
        source: where the rule and its threshold come from.
    """

    kind: str
    look: Callable[[Run], Iterable[Symptom | Sign]]
    suggestion: str
    source: str

    def judge(self, run: Run) -> Finding | None:
        """One finding for all layers that show it; None when none does."""
        signs: dict[str, Sign] = {}
        for seen in self.look(run):
            sign = seen.sign() if isinstance(seen, Symptom) else seen
            if sign is not None:
                signs.setdefault(sign.layer, sign)
        return finding(self.kind, list(signs.values()), self.suggestion, self.source)


def rule(kind: str, suggestion: str, source: str) -> Callable[[Callable[[Run], Iterable[Symptom | Sign]]], Rule]:
    """Make a rule of the function that looks for its symptoms."""
    return lambda look: Rule(kind, look, suggestion, source)
