"""Arguments that make no sense are rejected where they are given, by name, with what would have worked."""

from __future__ import annotations

from numbers import Integral
from typing import Any

from innerview.errors import InnerviewError


def whole(name: str, value: Any, least: int, what: str, *, optional: bool = False) -> None:
    """Raise InnerviewError unless a value is a number of ``what`` from ``least`` on, or None where optional."""
    if (optional and value is None) or (
        isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= least
    ):
        return
    hint = (
        f"; of {len(value)} things give their number, {name}={len(value)}" if isinstance(value, (list, tuple)) else ""
    )
    none = ", or None" if optional else ""
    raise InnerviewError(f"{name}={value!r:.80}: a number of {what} from {least}{none}{hint}")
