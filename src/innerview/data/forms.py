"""Numbers in any container that people keep them in, as tensors."""

from __future__ import annotations

from numbers import Number
from typing import Any

import numpy as np
import torch
from torch import Tensor


def as_tensor(value: Any) -> Tensor | None:  # noqa: C901, PLR0911 - one return a kind
    """Take numbers as a tensor on the CPU, or where they already are.

    Args:
        value: a tensor, a NumPy array, a pandas Series or DataFrame, a number, or numbers in lists.

    Returns:
        The tensor itself, or one of the same numbers; None where the value does not hold just numbers, or where its
        rows differ in length.
    """
    if isinstance(value, Tensor):
        return value
    if isinstance(value, (list, tuple)) and not _all_numbers(value):
        return None
    if not isinstance(value, (np.ndarray, Number, list, tuple)) and not hasattr(value, "to_numpy"):
        return None
    try:
        array = np.asarray(value)
        if array.dtype == object:
            array = np.asarray(array.tolist())
    except ValueError:  # rows of several lengths
        return None
    if array.dtype.kind not in "biufc":
        return None
    if array.dtype.kind == "f" and not isinstance(value, np.ndarray) and not hasattr(value, "to_numpy"):
        # Python's floats have no precision of their own: torch reads them in its default one.
        return torch.as_tensor(array, dtype=torch.get_default_dtype(), device="cpu")
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    # torch shares memory with an array only where it may write to it and where no stride is negative.
    if not array.flags.writeable or any(step < 0 for step in array.strides):
        array = np.array(array, order="C")
    try:
        return torch.as_tensor(array, device="cpu")
    except TypeError:  # of a precision that torch does not have
        return None


def as_names(value: Any) -> list[str | None] | None:
    """Take a column of text, such as names of classes, as a list; None where the value is not one.

    Args:
        value: a string, or strings in a list, tuple, array or pandas Series; None among them stands for no name.
    """
    if isinstance(value, (str, bytes)):
        value = [value]
    if hasattr(value, "to_numpy"):
        value = value.to_numpy()
    if isinstance(value, np.ndarray):
        value = value.tolist() if value.ndim == 1 else None
    if not isinstance(value, (list, tuple)) or not any(isinstance(name, (str, bytes)) for name in value):
        return None
    if not all(isinstance(name, (str, bytes)) or _is_missing(name) for name in value):
        return None
    return [name.decode() if isinstance(name, bytes) else name if isinstance(name, str) else None for name in value]


def with_tensors(sample: Any) -> Any:
    """One sample as a dataset gives it, with lists of numbers in it made tensors, so that samples stack.

    ``default_collate`` would turn a list for each sample into a list for each position.
    """
    if isinstance(sample, dict):
        return {name: _entry(value) for name, value in sample.items()}
    if isinstance(sample, tuple) and not hasattr(sample, "_fields"):
        return tuple(_entry(value) for value in sample)
    return [_entry(value) for value in sample] if isinstance(sample, list) else sample


def _entry(value: Any) -> Any:
    if isinstance(value, (list, tuple)) or hasattr(value, "to_numpy"):
        found = as_tensor(value)
        return value if found is None else found
    return value


def _all_numbers(value: Any) -> bool:
    """Tell nested lists of numbers, however deep; an empty one is not."""
    if isinstance(value, (list, tuple)):
        return bool(value) and all(_all_numbers(item) for item in value)
    return isinstance(value, (Number, np.generic)) or (isinstance(value, (Tensor, np.ndarray)) and value.ndim == 0)


def _is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and value != value)  # noqa: PLR0124 - only NaN differs from itself
