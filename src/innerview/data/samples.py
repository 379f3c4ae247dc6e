"""Samples by index: what is fed to the model for them, and their labels."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from innerview.data.classes import named, names_of
from innerview.data.indices import sample_indices
from innerview.data.labelling import Labelling
from innerview.data.labels import Vocabulary, as_labels
from innerview.data.listed import listed_labels
from innerview.data.normalisation import normalisation_of, per_channel
from innerview.data.order import visiting_order
from innerview.data.parts import WHOLE, Parts, as_fed, by_name, find_parts, spelled
from innerview.data.source import open_source
from innerview.errors import DataError, InnerviewError
from innerview.model.outputs import tensors
from innerview.model.randomness import kept
from innerview.model.signature import Takes

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from contextlib import AbstractContextManager

    from torch import Tensor

_PROBES = 8  # samples by which labels are told from other numbers
_LONG = 0.5  # seconds of reading after which fewer will do


class Batch(NamedTuple):
    """The input of the model for some samples.

    Attributes:
        args: positional arguments.
        kwargs: keyword arguments.
        labels: int64 ``[N]`` as in the source, negative for a sample without one; None where no sample has one.
        targets: targets other than labels that came with the inputs: numbers to predict, masks; None without any.
        axis: the axis of the first input along which the samples are.
    """

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    labels: Tensor | None
    targets: Any = None
    axis: int = 0


class Data:
    """Samples by index, from any source.

    Args:
        source: a DataLoader, a map-style Dataset, an iterable one or an iterable of batches (the first 1,000 samples
            are kept), a tensor or array of inputs, inputs and labels in a tuple, or a dict of tensors as keyword
            arguments.
        classes: a name for each label, in order or as a dict; else what the dataset says; else the numbers.
        labels: the labels, one a sample, as numbers or names; or the part of a batch that holds them, by its position
            or name; None: found by name, position and meaning.
        mean, std: the normalisation of the inputs, one number or one a channel; else what the dataset's transform says.
        unpack: turns a collated batch into ``(args, kwargs, labels)`` where the rules here do not fit.
        takes: what the model's forward takes.
        guard: held whenever code of the user's is run to read samples.

    Attributes:
        name: a short name of the source, for people.
        origin: a value that two Data of the same samples share.

    Raises:
        DataError: no samples, labels of another length, or nothing that can be read by index.
    """

    def __init__(
        self,
        source: Any,
        *,
        classes: Any = None,
        labels: Any = None,
        mean: Any = None,
        std: Any = None,
        unpack: Callable[[Any], tuple[tuple[Any, ...], dict[str, Any], Tensor | None]] | None = None,
        takes: Takes | None = None,
        guard: Callable[[], AbstractContextManager[None]] = kept,
    ) -> None:
        self._unpack = unpack
        self._takes = Takes() if takes is None else takes
        self._guard = guard
        with guard():
            self._source = open_source(source)
        self.name = self._source.name
        self.origin = self._source.origin
        if not len(self):
            raise DataError(f"the data is empty: {self.name} has no samples, and there is nothing to look at")
        part = self._label_part = labels if isinstance(labels, (str, int)) and not isinstance(labels, bool) else None
        column = self._source.labels if labels is None or part is not None else labels
        self._parts: Parts | None = None
        self._axis = 0
        self._orders: dict[int, np.ndarray] = {}
        self._differ = False  # whether samples were found to differ in shape
        probes = self._probe()
        if unpack is None:
            self._parts = find_parts(self.name, probes, self._takes, part)
        key = None if self._parts is None else self._parts.label
        self._labelling = Labelling(
            len(self),
            column=column,
            seen=self._label_parts(probes),
            listed=listed_labels(self._source.dataset, key),
            given=None if classes is None else named(classes),
            told=names_of(self._source.dataset, key),
        )
        if self._parts is not None and self._labelling.labels is None and key is not None:
            self._parts = self._parts._replace(label=None, targets=(key, *self._parts.targets))
        if unpack is not None or not self._source.stacked:
            self._axis = self._find_axis()
        found_mean, found_std = normalisation_of(self._source.dataset)
        self.mean = per_channel(found_mean if mean is None else mean, "mean")
        self.std = per_channel(found_std if std is None else std, "std")

    def __len__(self) -> int:
        return self._source.length

    def batch(self, indices: Sequence[int]) -> Batch:
        """Read and collate samples.

        Raises:
            DataError: an index outside the data, or a batch whose inputs cannot be told from its labels.
        """
        numbers: list[int] = sample_indices(indices, len(self)).tolist()
        return self._split(self._read(numbers), numbers)

    def batches(self, indices: Sequence[int]) -> Iterator[tuple[range, Batch]]:
        """Read samples as one batch, or one by one where they differ in shape.

        Args:
            indices: N numbers, as for ``batch``.

        Yields:
            A range of positions in ``indices``, and the batch of the samples there.

        Raises:
            DataError: as ``batch``.
        """
        if not self._differ and len(indices):
            try:
                batch = self.batch(indices)
            except DataError:
                if len(indices) == 1:
                    raise
                self._differ = True
            else:
                yield range(len(indices)), batch
                return
        for place, index in enumerate(indices):
            yield range(place, place + 1), self.batch([index])

    @property
    def labels(self) -> np.ndarray | None:
        """int64 ``[N]``, -1 where a sample has no label, or it was not read yet; None when no sample has one.

        Any negative label in the source means that the sample has none.
        """
        return self._labelling.labels

    @property
    def classes(self) -> list[str]:
        """A name for each class, in order."""
        return self._labelling.classes

    @property
    def columns(self) -> range | None:
        """How many classes a model of these data may tell apart; None where nothing is known of it."""
        return self._labelling.columns

    @property
    def note(self) -> str:
        """What the reader should know of how the data were understood; empty when there is nothing."""
        parts = "" if self._parts is None else self._parts.note
        return "; ".join(filter(None, [self._source.note, parts, self._labelling.note]))

    @property
    def spelled(self) -> tuple[str, str]:
        """The first input and the labels of a batch, as ``unpack`` would write them."""
        if self._parts is None:
            return "batch[0]", "batch[1]"
        first = self._parts.args[0] if self._parts.args else self._parts.kwargs[0][1]
        return spelled(first), "None" if self._parts.label is None else spelled(self._parts.label)

    def order(self, seed: int = 0) -> np.ndarray:
        """The order, int64 ``[N]``, in which samples are visited: of any beginning of it the classes are in proportion.

        The same for the same seed, whatever is learnt of the labels later.
        """
        if seed not in self._orders:
            labels = self.labels if self._labelling.complete else None
            self._orders[seed] = visiting_order(len(self), labels, seed)
        return self._orders[seed]

    def settle(self, widths: Collection[int]) -> None:
        """Tell how many columns the model's outputs have: labels that count from 1 are known by it."""
        self._labelling.settle(widths)

    def _unpacked(self, collated: Any) -> tuple[tuple[Any, ...], dict[str, Any], Any]:
        made: Any = self._unpack(collated) if self._unpack is not None else None
        if isinstance(made, tuple) and len(made) == 3:  # noqa: PLR2004 - args, kwargs, labels
            args, kwargs, labels = made
            fits = labels is None or as_labels(labels, Vocabulary()) is not None
            if isinstance(args, (tuple, list)) and isinstance(kwargs, Mapping) and fits:
                return tuple(args), dict(kwargs), labels
        given = [type(part).__name__ for part in made] if isinstance(made, tuple) else type(made).__name__
        raise DataError(
            "unpack returns (args, kwargs, labels): a tuple, a dict, and class labels or None, as in "
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
                labels=self._label_part,
                mean=self.mean,
                std=self.std,
                unpack=self._unpack,
                takes=self._takes,
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

    def _read(self, numbers: list[int]) -> Any:
        try:
            with self._guard():
                return self._source.read(numbers)
        except InnerviewError:
            raise
        except Exception as error:
            if len(numbers) == 1:
                raise DataError(
                    f"sample {numbers[0]} of {self.name} cannot be read: {type(error).__name__}: {error}. Samples are "
                    "read in this process, one at a time or several in any order"
                ) from error
            if not isinstance(error, (RuntimeError, TypeError, ValueError)):
                raise
            raise DataError(
                f"samples {min(numbers)} to {max(numbers)} of {self.name} cannot be put into one batch; are they of "
                f"different shapes? {type(error).__name__}: {error}"
            ) from error

    def _split(self, collated: Any, numbers: list[int]) -> Batch:
        if self._parts is None:
            args, kwargs, part = self._unpacked(collated)
            return Batch(args, kwargs, self._labelling.of_batch(numbers, part), axis=self._axis)
        parts = by_name(collated, self._takes)
        given = [collated if key is WHOLE else parts[key] for key in self._parts.args]
        labels = self._labelling.of_batch(numbers, parts.get(self._parts.label))
        targets = [parts[key] for key in self._parts.targets if key in parts]
        return Batch(
            tuple(as_fed(value) for value in given),
            {name: as_fed(parts[key]) for name, key in self._parts.kwargs if key in parts},
            labels,
            None if labels is not None or not targets else targets[0] if len(targets) == 1 else targets,
            self._axis,
        )

    def _label_parts(self, probes: list[tuple[int, Any]]) -> dict[int, Any]:
        if self._parts is None:
            found = {number: self._unpacked(batch)[2] for number, batch in probes}
        elif self._parts.label is None:
            return {}
        else:
            found = {number: by_name(batch, self._takes)[self._parts.label] for number, batch in probes}
        return {number: part for number, part in found.items() if part is not None}

    def _probe(self) -> list[tuple[int, Any]]:
        """Some samples, each collated alone: the first, the last, and others between them."""
        total = len(self)
        others = np.random.default_rng(0).permutation(np.arange(1, total))[: _PROBES - 2].tolist() if total > 1 else []
        begun = time.perf_counter()
        probes: list[tuple[int, Any]] = []
        for number in dict.fromkeys([0, total - 1, *others]):
            if self._unpack is not None and probes:
                break
            probes.append((number, self._read([number])))
            if len(probes) >= 3 and time.perf_counter() - begun > _LONG:  # noqa: PLR2004 - one proves nothing
                break
        return probes

    def _find_axis(self) -> int:
        """The axis of the samples in the first input: the one whose length follows their number."""
        try:
            shapes = [
                next((t.shape for _, t in tensors((b.args, b.kwargs)) if t.ndim), None)
                for b in (self._split(self._read([0] * count), [0] * count) for count in (2, 3))
            ]
        except InnerviewError:
            return 0
        if shapes[0] is None or shapes[1] is None or len(shapes[0]) != len(shapes[1]):
            return 0
        lengths = zip(shapes[0], shapes[1], strict=True)
        return next((axis for axis, pair in enumerate(lengths) if pair == (2, 3)), 0)
