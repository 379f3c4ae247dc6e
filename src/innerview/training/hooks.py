"""Hooks of the monitor on the user's model, which copies and files of the model do not have."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


class Hook:
    """A hook that does nothing in a copy of its module, nor in a file that the module is saved to."""

    def __init__(self, call: Callable[..., Any]) -> None:
        self._call = call

    def __call__(self, *given: Any, **named: Any) -> Any:
        """Do it."""
        return self._call(*given, **named)

    def __reduce__(self) -> tuple[Any, ...]:
        # Takes anything and returns None; a file that names it can be read without innerview.
        return getattr, (nullcontext(), "__exit__")
