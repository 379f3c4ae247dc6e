"""Actions on findings: called when one holds, a limited number of times, and taken back on request."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch.distributed as dist

from innerview.arguments import nearest, whole
from innerview.errors import InnerviewError
from innerview.training.diagnosis import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from innerview.training.budget import Share
    from innerview.training.diagnosis import Finding
    from innerview.training.guard import Guard

    Undo = Callable[[], object]
    # Called with the monitor and the finding.
    Action = Callable[[Any, Finding], "Undo | None"]

_log = logging.getLogger("innerview")
_PART = 100  # a run is judged again when it has grown by one part in so many


@dataclass
class Rule:
    """The arguments of ``Monitor.on``, with how often the action was called, and at which step last."""

    kind: str
    action: Action
    hold: int
    every: int
    limit: int | None
    times: int = 0
    last: int | None = None

    def is_due(self, finding: Finding, step: int) -> bool:
        """Tell whether the action is to be called for this finding."""
        if finding.kind != self.kind or (self.limit is not None and self.times >= self.limit):
            return False
        held = finding.step - finding.since >= self.hold
        return held and (self.last is None or step - self.last >= self.every)


class Actions:
    """The rules of one monitor, and what was done by them; ``tell`` is called with kind, text and layer of an event."""

    def __init__(
        self,
        monitor: object,
        judge: Callable[[], Iterable[Finding]],
        tell: Callable[[str, str, str], None],
        guard: Guard,
        share: Share,
    ) -> None:
        self._monitor = monitor
        self._judge = judge
        self._tell = tell
        self._guard = guard
        self._share = share
        self._rules: list[Rule] = []
        self._done: list[tuple[str, Undo]] = []
        self._records = 0
        self._judged = 0
        self._last = 0
        self._refused = False

    def on(self, kind: str, action: Action, *, hold: int, every: int, limit: int | None) -> None:
        """Add a rule; see ``Monitor.on``."""
        if kind not in KINDS:
            raise InnerviewError(f"there is no finding of the kind {kind!r}: {', '.join(KINDS)}{nearest(kind, KINDS)}")
        if not callable(action):
            raise InnerviewError(
                f"action={action!r} cannot be called: give a function of the monitor and the finding, or "
                "monitor.scale_lr(0.5)"
            )
        whole("hold", hold, 0, "steps")
        whole("every", every, 1, "steps")
        whole("limit", limit, 1, "times", optional=True)
        self._rules.append(Rule(kind, action, hold, every, limit))

    def recorded(self, step: int) -> None:
        """Judge the run after a recorded step, where it has grown enough and the budget allows it, and act."""
        self._records += 1
        before, self._last = self._last, step
        if not self._rules or self._records - self._judged < max(1, self._records // _PART) or not self._share.allows():
            return
        self._judged = self._records
        if _is_distributed():
            if not self._refused:
                self._refused = True
                self._tell("error", "no action in a distributed run: each process would decide for itself", "")
            return
        found: Iterable[Finding] = ()
        with self._guard(self._share, "the run could not be judged"):
            found = self._judge()
        self._share.done()
        for rule in self._rules:
            for finding in found:
                # What is over is told in the list of findings, but nothing is done about it any more.
                if finding.step >= before and rule.is_due(finding, step):
                    self._act(rule, finding, step)

    @property
    def undoable(self) -> str:
        """The action that ``undo`` would take back, in words; "" for none."""
        return self._done[-1][0] if self._done else ""

    def undo(self) -> bool:
        """Take back the last action that can be; see ``Monitor.undo``."""
        if not self._done:
            return False
        text, undo = self._done.pop()
        try:
            undo()
        except Exception as error:  # noqa: BLE001 - the user's code; the training goes on whatever it does
            _log.exception("an action of the training monitor could not be undone")
            self._tell("error", f"{text} could not be undone: {type(error).__name__}: {error}", "")
        else:
            self._tell("undo", f"undone: {text}", "")
        return True

    def _act(self, rule: Rule, finding: Finding, step: int) -> None:
        rule.times += 1
        rule.last = step
        text = f'{_name(rule.action)} after the finding "{finding.name}"'
        try:
            undo = rule.action(self._monitor, finding)
        except Exception as error:  # noqa: BLE001 - as above
            _log.exception("an action of the training monitor failed")
            self._tell("error", f"{text} failed: {type(error).__name__}: {error}", finding.layer)
            return
        if callable(undo):
            self._done.append((text, undo))
        self._tell("action", f"{text}: {finding.evidence}", finding.layer)


def _is_distributed() -> bool:
    return dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1


def _name(action: Any) -> str:
    name = getattr(action, "__name__", None) or str(action)
    return "a function" if name == "<lambda>" else name
