"""Labels and the names of their classes."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import TensorDataset

if TYPE_CHECKING:
    from collections.abc import Iterable

UNLABELLED = -1
_MOST_CLASSES = 100_000  # without names


def as_labels(values: Any) -> Tensor | None:
    """Read as int64 ``[N]`` what may be class labels: whole numbers, one a sample. None for boxes, masks, targets."""
    if isinstance(values, (list, tuple)) and values and all(isinstance(value, int) for value in values):
        values = torch.tensor(values)
    if not isinstance(values, Tensor) or values.is_floating_point() or values.is_complex():
        return None
    return values.reshape(-1).long() if values.ndim == 1 or (values.ndim == 2 and values.shape[1] == 1) else None  # noqa: PLR2004 - [N, 1]


def listed(datasets: list[Any]) -> np.ndarray | None:
    """Look up all labels without reading a sample, from the innermost dataset outwards through the subsets.

    Returns:
        int64 ``[N]``, -1 for a sample without a label; None where they cannot be known.
    """
    if any(getattr(dataset, "target_transform", None) is not None for dataset in datasets):
        return None
    innermost = datasets[-1]
    if isinstance(innermost, TensorDataset):
        found = innermost.tensors[1] if len(innermost.tensors) > 1 else None
    else:
        found = next((getattr(innermost, n) for n in ("targets", "labels", "_labels") if hasattr(innermost, n)), None)
    try:
        labels = np.asarray(found)
    except (TypeError, ValueError):
        return None
    if labels.ndim != 1 or not np.issubdtype(labels.dtype, np.integer):
        return None
    for dataset in reversed(datasets[:-1]):
        indices = getattr(dataset, "indices", None)
        if indices is None:
            return None
        labels = labels[np.asarray(indices)]
    return labels.astype(np.int64).clip(min=UNLABELLED)


def told_apart(names: Iterable[Any]) -> list[str]:
    """Add its number to each name of a class that two have: ImageNet has two cranes and two maillots."""
    given = [str(name) for name in names]
    counts = Counter(given)
    return [name if counts[name] == 1 else f"{name} ({number})" for number, name in enumerate(given)]


def numbered(start: int, last: int) -> list[str]:
    """Name classes by their numbers; none where the numbers are too large to be classes."""
    # Such numbers are amounts, years or identities.
    return [str(label) for label in range(start, last + 1)] if last < _MOST_CLASSES else []
