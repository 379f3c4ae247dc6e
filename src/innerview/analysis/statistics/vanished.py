"""Activations that have all but vanished, which a picture scaled to its own range does not show."""

from __future__ import annotations

_TINY = 1e-6


def vanished(largest: float) -> str:
    """A sentence on values whose largest magnitude is this, where it is tiny; empty else.

    Pictures and embeddings are scaled to what is there: of values around 1e-9 they look as of any others.
    """
    if largest == 0:
        return "every value here is 0"
    return f"the largest value here is {largest:.0e}: the activations have all but vanished" if largest < _TINY else ""
