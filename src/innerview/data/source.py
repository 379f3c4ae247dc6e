"""The source of samples: a DataLoader, a Dataset or tensors, read by index."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils._pytree import tree_flatten, tree_unflatten
from torch.utils.data import (
    DataLoader,
    Dataset,
    IterableDataset,
    Subset,
    TensorDataset,
    default_collate,
    default_convert,
)

from innerview.data.forms import as_names, as_tensor, with_tensors
from innerview.data.loaders import as_in_a_worker, chosen_dataset, in_bulk, without_workers
from innerview.data.wrapped import inside
from innerview.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_STREAM_LIMIT = 1000  # samples kept of data that can only be read once, front to back


class Source(NamedTuple):
    """Samples before anything is known of their inputs and labels.

    Attributes:
        read: gives the collated samples of some indices.
        length: number of samples.
        dataset: what the samples are of: the outermost dataset, or the tensors themselves.
        labels: names or numbers of classes, one a sample, that stand beside the inputs in no batch; None without any.
        note: a sentence where these are not just the samples of the data as it was given; empty else.
        stacked: whether the samples are stacked along the first axis of each tensor.
    """

    read: Callable[[list[int]], Any]
    length: int
    dataset: Any
    labels: Any = None
    note: str = ""
    stacked: bool = True

    @property
    def innermost(self) -> Any:
        """The dataset inside all that wrap it."""
        innermost = self.dataset
        while (inner := inside(innermost)) is not None:
            innermost = inner
        return innermost

    @property
    def name(self) -> str:
        """A short name, for people."""
        innermost = self.innermost
        if isinstance(innermost, (Tensor, np.ndarray, Mapping, tuple)) or hasattr(innermost, "to_numpy"):
            return "tensors"
        name = type(innermost).__name__
        train = getattr(innermost, "train", None)
        return f"{name} {'train' if train else 'test'}" if isinstance(train, bool) else name

    @property
    def origin(self) -> object:
        """A value that two sources of the same samples share: the address of their tensor, or the object's id."""
        return _origin(self.dataset)

    @property
    def transform(self) -> Callable[[Any], Any] | None:
        """The outermost transform from a picture to an input; None without one."""
        dataset = self.dataset
        while dataset is not None:
            if callable(transform := getattr(dataset, "transform", None)):
                return transform
            dataset = inside(dataset)
        return None


def open_source(source: Any) -> Source:  # noqa: PLR0911 - one return a kind
    """Find out how samples are read.

    Args:
        source: a DataLoader, a Dataset of either kind, an iterable of batches, a tensor or array, inputs and labels in
            a tuple, or a dict of tensors. Of data that can only be read front to back the first 1,000 samples are kept.

    Raises:
        DataError: it is anything else, or its parts differ in length.
    """
    if isinstance(source, DataLoader):
        return _of_loader(source)
    if isinstance(source, IterableDataset):
        return _stream(([with_tensors(sample)] for sample in source), source)
    if isinstance(source, Mapping):
        tensors = {name: _tensor(name, value) for name, value in source.items()}
        length = _common_length({name: len(value) for name, value in tensors.items()})
        return Source(lambda indices: {n: _rows(t, indices) for n, t in tensors.items()}, length, source)
    if isinstance(source, tuple) or (isinstance(source, list) and _is_columns(source)):
        return _of_columns(tuple(source))
    if not hasattr(source, "__getitem__") or not isinstance(source, Iterable) or _is_column(source):
        tensor = as_tensor(source)
        if tensor is not None and tensor.ndim:
            return Source(lambda indices: tensor[indices], len(tensor), source)
    if hasattr(source, "__getitem__") and hasattr(source, "__len__") and not isinstance(source, (str, bytes)):
        return Source(*_indexed(source, None), source)
    if isinstance(source, Iterable) and not isinstance(source, (str, bytes)):
        dataset = getattr(source, "dataset", source)
        return _stream(_uncollate(source), dataset)
    raise DataError(
        f"this data cannot be read: {type(source).__name__} is not a DataLoader, Dataset, tensor, "
        "(inputs, labels) pair or dict of tensors"
    )


