"""What recording may spend now, so that records lie evenly over a run."""

from __future__ import annotations

from collections import deque
from math import inf
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from innerview.training.budget import Budget

# Of what is earned, recording has this part while a debt is paid back. Showing may take a half and judging a quarter.
_IN_DEBT = 0.25
_DEEP = 25  # a debt of more than so many times what is usually earned at a time is paid back first
_LONG = 4  # what took longer than so many times as usual was no training: a pause, a debugger
_REMEMBERED = 15


class Allowance:
    """Seconds that recording may spend: a fraction of the training time is earned, and spent soon after.

    What others have spent of the budget (judging, showing), or recording beyond what it had, is a debt. It is paid back
    by a part of what is earned, so that records become fewer for a while, and do not stop.
    """

    def __init__(self, budget: Budget) -> None:
        self.left = 0.0
        self._budget = budget
        self._debt = 0.0
        self._spent = 0.0
        self._others = 0.0
        self._training = 0.0
        self._earnings: deque[float] = deque(maxlen=_REMEMBERED)

    @property
    def open(self) -> bool:
        """Tell whether anything may be spent at all."""
        return self._budget.fraction != 0

    @property
    def setting_up(self) -> bool:
        """Tell whether what is spent now is set-up."""
        return self._budget.setting_up

    @property
    def usual(self) -> float:
        """Seconds that are usually earned from one step to the next; 0 before any."""
        return median(self._earnings) if self._earnings else 0.0

    def earn(self) -> None:
        """Take in what was earned since the last time; to be called once for each step."""
        budget = self._budget
        if budget.unlimited:
            self.left = inf
            return
        if self.left == inf:
            self.left = 0.0
        training, others = budget.training, budget.cost - self._spent
        earned = max(training - self._training, 0.0) * (budget.fraction or 0.0)
        self._debt += others - self._others
        self._training, self._others = training, others
        if self.left < 0:
            self._debt -= self.left
            self.left = 0.0
        if earned:
            usual = self.usual or earned
            part = 1.0 if self._debt <= 0 else _IN_DEBT if self._debt <= _DEEP * usual else 0.0
            wanted = part * min(earned, _LONG * usual)
            paid = min(max(self._debt, 0.0), earned - wanted)
            self._debt -= paid
            self.left += min(earned - paid, _LONG * usual)
            self._earnings.append(earned)

    def keep(self, most: float) -> None:
        """Let go of what is beyond this: what was not spent in time is not spent at once later."""
        self.left = min(self.left, most)

    def add(self, seconds: float) -> None:
        """Spend: a part of the cost of recording."""
        if not self.setting_up:
            self._spent += seconds
            if self.left != inf:
                self.left -= seconds
