"""The labels of all samples and the names of their classes, as far as they are known; the rest by reading."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from innerview.data.classes import numbered
from innerview.data.forms import as_names
from innerview.data.labels import UNLABELLED, Vocabulary, as_labels
from innerview.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence


class Labelling:
    """What is known of the labels of N samples.

    Args:
        total: N.
        column: the labels as the user gives them, one a sample; None: they are in the samples.
        seen: the label part of some samples, by number, in any form of ``as_labels``; None where there is none.
        listed: the labels that the dataset lists, one a sample; believed if they agree with those seen. A target
            transform or a wrapper may relabel.
        given: the names of the classes as the user gives them.
        told: the names as the dataset tells them.

    Attributes:
        labels: int64 ``[N]``, -1 where a sample has none or it is not known yet; None where no sample has one.
        classes: a name for each class.
        complete: whether the labels of all samples are known without reading them.
        note: a sentence on how the labels were understood; empty where there is nothing to say.

    Raises:
        DataError: labels that are not one a sample, or names that do not fit the classes given.
    """

    def __init__(
        self,
        total: int,
        *,
        column: Any = None,
        seen: Mapping[int, Any] | None = None,
        listed: Any = None,
        given: list[str] | None = None,
        told: list[str] | None = None,
    ) -> None:
        self.note = ""
        self._first = 0  # what the user calls the first class
        self.complete = column is not None
        self._fixed = column is not None
        names = as_names(column) if column is not None else _names(seen)
        self._vocabulary = self._words(names, as_names(listed), given, given or told)
        self.labels = self._of_column(column, total) if column is not None else self._of_samples(seen, listed, total)
        own = None if names is None else self._vocabulary.names
        known = given if given is not None else told if own is None or told == own else own
        self._numbered = self.labels is not None and own is None and known is None
        last = -1 if self.labels is None else int(self.labels.max())
        self.classes: list[str] = known if known is not None else own or numbered(0, last)
        if known is not None:
            self.settle([len(known)])

    def of_batch(self, numbers: Sequence[int], part: Any) -> Tensor | None:
        """The labels of some samples, from the part of their batch that holds them; remembered.

        Args:
            numbers: N, of the samples.
            part: in any form of ``as_labels``.

        Returns:
            int64 ``[N]``, negative for a sample without a label; None where the part holds no labels.

        Raises:
            DataError: there is another number of labels than of samples.
        """
        if self.labels is None:
            return None
        if self._fixed:
            return torch.from_numpy(self.labels[list(numbers)])
        labels = as_labels(part, self._vocabulary)
        if labels is None:
            return None
        if len(labels) != len(numbers):
            raise DataError(
                f"a batch of {len(numbers)} samples has {len(labels)} labels: every sample needs one. If they are not "
                "class labels: unpack=lambda batch: ((batch[0],), {}, None)"
            )
        if self._first:
            labels = torch.where(labels > 0, labels - self._first, UNLABELLED)
        self.labels[list(numbers)] = labels.clamp(min=UNLABELLED).numpy()
        if self._numbered:
            self.classes = self.classes + numbered(len(self.classes), int(labels.max()))
        elif self._vocabulary.names[: len(self.classes)] == self.classes:
            self.classes = self._vocabulary.names
        return labels

    @property
    def columns(self) -> range | None:
        """How many classes a model of these data may tell apart; None where nothing is known of it."""
        names = 0 if self._numbered else len(self.classes)
        if self.labels is None:
            return range(names, names + 1) if names else None
        least = int(self.labels.max()) + 1
        if names >= max(least, 2):
            return range(names, names + 1)
        # A class may be missing among the labels; many times as many columns are features, or a reconstruction.
        most = 2 * least if self.complete and least > 1 else sys.maxsize - 1
        return range(max(least, 2), most + 1)

    def settle(self, widths: Collection[int]) -> None:
        """Count the labels from 0 where they count from 1, as the number of classes shows.

        Args:
            widths: the numbers of classes that there may be.
        """
        if self.labels is None or not self.complete or self._first:
            return
        last = int(self.labels.max())
        if last in widths and last + 1 not in widths and not (self.labels == 0).any():
            self._first = 1
            self.labels = np.where(self.labels > 0, self.labels - 1, UNLABELLED)
            if self._numbered:
                self.classes = [str(label + 1) for label in range(last)]
            self.note = "the labels count from 1"

    def _words(
        self,
        names: list[str | None] | None,
        listed: list[str | None] | None,
        given: list[str] | None,
        known: list[str] | None,
    ) -> Vocabulary:
        """The numbers of classes that are given by name: in the order of ``known``, else of the alphabet."""
        if names is None:
            return Vocabulary()
        words = {name for name in names if name is not None}
        if known is not None and words <= set(known):
            return Vocabulary(known)
        if given is not None:
            wrong = ", ".join(repr(word) for word in sorted(words - set(given))[:3])
            raise DataError(f"labels are names, and {wrong} is not among classes={given!r:.80}")
        if listed is not None and words <= set(listed):
            words = {name for name in listed if name is not None}
        elif not self._fixed:
            return Vocabulary()  # more may come
        return Vocabulary(sorted(words))

    def _of_column(self, column: Any, total: int) -> np.ndarray | None:
        labels = as_labels(column, self._vocabulary)
        if labels is None or len(labels) != total:
            what = f"{len(labels)} labels" if labels is not None else f"{type(column).__name__}: {column!r:.60}"
            raise DataError(
                f"labels are one number or name for each of the {total:,} samples, or the position or name of the "
                f"part of a batch that holds them; got {what}"
            )
        return _clipped(labels)

    def _of_samples(self, seen: Mapping[int, Any] | None, listed: Any, total: int) -> np.ndarray | None:
        if not seen:
            return None
        found = {number: as_labels(part, self._vocabulary) for number, part in seen.items()}
        if any(labels is None or len(labels) != 1 for labels in found.values()):
            return None
        known = {number: max(int(labels[0]), UNLABELLED) for number, labels in found.items() if labels is not None}
        column = None if listed is None else as_labels(listed, self._vocabulary)
        if column is None and isinstance(listed, Tensor):
            return None  # 0 and 1 in the samples seen, other numbers beyond them: not classes, but numbers to predict
        if column is not None and len(column) == total and all(max(int(column[n]), -1) == known[n] for n in known):
            self.complete = True
            return _clipped(column)
        labels = np.full(total, UNLABELLED, np.int64)
        labels[list(known)] = list(known.values())
        return labels


def _clipped(labels: Tensor) -> np.ndarray | None:
    found = labels.numpy().clip(min=UNLABELLED)
    return found if found.max() >= 0 else None


def _names(seen: Mapping[int, Any] | None) -> list[str | None] | None:
    """The names among the labels seen; None where they are not names."""
    columns = [as_names(part) for part in (seen or {}).values()]
    if not columns or any(column is None for column in columns):
        return None
    return [name for column in columns if column is not None for name in column]
