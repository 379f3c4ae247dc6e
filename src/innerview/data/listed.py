"""The labels that a dataset lists, looked up without reading a sample."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from torch import Tensor
from torch.utils.data import ConcatDataset, Subset, TensorDataset

from innerview.data.wrapped import inside

_NAMES = ("targets", "labels", "_labels")


def listed_labels(dataset: Any, key: Any) -> Any:  # noqa: PLR0911 - one return a kind
    """Look up all labels of a dataset; None where they cannot be known so.

    Args:
        dataset: whose samples are asked for, with all that it wraps.
        key: the part of a sample that holds its label.

    Returns:
        A tensor, array or list of a label a sample, in any form of ``as_labels``.
    """
    if isinstance(dataset, TensorDataset):
        return dataset.tensors[key] if isinstance(key, int) and key < len(dataset.tensors) else None
    if isinstance(dataset, Mapping):
        return dataset.get(key)
    if isinstance(dataset, ConcatDataset):
        parts = [listed_labels(part, key) for part in dataset.datasets]
        return None if any(part is None for part in parts) else [label for part in parts for label in part]
    inner = dataset.dataset if isinstance(dataset, Subset) else inside(dataset)
    if inner is None:
        return _own(dataset)
    if getattr(dataset, "target_transform", None) is not None:
        return None
    found, indices = listed_labels(inner, key), getattr(dataset, "indices", None)
    if found is None or indices is None:
        return found
    return found[np.asarray(indices)] if isinstance(found, (Tensor, np.ndarray)) else [found[i] for i in indices]


def _own(dataset: Any) -> Any:
    column: Any = next((getattr(dataset, name) for name in _NAMES if hasattr(dataset, name)), None)
    if hasattr(column, "to_numpy"):
        column = column.to_numpy()
    if not isinstance(column, (list, tuple, np.ndarray, Tensor)):
        return None
    transform = getattr(dataset, "target_transform", None)
    return column if transform is None else [transform(label) for label in column]
