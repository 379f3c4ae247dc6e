"""Frames about cosine similarities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from innerview.analysis.spaces.similarity import CosineHistogram
    from innerview.errors import InnerviewError
    from innerview.panels.panel import Frame


def histogram(scope: str, found: CosineHistogram | InnerviewError, **about: Any) -> Frame:
    """A histogram of cosine similarities, in bins equally spaced from -1 to 1, or why there is none."""
    header: dict[str, Any] = {"kind": "histogram", "scope": scope, **about, "error": ""}
    if isinstance(found, Exception):
        return header | {"error": str(found), "note": ""}, {}
    header |= {name: getattr(found, name) for name in ("auc", "overlap", "pairs", "sampled", "note")}
    # Of 100,000 samples a bin may hold more pairs than 32 bits count.
    return header, {"same": found.same.astype(np.float64), "other": found.other.astype(np.float64)}


def gone(scope: str) -> Frame:
    """The histogram of this scope is not shown any more."""
    return {"kind": "histogram", "scope": scope, "over": True}, {}
