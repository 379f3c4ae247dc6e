"""The overhead budget: recording and showing may take a fraction of the training time."""

from __future__ import annotations

import time
from collections import deque
from contextlib import contextmanager
from itertools import pairwise
from math import inf
from numbers import Real
from statistics import median
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_MOST_MARKS = 1_000
_RECENT = 0.3  # weight of the newest cost in what is expected of the next


class Account(Protocol):
    """What a cost can be charged to besides the budget."""

    def add(self, seconds: float) -> None:
        """Add a part of a cost."""
        ...


class Budget:
    """A ledger of seconds; recording may cost a ``fraction`` of the training time, where None or 1 sets no limit.

    What is spent while ``setting_up``, on first hooks, memory and code that is loaded when it is first used, is told
    apart as ``setup``: it comes once, says nothing of what recording costs, and is not paid back.
    """

    def __init__(self, fraction: float | None, clock: Callable[[], float] = time.perf_counter) -> None:
        self.fraction = fraction
        self.cost = 0.0  # seconds spent on recording and showing so far
        self.setup = 0.0  # seconds spent on setting up
        self.setting_up = False
        self._clock = clock
        self._running = 0.0
        self._since: float | None = None
        self._depth = 0
        self._charged: deque[float] = deque()  # which two threads may use at a time

    @property
    def fraction(self) -> float | None:
        """The most that recording may cost, of the training time."""
        return self._fraction

    @fraction.setter
    def fraction(self, fraction: float | None) -> None:
        if fraction is not None and not (isinstance(fraction, Real) and 0 <= fraction <= 1):
            raise ValueError(
                f"budget={fraction!r}: a fraction of the training time, from 0 to 1, such as 0.02; None for no limit"
            )
        self._fraction = fraction

    def start(self) -> None:
        """Training begins, or goes on."""
        self._since = self._clock()

    @property
    def unlimited(self) -> bool:
        """Tell whether there is no limit."""
        return self.fraction is None or self.fraction == 1

    def charge(self, seconds: float, share: Account | None = None) -> None:
        """Count a cost that was measured elsewhere, on any thread: the next ``spending`` or ``stop`` adds it."""
        self._charged.append(seconds)
        if share is not None:
            share.add(seconds)

    def stop(self) -> None:
        """Training ends, or rests."""
        self._running = self.running
        self._since = None
        self._add_charges()

    @property
    def running(self) -> float:
        """Seconds since the start, rests left out, the cost of recording included."""
        return self._running + (self._clock() - self._since if self._since is not None else 0.0)

    @property
    def training(self) -> float:
        """Seconds of training alone."""
        return max(self.running - self.cost - self.setup, 0.0)

    @property
    def overhead(self) -> float | None:
        """The cost so far, as a fraction of the training time; None before any."""
        return self.cost / self.training if self.training > 0 else None

    @contextmanager
    def spending(self, share: Account | None = None) -> Iterator[None]:
        """Count what the body takes as a cost. Inside another ``spending``, only for the share."""
        self._depth += 1
        start = self._clock()
        try:
            yield
        finally:
            self._depth -= 1
            taken = self._clock() - start
            if not self._depth:
                if self.setting_up:
                    self.setup += taken
                else:
                    self.cost += taken
                self._add_charges()
            if share is not None:
                share.add(taken)

    def _add_charges(self) -> None:
        while self._charged:
            self.cost += self._charged.popleft()


class DeviceClock:
    """A clock for steps on a GPU, where the time until a kernel is launched says little of the time that it takes.

    An event, such as ``torch.cuda.Event``, is put into the device's queue at the end of each step, and read when the
    device is waited for anyway.
    """

    def __init__(self, event: Callable[[], Any]) -> None:
        self._event = event
        self._marks: list[tuple[Any, bool]] = []
        self._plain: deque[float] = deque(maxlen=64)

    def mark(self, *, recorded: bool) -> None:
        """A step ended, which was recorded or not."""
        event = self._event()
        event.record()
        self._marks.append((event, recorded))
        del self._marks[:-_MOST_MARKS]

    def extra(self) -> float:
        """The seconds that the steps recorded before the last one took more than plain ones; waits for the device."""
        if len(self._marks) < 2:  # noqa: PLR2004 - a start and an end
            return 0.0
        self._marks[-1][0].synchronize()
        taken = [
            (before.elapsed_time(after) / 1000, recorded) for (before, _), (after, recorded) in pairwise(self._marks)
        ]
        self._plain.extend(seconds for seconds, recorded in taken if not recorded)
        self._marks = self._marks[-1:]
        plain = median(self._plain) if self._plain else inf
        return sum(max(seconds - plain, 0.0) for seconds, recorded in taken if recorded)


class Share:
    """The part, from 0 to 1, of a budget that one kind of work may take, which is done only when it fits in."""

    def __init__(self, budget: Budget, part: float) -> None:
        self._part = part
        self._spent = 0.0
        self._budget = budget
        self._pending = 0.0  # seconds that the work under way has taken so far
        self._expected = 0.0  # seconds that the work takes, lately

    def allows(self) -> bool:
        """Tell whether the work may be done now: its expected cost fits in."""
        if self._budget.unlimited:
            return True
        fraction = self._budget.fraction or 0.0
        return fraction > 0 and self._spent + self._expected <= self._part * fraction * self._budget.training

    def add(self, seconds: float) -> None:
        """Add a part of the cost of the work under way."""
        self._spent += seconds
        self._pending += seconds

    def done(self) -> None:
        """The work was done once."""
        self._expected += (self._pending - self._expected) * (_RECENT if self._expected else 1.0)
        self._pending = 0.0
