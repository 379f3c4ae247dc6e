"""Samples by index: what is fed to the model for them, and their labels."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from innerview.data.indices import sample_indices
from innerview.data.labels import UNLABELLED, as_labels, listed, numbered, told_apart
from innerview.data.source import open_source
from innerview.errors import DataError
from innerview.model.randomness import kept

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from torch import Tensor

_LABEL_KEYS = ("labels", "label", "targets", "target", "y")


class Batch(NamedTuple):
    """The input of the model for some samples.

    Attributes:
        args: positional arguments.
        kwargs: keyword arguments.
        labels: int64 ``[N]`` as in the source, negative for a sample without one; None where no sample has one.
        targets: targets other than labels that came with the inputs: numbers to predict, masks; None without any.
    """

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    labels: Tensor | None
    targets: Any = None


class Data:
    """Samples by index, from any source.

    Args:
        source: a DataLoader, a map-style Dataset, an iterable one (its first 1,000 samples are kept), a tensor or
            array of inputs, a pair ``(inputs, labels)``, or a dict of tensors as keyword arguments.
        classes: a name for each label; else what the dataset says; else the numbers.
        mean, std: the normalisation of the inputs, per channel; else what the dataset's transform says.
        unpack: turns a collated batch into ``(args, kwargs, labels)`` where the rules here do not fit.
        accepts: the parameter names of the model's forward, to decide which entries of a dict are fed to it.
        guard: held whenever code of the user's is run to read samples.

    Attributes:
        name: a short name of the source, for people.
        origin: a value that two Data of the same samples share.
        labels: int64 ``[N]``, -1 where a sample has no label, or its label was not read yet; None when no sample has
            one. Any negative label in the source means that the sample has none.

    Raises:
        DataError: no samples, labels of another length, or nothing that can be read by index.
    """

    def __init__(
        self,
        source: Any,
        *,
        classes: Sequence[str] | None = None,
        mean: Sequence[float] | None = None,
        std: Sequence[float] | None = None,
        unpack: Callable[[Any], tuple[tuple[Any, ...], dict[str, Any], Tensor | None]] | None = None,
        accepts: frozenset[str] = frozenset(),
        guard: Callable[[], AbstractContextManager[None]] = kept,
    ) -> None:
        self._unpack = unpack
        self._accepts = accepts
        self._guard = guard
        with guard():
            self._source = open_source(source)
        self.name = self._source.name
        self.origin = self._source.origin
        if not len(self):
            raise DataError(f"the data is empty: {self.name} has no samples, and there is nothing to look at")
        self.labels: np.ndarray | None = None
        self._numbered = False  # whether the classes are the labels seen so far
        self.labels = self._find_labels(self.batch([0]))
        self.classes = self._find_classes(classes)
        found_mean, found_std = self._source.normalisation
        self.mean = found_mean if mean is None else list(mean)
        self.std = found_std if std is None else list(std)

    def __len__(self) -> int:
        return self._source.length

    def batch(self, indices: Sequence[int]) -> Batch:
        """Read and collate samples.

        Raises:
            DataError: an index outside the data, or a batch whose inputs cannot be told from its labels.
        """
        numbers: list[int] = sample_indices(indices, len(self)).tolist()
        try:
            with self._guard():
                collated = self._source.read(numbers)
        except (RuntimeError, TypeError) as error:
            if len(numbers) == 1:
                raise
            raise DataError(
                f"samples {numbers[0]} to {numbers[-1]} of {self.name} cannot be put into one batch; are they of "
                f"different shapes? {type(error).__name__}: {error}"
            ) from error
        batch = self._split(collated) if self._unpack is None else self._unpacked(collated)
        if batch.labels is not None and len(batch.labels) != len(numbers):
            raise DataError(
                f"a batch of {len(numbers)} samples of {self.name} has {len(batch.labels)} labels: every sample needs "
                "one. If they are not class labels: unpack=lambda batch: ((batch[0],), {}, None)"
            )
        if batch.labels is not None and self.labels is not None:
            self.labels[numbers] = batch.labels.clamp(min=UNLABELLED).cpu().numpy()
            if self._numbered:
                self.classes = self.classes + numbered(len(self.classes), int(batch.labels.max()))
        return batch

    def _unpacked(self, collated: Any) -> Batch:
        made: Any = self._unpack(collated) if self._unpack is not None else None
        if isinstance(made, tuple) and len(made) == 3:  # noqa: PLR2004 - args, kwargs, labels
            args, kwargs, labels = made
            labels = as_labels(labels.tolist() if isinstance(labels, np.ndarray) else labels)
            if (
                isinstance(args, (tuple, list))
                and isinstance(kwargs, Mapping)
                and (made[2] is None) == (labels is None)
            ):
                return Batch(tuple(args), dict(kwargs), labels)
        given = [type(part).__name__ for part in made] if isinstance(made, tuple) else type(made).__name__
        raise DataError(
            "unpack returns (args, kwargs, labels): a tuple, a dict, and whole numbers or None, as in "
            f"lambda batch: ((batch[0],), {{}}, batch[1]); this one returned {given}"
        )

    def alike(self, source: Any) -> Data:
        """Read other samples, in any form that ``Data`` takes, in the same way; a Data is returned as it is.

        Raises:
            DataError: it cannot be read, or is the same data.
        """
        other = (
            source
            if isinstance(source, Data)
            else Data(
                source,
                classes=self.classes,
                mean=self.mean,
                std=self.std,
                unpack=self._unpack,
                accepts=self._accepts,
                guard=self._guard,
            )
        )
        if other.origin == self.origin:
            raise DataError(
                f"the training data is the data that is evaluated ({self.name}, {len(self):,} samples). Give samples "
                "that are not in it, or none: then a part of it is set aside"
            )
        return other

    def class_name(self, label: int) -> str | None:
        """Name a label, by its number if its class has no name; None for a negative one, which is not a label."""
        if label < 0:
            return None
        return self.classes[label] if label < len(self.classes) else str(label)

    @property
    def transform(self) -> Callable[[Any], Any] | None:
        """The dataset's own transform from a picture to an input; None without one."""
        return self._source.transform

    def _split(self, collated: Any) -> Batch:
        if isinstance(collated, Mapping):
            return self._split_mapping(collated)
        if isinstance(collated, Sequence) and not isinstance(collated, str):
            if not collated:
                raise DataError(f"a batch of {self.name} is an empty {type(collated).__name__}")
            inputs, *rest = collated
            labels = next((found for entry in rest if (found := as_labels(entry)) is not None), None)
            targets = None if labels is not None or not rest else rest[0] if len(rest) == 1 else rest
            if isinstance(inputs, Mapping):
                return self._split_mapping(inputs)._replace(labels=labels, targets=targets)
            # A tuple of images of different sizes (detection) is fed as the list that such models expect.
            return Batch((list(inputs) if isinstance(inputs, tuple) else inputs,), {}, labels, targets)
        return Batch((collated,), {}, None)

    def _split_mapping(self, collated: Mapping[str, Any]) -> Batch:
        key = next((name for name in _LABEL_KEYS if name in collated), None)
        labels = None if key is None else as_labels(collated[key])
        targets = None if key is None or labels is not None else collated[key]
        inputs = {name: value for name, value in collated.items() if name != key}
        known = {name: value for name, value in inputs.items() if name in self._accepts}
        if known:
            return Batch((), known, labels, targets)
        if len(inputs) == 1:
            return Batch((next(iter(inputs.values())),), {}, labels, targets)
        raise DataError(
            f"a batch of {self.name} is a dict with the keys {', '.join(map(repr, inputs))}, but the model's forward "
            f"takes {', '.join(sorted(self._accepts)) or 'unnamed arguments'}. "
            "Say which to feed: unpack=lambda batch: ((batch['...'],), {}, batch['label'])"
        )

    def _find_labels(self, first: Batch) -> np.ndarray | None:
        if first.labels is None:
            return None
        labels = np.full(len(self), UNLABELLED, np.int64)
        labels[0] = max(int(first.labels[0]), UNLABELLED)
        targets = listed(self._source.datasets)
        # A target_transform or a wrapper may relabel: what the dataset lists is taken if it agrees with what it gives.
        if targets is not None and len(targets) == len(self) and targets[0] == labels[0]:
            return targets if targets.max() >= 0 else None
        return labels

    def _find_classes(self, given: Sequence[str] | None) -> list[str]:
        if isinstance(given, int):
            raise DataError(f"classes={given} is a number; give a name for each label: ['cat', 'dog', ...]")
        if given is not None:
            return told_apart(given)
        for dataset in self._source.datasets:
            found = getattr(dataset, "classes", None)
            if isinstance(found, Sequence) and not isinstance(found, str):
                return told_apart(found)
        self._numbered = self.labels is not None
        return [] if self.labels is None else numbered(0, int(self.labels.max()))


def forward_parameters(forward: Callable[..., Any]) -> frozenset[str]:
    """List the parameter names of a model's forward; empty when they cannot be known."""
    try:
        return frozenset(inspect.signature(forward).parameters)
    except (TypeError, ValueError):
        return frozenset()
