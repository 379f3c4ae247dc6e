"""A finding: what is wrong with a training run, on what evidence, what to try; and the rules that look for one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from innerview.training.diagnosis.curves import held, last_step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import numpy as np

    from innerview.training.diagnosis.run import Run
    from innerview.training.series import LayerSeries, Weights

# How bad it is: the run is lost unless something changes; a part of the network does not learn; worth a look.
LOST, PARTLY, LOOK = 3, 2, 1
_NAMED = 3
# What each kind is called, in the table, on the charts and in what is told of actions.
NAMES = {
    "nonfinite": "not finite",
    "exploding": "exploding",
    "vanishing": "vanishing",
    "dead": "dead units",
    "saturated": "saturated",
    "batch_norm": "batch norm dies",
    "gate": "gate",
    "learning_rate": "learning rate",
    "slow": "hardly learns",
    "chance": "at chance",
}


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with a training run.

    Attributes:
        layer: the first layer concerned, in execution order; "" when it is the run as a whole.
        kind: one of ``KINDS``.
        evidence: the numbers and the steps that show it, as a sentence.
        suggestion: what to try, as a sentence.
        source: where the rule and its threshold come from.
        step: the last recorded step that shows it.
        since: the step since which it has held without a break.
        severity: 3 the run is lost unless something changes, 2 a part of the network does not learn, 1 worth a look.
        others: the further layers that show the same, in execution order.
    """

    layer: str
    kind: str
    evidence: str
    suggestion: str
    source: str
    step: int
    since: int
    severity: int
    others: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name of its kind, for people."""
        return NAMES.get(self.kind, self.kind)

    def __str__(self) -> str:
        where = f"layer {self.layer}: " if self.layer else ""
        return f"{where}{self.evidence} {self.suggestion} [{self.source}]"


@dataclass(frozen=True)
class Sign:
    """A sign of a finding in one layer; the fields are as in ``Finding``."""

    layer: str
    evidence: str
    step: int
    since: int
    severity: int = PARTLY


def finding(kind: str, signs: Sequence[Sign], suggestion: str, source: str) -> Finding | None:
    """One finding for all layers that show the same: the first gives the numbers. None without signs."""
    if not signs:
        return None
    first, *rest = signs
    others = tuple(sign.layer for sign in rest)
    also = ""
    if others:
        named = ", ".join(others[:_NAMED]) + (", ..." if len(others) > _NAMED else ".")
        also = f" The same in {len(others)} more layer{'s' if len(others) > 1 else ''}: {named}"
    return Finding(
        layer=first.layer,
        kind=kind,
        evidence=first.evidence + also,
        suggestion=suggestion,
        source=source,
        step=max(sign.step for sign in signs),
        since=min(sign.since for sign in signs),
        severity=max(sign.severity for sign in signs),
        others=others,
    )


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
