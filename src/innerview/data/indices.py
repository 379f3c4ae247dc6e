"""The one way from what a user gives as samples to their numbers."""

from __future__ import annotations

import reprlib
from numbers import Integral
from typing import Any

import numpy as np
from torch import Tensor

from innerview.errors import DataError

_MOST_NAMED = 5  # wrong numbers in one error
_LARGEST = np.iinfo(np.int64).max


def sample_indices(given: Any, total: int) -> np.ndarray:
    """Turn what was given as samples into their numbers, in the order given; one that was given twice is in it twice.

    Args:
        given: a sequence, array, tensor or column ``[N]`` of whole numbers from 0 to ``total - 1``; a mask ``[total]``
            of booleans; a range; or a slice, read as Python reads it.
        total: number of samples in all.

    Returns:
        int64 ``[N]``, a copy.

    Raises:
        DataError: it is anything else; the message repeats what was given.
    """
    if isinstance(given, slice):
        try:
            given = range(total)[given]
        except TypeError as error:
            raise _not_samples(given, total) from error
    try:
        numbers = np.asarray(given.detach().cpu() if isinstance(given, Tensor) else given)
    except (TypeError, ValueError, RuntimeError) as error:
        raise _not_samples(given, total) from error
    if numbers.ndim != 1:
        raise _not_samples(given, total)
    if numbers.dtype == object:
        numbers = _plain(numbers)
    if numbers.dtype == bool:
        if len(numbers) != total:
            raise DataError(
                f"a mask of samples has one entry for each of the {total} samples; this one has {len(numbers)}"
            )
        return np.flatnonzero(numbers)
    # NumPy makes floats of an empty list.
    if numbers.size and not np.issubdtype(numbers.dtype, np.integer):
        raise _not_samples(given, total)
    wrong = numbers[(numbers < 0) | (numbers >= total)]
    if wrong.size:
        named = ", ".join(str(number) for number in wrong[:_MOST_NAMED])
        raise DataError(
            f"there is no sample {named}{' ...' if len(wrong) > _MOST_NAMED else ''}: the samples are 0 to {total - 1}"
        )
    return numbers.astype(np.int64)


def _plain(values: np.ndarray) -> np.ndarray:
    """Give a column of Python objects the type of its entries, where it is one of those looked for."""
    if all(isinstance(value, (bool, np.bool_)) for value in values) and values.size:
        return values.astype(bool)
    if all(isinstance(value, Integral) and abs(int(value)) <= _LARGEST for value in values):
        return values.astype(np.int64)
    return values


def _not_samples(given: Any, total: int) -> DataError:
    what = " ".join(reprlib.repr(given).split())
    shape = f" of shape {list(given.shape)}" if hasattr(given, "shape") else ""
    return DataError(
        f"samples are whole numbers from 0 to {total - 1} in a sequence, a mask of {total} booleans, or a slice; "
        f"got {type(given).__name__}{shape}: {what}"
    )
