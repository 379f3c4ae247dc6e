"""The source of samples: a DataLoader, a Dataset or tensors, read by index."""

from __future__ import annotations

from collections.abc import Mapping
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
_WRAPPERS = ("dataset", "_dataset")  # Subset, random_split, Hugging Face and many others keep the wrapped one here


class Source(NamedTuple):
    """Samples before anything is known of their inputs and labels.

    Attributes:
        read: gives the collated samples of some indices.
        length: number of samples.
        datasets: from the outermost to the innermost; the tensors themselves where there is no dataset.
    """

    read: Callable[[list[int]], Any]
    length: int
    datasets: list[Any]

    @property
    def name(self) -> str:
        """A short name, for people."""
        innermost = self.datasets[-1]
        if isinstance(innermost, (Tensor, np.ndarray, Mapping)):
            return "tensors"
        name = type(innermost).__name__
        train = getattr(innermost, "train", None)
        return f"{name} {'train' if train else 'test'}" if isinstance(train, bool) else name

    @property
    def origin(self) -> object:
        """A value that two sources of the same samples share: the address of their tensor, or the object's id."""
        dataset = self.datasets[0]
        tensor = dataset.tensors[0] if isinstance(dataset, TensorDataset) else dataset
        tensor = torch.as_tensor(tensor) if isinstance(tensor, np.ndarray) else tensor
        return (tensor.data_ptr(), tensor.shape) if isinstance(tensor, Tensor) else id(dataset)

    @property
    def transform(self) -> Callable[[Any], Any] | None:
        """The outermost transform from a picture to an input; None without one."""
        found = (getattr(dataset, "transform", None) for dataset in self.datasets)
        return next((transform for transform in found if callable(transform)), None)

    @property
    def normalisation(self) -> tuple[list[float] | None, list[float] | None]:
        """Mean and standard deviation per channel of the transform's ``Normalize``; None without one."""
        for dataset in self.datasets:
            step = getattr(dataset, "transform", None)
            candidates: list[Any] = [step, *getattr(step, "transforms", ())]
            for candidate in candidates:
                if type(candidate).__name__ == "Normalize" and hasattr(candidate, "mean") and hasattr(candidate, "std"):
                    return list(candidate.mean), list(candidate.std)
        return None, None


def open_source(source: Any) -> Source:  # noqa: PLR0911 - one return a kind of source
    """Find out how samples are read; ``source`` is as for ``Data``.

    Raises:
        DataError: it is anything else, or its parts differ in length.
    """
    if isinstance(source, DataLoader):
        dataset = source.dataset
        if isinstance(dataset, IterableDataset) or not hasattr(dataset, "__getitem__"):
            # Iterating draws a seed from the global generator; the caller's random numbers stay what they were.
            with torch.random.fork_rng(devices=[]):
                return Source(*_stream(_uncollate(source)), _chain(dataset))
        collate = source.collate_fn or default_collate
        return Source(*_indexed(dataset, collate), _chain(dataset))
    if isinstance(source, (Tensor, np.ndarray)):
        tensor = torch.as_tensor(source)
        return Source(lambda indices: tensor[indices], len(tensor) if tensor.ndim else 0, [source])
    if isinstance(source, Mapping):
        tensors = {name: _tensor(name, value) for name, value in source.items()}
        length = _common_length({name: len(value) for name, value in tensors.items()})
        return Source(lambda indices: {n: t[indices] for n, t in tensors.items()}, length, [source])
    if isinstance(source, (tuple, list)) and len(source) == 2 and isinstance(source[0], (Tensor, np.ndarray)):  # noqa: PLR2004 - a pair
        inputs, labels = torch.as_tensor(source[0]), torch.as_tensor(source[1])
        _common_length({"inputs": len(inputs), "labels": len(labels)})
        return open_source(TensorDataset(inputs, labels))
    if isinstance(source, IterableDataset):
        return Source(*_stream([sample] for sample in source), _chain(source))
    if hasattr(source, "__getitem__") and hasattr(source, "__len__") and not isinstance(source, str):
        return Source(*_indexed(source, default_collate), _chain(source))
    raise DataError(
        f"this data cannot be read: {type(source).__name__} is not a DataLoader, Dataset, tensor, "
        "(inputs, labels) pair or dict of tensors"
    )


def _tensor(name: Any, value: Any) -> Tensor:
    try:
        return torch.as_tensor(value)
    except (RuntimeError, TypeError, ValueError) as error:
        raise DataError(
            f"this dict's {name!r} is not a tensor but {type(value).__name__}: give a dict of tensors "
            "or a pair (inputs, labels)"
        ) from error


def _indexed(dataset: Any, collate: Callable[[list[Any]], Any]) -> tuple[Callable[[list[int]], Any], int]:
    if isinstance(dataset, TensorDataset) and collate is default_collate:
        # Indexing whole tensors gives what collating its samples gives, many times faster.
        return lambda indices: tuple(t[indices] for t in dataset.tensors), len(dataset)
    return lambda indices: collate([dataset[index] for index in indices]), len(dataset)


def _stream(chunks: Iterable[list[Any]]) -> tuple[Callable[[list[int]], Any], int]:
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
            # Anything but a tensor, such as a list of file names, is left as it is: it is not fed to the model.
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


def _common_length(lengths: dict[str, int]) -> int:
    if len(set(lengths.values())) > 1:
        given = ", ".join(f"{count:,} {name}" for name, count in lengths.items())
        raise DataError(f"the data has {given}: every sample needs one of each")
    return next(iter(lengths.values()), 0)
