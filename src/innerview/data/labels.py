"""Labels in the forms that people keep them in, as the numbers of classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from innerview.data.forms import as_names, as_tensor

if TYPE_CHECKING:
    from collections.abc import Sequence

UNLABELLED = -1


class Vocabulary:
    """The numbers of classes that are given by name.

    Args:
        names: the classes in order; None: they are numbered in the order in which they are first met.

    Attributes:
        names: the classes known so far.
    """

    def __init__(self, names: Sequence[str] | None = None) -> None:
        self._numbers = {name: number for number, name in enumerate(names or ())}
        self._fixed = names is not None

    @property
    def names(self) -> list[str]:
        """The classes known so far, in the order of their numbers."""
        return list(self._numbers)

    def numbers(self, names: Sequence[str | None]) -> Tensor:
        """int64 ``[N]``: the number of each name, -1 for None and for one that is not a class."""
        if not self._fixed:
            for name in names:
                if name is not None:
                    self._numbers.setdefault(name, len(self._numbers))
        found = [UNLABELLED if name is None else self._numbers.get(name, UNLABELLED) for name in names]
        return torch.tensor(found, dtype=torch.int64, device="cpu")


def as_labels(values: Any, vocabulary: Vocabulary) -> Tensor | None:  # noqa: PLR0911 - one return a kind
    """Take what may be class labels: boxes, masks, several labels a sample and numbers to predict are not.

    Args:
        values: whole numbers or booleans ``[N]`` or ``[N, 1]``; 0 and 1 as floats of these shapes; rows ``[N, C]`` with
            a single 1 among zeros (one-hot); text, one name a sample; in any container of ``as_tensor``.
        vocabulary: numbers the names.

    Returns:
        int64 ``[N]``, negative for a sample without a label, NaN among floats included; None where the values are
        not labels.
    """
    names = as_names(values)
    if names is not None:
        return vocabulary.numbers(names)
    numbers = as_tensor(values)
    if numbers is None or numbers.is_complex() or numbers.is_sparse or numbers.is_nested:
        return None
    numbers = numbers.detach().cpu()
    if numbers.ndim == 0:
        numbers = numbers[None]
    if numbers.ndim == 2 and numbers.shape[1] == 1:  # noqa: PLR2004 - [N, 1]
        numbers = numbers[:, 0]
    if numbers.ndim == 2:  # noqa: PLR2004 - one-hot
        return _of_one_hot(numbers)
    if numbers.ndim != 1:
        return None
    if numbers.is_floating_point():
        missing = numbers.isnan()
        if not bool(((numbers == 0) | (numbers == 1) | (numbers == UNLABELLED) | missing).all()):
            return None
        return numbers.masked_fill(missing, UNLABELLED).long()
    return numbers.long()


def _of_one_hot(rows: Tensor) -> Tensor | None:
    ones, zeros = rows == 1, rows == 0
    if rows.shape[1] == 0 or not bool(((ones | zeros).all(1) & (ones.sum(1) == 1)).all()):
        return None
    return ones.long().argmax(1)
