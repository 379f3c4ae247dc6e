"""The order of layers, of which each step shows a part."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def in_order(known: Iterable[str], seen: Iterable[str]) -> list[str]:
    """Return the known names and those seen, which are in order: a new one comes after the one that is before it."""
    order, at = list(known), 0
    for name in seen:
        if name not in order:
            order.insert(at, name)
        at = order.index(name) + 1
    return order
