"""The dataset that another one wraps."""

from __future__ import annotations

from typing import Any

WRAPPED = ("dataset", "_dataset")  # where Subset, random_split, Hugging Face and many others keep what they wrap


def inside(dataset: Any) -> Any:
    """The dataset that another one wraps; None where it wraps none."""
    found = (getattr(dataset, name, None) for name in WRAPPED)
    return next((inner for inner in found if inner is not None and inner is not dataset), None)
