"""A DataLoader, a Dataset or tensors, as samples that can be asked for by index."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils._pytree import tree_flatten, tree_unflatten
from torch.utils.data import DataLoader, IterableDataset, TensorDataset, default_collate

from innerview.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_STREAM_LIMIT = 1000  # samples kept of data that can only be read once, front to back
_MOST_CLASSES = 100_000  # without names
UNLABELLED = -1
_LABEL_KEYS = ("labels", "label", "targets", "target", "y")
_WRAPPERS = ("dataset", "_dataset")  # Subset, random_split, Hugging Face and many others keep the wrapped one here


class Batch(NamedTuple):
    """What is fed to the model for some samples.

    Attributes:
        args: positional arguments.
        kwargs: keyword arguments.
        labels: int64 ``[N]``, or None.
        beside: what came beside the inputs where it is no labels: numbers to predict, masks; None where nothing did.
    """

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    labels: Tensor | None
    beside: Any = None


class Data:
    """Samples by index, from any source.

    Args:
        source: a DataLoader, a map-style Dataset, an iterable one (its first 1,000 samples are kept), a tensor or
            array of inputs, a pair ``(inputs, labels)``, or a dict of tensors as keyword arguments.
        classes: a name for each label; else what the dataset says; else the numbers.
        mean, std: the normalisation of the inputs, per channel; else what the dataset's transform says.
        unpack: turns a collated batch into ``(args, kwargs, labels)`` where the rules here do not fit.
        accepts: the parameter names of the model's forward, to decide which entries of a dict are fed to it.

    Attributes:
        name: a short name of the source, for people.
        origin: equal for two of the same samples.
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
    ) -> None:
        self._unpack = unpack
        self._accepts = accepts
        self._read, self._length, self._chain = _reader(source)
        self.name = _name(self._chain)
        self.origin = _origin(self._chain[0])
        if self._length == 0:
            raise DataError(f"the data is empty: {self.name} has no samples, and there is nothing to look at")
        self.labels: np.ndarray | None = None
        self._numbered = False  # whether the classes are the labels seen so far
        self.labels = self._find_labels(self.batch([0]))
        self.classes = self._find_classes(classes)
        found_mean, found_std = _normalisation(self._chain)
        self.mean = found_mean if mean is None else list(mean)
        self.std = found_std if std is None else list(std)

    def __len__(self) -> int:
        return self._length

    def batch(self, indices: Sequence[int]) -> Batch:
        """Read and collate samples.

        Args:
            indices: N numbers from 0 to ``len(self) - 1``.

        Raises:
            DataError: an index outside the data, or a batch whose inputs cannot be told from its labels.
        """
        for index in indices:
            if not 0 <= index < self._length:
                raise DataError(f"there is no sample {index}: {self.name} has samples 0 to {self._length - 1}")
        try:
            collated = self._read(indices)
        except (RuntimeError, TypeError) as error:
            if len(indices) == 1:
                raise
            raise DataError(
                f"samples {indices[0]} to {indices[-1]} of {self.name} cannot be put into one batch; are they of "
                f"different shapes? {type(error).__name__}: {error}"
            ) from error
        batch = self._split(collated) if self._unpack is None else self._unpacked(collated)
        if batch.labels is not None and len(batch.labels) != len(indices):
            raise DataError(
                f"a batch of {len(indices)} samples of {self.name} has {len(batch.labels)} labels: every sample needs "
                "one. Where they are no class labels: unpack=lambda batch: ((batch[0],), {}, None)"
            )
        if batch.labels is not None and self.labels is not None:
            self.labels[list(indices)] = batch.labels.clamp(min=UNLABELLED).cpu().numpy()
            if self._numbered:
                self.classes = self.classes + _numbers(len(self.classes), int(batch.labels.max()))
        return batch

    def _unpacked(self, collated: Any) -> Batch:
        made: Any = self._unpack(collated) if self._unpack is not None else None
        if isinstance(made, tuple) and len(made) == 3:  # noqa: PLR2004 - args, kwargs, labels
            args, kwargs, labels = made
            labels = _as_labels(labels.tolist() if isinstance(labels, np.ndarray) else labels)
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
        """Other samples that are read in the same way.

        Args:
            source: in any form that ``Data`` takes; a Data is returned as it is.

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
            )
        )
        if other.origin == self.origin:
            raise DataError(
                f"the training data is the data that is evaluated ({self.name}, {len(self):,} samples). Give samples "
                "that are not in it, or none: then a part of it is set aside"
            )
        return other

    def class_name(self, label: int) -> str | None:
        """The name of a label: its number where it has none, and None for a negative one, which is no label."""
        if label < 0:
            return None
        return self.classes[label] if label < len(self.classes) else str(label)

    @property
    def transform(self) -> Callable[[Any], Any] | None:
        """The dataset's own transform from a picture to an input, if it has one."""
        for dataset in self._chain:
            transform = getattr(dataset, "transform", None)
            if callable(transform):
                return transform
        return None

    def _split(self, collated: Any) -> Batch:
        if isinstance(collated, Mapping):
            return self._split_mapping(collated)
        if isinstance(collated, Sequence) and not isinstance(collated, str):
            if not collated:
                raise DataError(f"a batch of {self.name} is an empty {type(collated).__name__}")
            inputs, *rest = collated
            labels = next((found for entry in rest if (found := _as_labels(entry)) is not None), None)
            beside = None if labels is not None or not rest else rest[0] if len(rest) == 1 else rest
            if isinstance(inputs, Mapping):
                return self._split_mapping(inputs)._replace(labels=labels, beside=beside)
            # A tuple of images of different sizes (detection) is fed as the list that such models expect.
            return Batch((list(inputs) if isinstance(inputs, tuple) else inputs,), {}, labels, beside)
        return Batch((collated,), {}, None)

    def _split_mapping(self, collated: Mapping[str, Any]) -> Batch:
        key = next((name for name in _LABEL_KEYS if name in collated), None)
        labels = None if key is None else _as_labels(collated[key])
        beside = None if key is None or labels is not None else collated[key]
        inputs = {name: value for name, value in collated.items() if name != key}
        known = {name: value for name, value in inputs.items() if name in self._accepts}
        if known:
            return Batch((), known, labels, beside)
        if len(inputs) == 1:
            return Batch((next(iter(inputs.values())),), {}, labels, beside)
        raise DataError(
            f"a batch of {self.name} is a dict with the keys {', '.join(map(repr, inputs))}, but the model's forward "
            f"takes {', '.join(sorted(self._accepts)) or 'unnamed arguments'}. "
            "Say which to feed: unpack=lambda batch: ((batch['...'],), {}, batch['label'])"
        )

    def _find_labels(self, first: Batch) -> np.ndarray | None:
        if first.labels is None:
            return None
        labels = np.full(self._length, UNLABELLED, np.int64)
        labels[0] = max(int(first.labels[0]), UNLABELLED)
        targets = _targets(self._chain)
        # A target_transform or a wrapper may relabel: what the dataset lists is taken if it agrees with what it gives.
        if targets is not None and len(targets) == self._length and targets[0] == labels[0]:
            return targets if targets.max() >= 0 else None
        return labels

    def _find_classes(self, given: Sequence[str] | None) -> list[str]:
        if isinstance(given, int):
            raise DataError(f"classes={given} is a number; a name for each label is asked for: ['cat', 'dog', ...]")
        if given is not None:
            return _told_apart(given)
        for dataset in self._chain:
            found = getattr(dataset, "classes", None)
            if isinstance(found, Sequence) and not isinstance(found, str):
                return _told_apart(found)
        self._numbered = self.labels is not None
        return [] if self.labels is None else _numbers(0, int(self.labels.max()))