def _of_loader(loader: DataLoader) -> Source:
    surroundings: Callable[[], Any] = nullcontext
    dataset: Any = loader.dataset
    if loader.num_workers:
        dataset, surroundings = as_in_a_worker(loader)
    if isinstance(dataset, IterableDataset) or not hasattr(dataset, "__getitem__"):
        with surroundings():
            return _stream(_uncollate(without_workers(loader, dataset)), dataset)
    if loader.batch_size is None and loader.batch_sampler is None and not in_bulk(loader):
        with surroundings():
            return _stream(_uncollate(loader), dataset)
    part, note = chosen_dataset(loader, dataset)
    collate = None if loader.collate_fn in (default_collate, None) else loader.collate_fn
    if in_bulk(loader):
        keys = part.indices if isinstance(part, Subset) else range(len(part))
        convert = collate or default_convert

        def read_bulk(indices: list[int]) -> Any:
            with surroundings():
                return convert(dataset[[keys[index] for index in indices]])

        return Source(read_bulk, len(keys), part, note=note)
    read, length = _indexed(part, collate)

    def read_there(indices: list[int]) -> Any:
        with surroundings():
            return read(indices)

    return Source(read_there if loader.num_workers else read, length, part, note=note, stacked=collate is None)


def _of_columns(columns: tuple[Any, ...]) -> Source:
    """Inputs, one tensor or several, and labels beside them; the last may be names."""
    names = as_names(columns[-1]) if len(columns) > 1 else None
    numbers = [as_tensor(column) for column in (columns if names is None else columns[:-1])]
    if not numbers or any(column is None or not column.ndim for column in numbers):
        wrong = ", ".join(type(column).__name__ for column in columns)
        raise DataError(
            f"this data cannot be read: a tuple of {wrong or 'nothing'}; give a DataLoader, a Dataset, "
            "(inputs, labels) as tensors or arrays of one row a sample, or a dict of tensors"
        )
    tensors: list[Tensor] = [column for column in numbers if column is not None]
    if len(tensors) == 2 and names is None:  # noqa: PLR2004 - a pair
        lengths = {"inputs": len(tensors[0]), "labels": len(tensors[1])}
    else:
        lengths = {f"rows in part {place}": len(tensor) for place, tensor in enumerate(tensors)}
    if names is not None:
        lengths["labels"] = len(names)
    length = _common_length(lengths)
    dataset = TensorDataset(*tensors)
    return Source(*_indexed(dataset, None), dataset, labels=names)._replace(length=length)


def _is_columns(source: list[Any]) -> bool:
    """Tell ``[inputs, labels]`` from a list of samples."""
    return len(source) == 2 and isinstance(source[0], (Tensor, np.ndarray)) and not isinstance(source[1], tuple)  # noqa: PLR2004 - a pair


def _is_column(source: Any) -> bool:
    return isinstance(source, (Tensor, np.ndarray)) or hasattr(source, "to_numpy")


def _tensor(name: Any, value: Any) -> Any:
    found = as_tensor(value)
    if found is None:
        found = as_names(value)
    if isinstance(value, (Dataset, DataLoader)) or hasattr(value, "features"):  # Hugging Face's are no Dataset
        raise DataError(f"this is a dict of datasets: give one of them, data[{name!r}]")
    if found is None or (isinstance(found, Tensor) and not found.ndim):
        raise DataError(
            f"this dict's {name!r} is not a tensor but {type(value).__name__}: give a dict of tensors "
            "or a pair (inputs, labels)"
        )
    return found


def _rows(column: Any, indices: list[int]) -> Any:
    return column[indices] if isinstance(column, Tensor) else [column[index] for index in indices]


