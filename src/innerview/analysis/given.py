"""Numbers and labels as users give them to public functions, in any container."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from innerview.errors import DataError


def as_numbers(values: Any, what: str) -> torch.Tensor | np.ndarray:
    """Read tensors and arrays (which come back without a copy), lists of these or of numbers, and tables as an array.

    Raises:
        DataError: they are not numbers, or do not fill an array; the message calls them ``what``.
    """
    if isinstance(values, torch.Tensor):
        return values.detach()
    try:
        if isinstance(values, list | tuple) and values and all(isinstance(each, torch.Tensor) for each in values):
            return torch.stack(list(values)).detach()
        found = np.asarray(values)
        # What pandas holds of numbers with missing ones is an array of objects.
        return found.astype(np.float64) if found.dtype.kind not in "biufc" else found
    except (TypeError, ValueError, RuntimeError) as error:
        raise DataError(
            f"{what} given as {type(values).__name__} cannot be read as an array of numbers ({error}); "
            "expected a tensor, an array, a table or lists of equal length."
        ) from error


def as_tensor(values: Any, what: str) -> torch.Tensor:
    """Read numbers as ``as_numbers`` does, as a tensor; it shares the memory of an array that can be written to."""
    found = as_numbers(values, what)
    if isinstance(found, torch.Tensor):
        return found
    shareable = found.flags.writeable and min(found.strides, default=0) >= 0
    return torch.from_numpy(found if shareable else found.copy())


def class_numbers(labels: Any, count: int, what: str) -> np.ndarray:
    """Number the classes from 0, in the order of the sorted labels: int64 ``[count]``.

    The labels ``[count]`` are numbers or strings in a list, an array, a tensor or a pandas column; ``what`` has them.

    Raises:
        DataError: labels of another length, of several axes, that cannot be sorted, or not finite.
    """
    try:
        held = labels.detach().cpu().numpy() if isinstance(labels, torch.Tensor) else np.asarray(labels)
        if held.shape == (count,) and not (held.dtype.kind == "f" and not np.isfinite(held).all()):
            return np.unique(held, return_inverse=True)[1].reshape(-1).astype(np.int64)
    except (TypeError, ValueError) as error:
        raise DataError(f"labels cannot be sorted ({error}); use all numbers or all strings.") from error
    if held.shape != (count,):
        raise DataError(
            f"labels have shape {held.shape}, but there are {count:,} {what}; one label for each is needed."
        )
    missing = int((~np.isfinite(held)).sum())
    raise DataError(f"{missing:,} of {count:,} labels are NaN or infinite; leave those {what} out.")