def _told_apart(names: Iterable[Any]) -> list[str]:
    """Names of classes, with their numbers where two have the same: ImageNet has two cranes and two maillots."""
    given = [str(name) for name in names]
    counts = Counter(given)
    return [name if counts[name] == 1 else f"{name} ({number})" for number, name in enumerate(given)]


def _numbers(start: int, last: int) -> list[str]:
    # Far larger whole numbers are no classes but amounts, years or identities.
    return [str(label) for label in range(start, last + 1)] if last < _MOST_CLASSES else []


def forward_parameters(forward: Callable[..., Any]) -> frozenset[str]:
    """The names that a model's forward takes; empty when they cannot be known."""
    try:
        return frozenset(inspect.signature(forward).parameters)
    except (TypeError, ValueError):
        return frozenset()


def _reader(  # noqa: PLR0911 - one return a kind of source
    source: Any,
) -> tuple[Callable[[Sequence[int]], Any], int, list[Any]]:
    """How to read samples by index, how many there are, and the datasets from the outermost to the innermost."""
    if isinstance(source, DataLoader):
        dataset = source.dataset
        if isinstance(dataset, IterableDataset) or not hasattr(dataset, "__getitem__"):
            # Iterating draws a seed from the global generator; the caller's random numbers stay what they were.
            with torch.random.fork_rng(devices=[]):
                return *_stream(_uncollate(source)), _chain(dataset)
        collate = source.collate_fn or default_collate
        return *_indexed(dataset, collate), _chain(dataset)
    if isinstance(source, (Tensor, np.ndarray)):
        tensor = torch.as_tensor(source)
        return lambda indices: tensor[list(indices)], len(tensor) if tensor.ndim else 0, [source]
    if isinstance(source, Mapping):
        tensors = {name: _tensor(name, value) for name, value in source.items()}
        length = _common_length({name: len(value) for name, value in tensors.items()})
        return lambda indices: {n: t[list(indices)] for n, t in tensors.items()}, length, [source]
    if isinstance(source, (tuple, list)) and len(source) == 2 and isinstance(source[0], (Tensor, np.ndarray)):  # noqa: PLR2004 - a pair
        inputs, labels = torch.as_tensor(source[0]), torch.as_tensor(source[1])
        _common_length({"inputs": len(inputs), "labels": len(labels)})
        return _reader(TensorDataset(inputs, labels))
    if isinstance(source, IterableDataset):
        return *_stream([sample] for sample in source), _chain(source)
    if hasattr(source, "__getitem__") and hasattr(source, "__len__") and not isinstance(source, str):
        return *_indexed(source, default_collate), _chain(source)
    raise DataError(
        f"this data cannot be read: {type(source).__name__} is no DataLoader, Dataset, tensor, "
        "(inputs, labels) pair or dict of tensors"
    )