def _indexed(dataset: Any, collate: Callable[[list[Any]], Any] | None) -> tuple[Callable[[list[int]], Any], int]:
    """How to read a dataset, collated as torch does unless told otherwise, and its length."""
    if collate is None and isinstance(dataset, TensorDataset):
        # Indexing whole tensors gives what collating its samples gives, many times faster.
        return lambda indices: tuple(t[indices] for t in dataset.tensors), len(dataset)
    # A DataLoader asks for many samples at once, too, where a dataset can give them.
    many = getattr(dataset, "__getitems__", None)

    def read(indices: list[int]) -> Any:
        samples: Any = many(indices) if callable(many) else [dataset[index] for index in indices]
        return collated(samples) if collate is None else collate(samples)

    return read, len(dataset)


def collated(samples: list[Any]) -> Any:
    """Collate samples as torch does by default; lists of numbers in them count as tensors.

    Raises:
        DataError: a sample holds something that is not numbers, such as a PIL image; says how to turn it into numbers.
    """
    try:
        return default_collate([with_tensors(sample) for sample in samples])
    except TypeError as error:
        kinds = {type(leaf) for sample in samples for leaf in tree_flatten(sample)[0]}
        pictures = sorted(kind.__name__ for kind in kinds if kind.__module__.startswith("PIL."))
        if pictures:
            raise DataError(
                f"the samples hold pictures ({pictures[0]}), not tensors: the dataset lacks a transform, such as "
                "transform=torchvision.transforms.ToTensor(); for a Hugging Face dataset, dataset.with_transform(...)"
            ) from error
        others = sorted(
            kind.__name__ for kind in kinds if kind.__module__.partition(".")[0] not in ("builtins", "torch")
        )
        if others:
            raise DataError(
                f"the samples hold objects of the type {others[0]}, which PyTorch cannot put into one batch: give the "
                "DataLoader that the model is trained with, whose collate function can"
            ) from error
        raise


def _stream(chunks: Iterable[list[Any]], dataset: Any) -> Source:
    """Keep the first samples of what can only be read front to back."""
    flat = chain.from_iterable(chunks)
    samples = list(islice(flat, _STREAM_LIMIT))
    more = len(samples) == _STREAM_LIMIT and next(flat, None) is not None
    note = f"the first {_STREAM_LIMIT:,} samples of data that can only be read from front to back" if more else ""
    return Source(lambda indices: collated([samples[index] for index in indices]), len(samples), dataset, note=note)


def _uncollate(batches: Iterable[Any]) -> Iterator[list[Any]]:
    for batch in batches:
        leaves, spec = tree_flatten(batch, is_leaf=_is_text)
        leaves = [torch.from_numpy(leaf) if isinstance(leaf, np.ndarray) else leaf for leaf in leaves]
        size = next((len(leaf) for leaf in leaves if isinstance(leaf, Tensor) and leaf.ndim), 0)
        # Anything but a tensor and a list of text is left as it is: it is not fed to the model.
        many = [
            (isinstance(leaf, Tensor) and leaf.ndim > 0) or (_is_text(leaf) and len(leaf) == size) for leaf in leaves
        ]
        for i in range(size):
            yield [tree_unflatten([leaf[i] if m else leaf for leaf, m in zip(leaves, many, strict=True)], spec)]


def _is_text(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and as_names(value) is not None


def _origin(dataset: Any) -> object:
    if isinstance(dataset, Subset):
        return _origin(dataset.dataset), hash(tuple(dataset.indices))
    tensor = dataset.tensors[0] if isinstance(dataset, TensorDataset) else dataset
    tensor = as_tensor(tensor) if isinstance(tensor, np.ndarray) else tensor
    return (tensor.data_ptr(), tensor.shape) if isinstance(tensor, Tensor) else id(dataset)


def _common_length(lengths: dict[str, int]) -> int:
    if len(set(lengths.values())) > 1:
        given = ", ".join(f"{count:,} {name}" for name, count in lengths.items())
        raise DataError(f"the data has {given}: every sample needs one of each")
    return next(iter(lengths.values()), 0)
