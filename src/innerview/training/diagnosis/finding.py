"""A finding: what is wrong with a training run, on what evidence, and what to try."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

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