def _tensor(name: Any, value: Any) -> Tensor:
    try:
        return torch.as_tensor(value)
    except (RuntimeError, TypeError, ValueError) as error:
        raise DataError(
            f"this dict's {name!r} is no tensor, but {type(value).__name__}: give a dict of tensors "
            "or a pair (inputs, labels)"
        ) from error


def _indexed(dataset: Any, collate: Callable[[list[Any]], Any]) -> tuple[Callable[[Sequence[int]], Any], int]:
    if isinstance(dataset, TensorDataset) and collate is default_collate:
        # Indexing whole tensors gives what collating its samples gives, many times faster.
        return lambda indices: tuple(t[list(indices)] for t in dataset.tensors), len(dataset)
    return lambda indices: collate([dataset[index] for index in indices]), len(dataset)


def _stream(chunks: Iterable[list[Any]]) -> tuple[Callable[[Sequence[int]], Any], int]:
    samples: list[Any] = []
    for chunk in chunks:
        samples.extend(islice(chunk, _STREAM_LIMIT - len(samples)))
        if len(samples) >= _STREAM_LIMIT:
            break
    return lambda indices: default_collate([samples[index] for index in indices]), len(samples)


def _uncollate(loader: DataLoader) -> Iterator[list[Any]]:
    for batch in loader:
        leaves, spec = tree_flatten(batch)
        size = next((len(leaf) for leaf in leaves if isinstance(leaf, Tensor) and leaf.ndim), 0)
        yield [
            # What is no tensor, such as a list of file names, is left as it is: it is not fed to the model.
            tree_unflatten([leaf[i] if isinstance(leaf, Tensor) and leaf.ndim else leaf for leaf in leaves], spec)
            for i in range(size)
        ]


def _chain(dataset: Any) -> list[Any]:
    chain = [dataset]
    while True:
        inner = next((getattr(chain[-1], name) for name in _WRAPPERS if hasattr(chain[-1], name)), None)
        if inner is None or any(inner is seen for seen in chain):
            return chain
        chain.append(inner)


def _name(chain: list[Any]) -> str:
    innermost = chain[-1]
    if isinstance(innermost, (Tensor, np.ndarray, Mapping)):
        return "tensors"
    name = type(innermost).__name__
    train = getattr(innermost, "train", None)
    return f"{name} {'train' if train else 'test'}" if isinstance(train, bool) else name


def _common_length(lengths: dict[str, int]) -> int:
    if len(set(lengths.values())) > 1:
        given = ", ".join(f"{count:,} {name}" for name, count in lengths.items())
        raise DataError(f"the data has {given}: every sample needs one of each")
    return next(iter(lengths.values()), 0)


def _as_labels(values: Any) -> Tensor | None:
    """Class labels are whole numbers, one a sample; boxes, masks and regression targets are not."""
    if isinstance(values, (list, tuple)) and values and all(isinstance(value, int) for value in values):
        values = torch.tensor(values)
    if not isinstance(values, Tensor) or values.is_floating_point() or values.is_complex():
        return None
    return values.reshape(-1).long() if values.ndim == 1 or (values.ndim == 2 and values.shape[1] == 1) else None  # noqa: PLR2004 - [N, 1]


def _origin(dataset: Any) -> object:
    """What makes two datasets the same: where their tensor lies, or which object they are."""
    tensor = dataset.tensors[0] if isinstance(dataset, TensorDataset) else dataset
    tensor = torch.as_tensor(tensor) if isinstance(tensor, np.ndarray) else tensor
    return (tensor.data_ptr(), tensor.shape) if isinstance(tensor, Tensor) else id(dataset)


def _targets(chain: list[Any]) -> np.ndarray | None:
    """All labels without reading a sample, from the innermost dataset outwards through the subsets."""
    if any(getattr(dataset, "target_transform", None) is not None for dataset in chain):
        return None
    innermost = chain[-1]
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
    for dataset in reversed(chain[:-1]):
        indices = getattr(dataset, "indices", None)
        if indices is None:
            return None
        labels = labels[np.asarray(indices)]
    return labels.astype(np.int64).clip(min=UNLABELLED)


def _normalisation(chain: list[Any]) -> tuple[list[float] | None, list[float] | None]:
    for dataset in chain:
        step = getattr(dataset, "transform", None)
        candidates: list[Any] = [step, *getattr(step, "transforms", ())]
        for candidate in candidates:
            if type(candidate).__name__ == "Normalize" and hasattr(candidate, "mean") and hasattr(candidate, "std"):
                return list(candidate.mean), list(candidate.std)
    return None, None
