"""A guard around the monitor's work inside the user's loop: its time is counted, and its errors never leave it."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from innerview.training.budget import Budget, Share

_log = logging.getLogger("innerview")
_MOST_TOLD = 20  # different errors of a run


class Guard:
    """Wraps everything that the monitor does while the user's loop runs.

    An error inside is kept in words in ``error``, and logged and told the first time; training and recording go on.
    """

    def __init__(self, budget: Budget, tell: Callable[[str, str], None]) -> None:
        self.error = ""
        self._budget = budget
        self._tell = tell
        self._told: set[str] = set()

    @contextmanager
    def __call__(
        self, share: Share | None = None, failed: str = "a part of this step was not recorded"
    ) -> Iterator[None]:
        """Charge what the body takes, to a share as well, and let no error out of it; ``failed`` is what one means."""
        with self._budget.spending(share):
            try:
                yield
            except Exception as error:  # noqa: BLE001 - no statistic is worth a training run
                self.error = f"{failed}: {type(error).__name__}: {error}"
                if self.error not in self._told and len(self._told) < _MOST_TOLD:
                    self._told.add(self.error)
                    self._tell("error", self.error)
                    _log.exception(failed)
